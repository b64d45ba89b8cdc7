package server

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
	"github.com/cocoonhq/cocoon/internal/store/disk"
	"github.com/cocoonhq/cocoon/internal/testpack"
)

// noModels is a library without files.
type noModels struct{ root string }

func (noModels) Folders() []string { return []string{"checkpoints", "configs"} }
func (noModels) List(folder string) ([]string, bool) {
	return []string{"m.safetensors"}, folder == "checkpoints"
}
func (noModels) Metadata(string, string) (map[string]string, bool) { return nil, false }
func (noModels) Describe(string) (any, error)                      { return nil, nil }
func (m noModels) Roots(string) []string                           { return []string{m.root} }
func (noModels) Extensions(string) []string                        { return nil }

// site is a whole server over a real engine, on loopback.
type site struct {
	*Server
	url   string
	base  string
	files *disk.Store
	logs  *Logs
	http  *httptest.Server
}

// whole starts a site; change alters its Config.
func whole(t testing.TB, change func(*Config)) *site {
	t.Helper()
	base := t.TempDir()
	dir := func(n string) string { return filepath.Join(base, n) }
	files, err := disk.Open(disk.Dirs{Input: dir("input"), Output: dir("output"), Temp: dir("temp"), User: dir("user")})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"secret.txt": "secret", "models/m.safetensors": "x"} {
		if err := os.MkdirAll(filepath.Dir(dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	reg, err := node.NewRegistry(testpack.Golden()...)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	hub, logs := NewHub(), &Logs{}
	eng, err := engine.New(engine.Config{Registry: reg, Store: store, Bus: hub})
	if err != nil {
		t.Fatal(err)
	}
	log := zerolog.New(zerolog.ConsoleWriter{Out: logs, NoColor: true}).Level(zerolog.DebugLevel)
	if err := eng.Start(log.WithContext(context.WithoutCancel(t.Context()))); err != nil {
		t.Fatal(err)
	}
	pack := fstest.MapFS{"web/a.js": {Data: []byte("1")}}
	c := Config{Engine: eng, Registry: reg, Hub: hub, Files: files, Models: noModels{dir("models")}, Logs: logs,
		Web: Static(fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}}), Packs: []Pack{{"p", fs.FS(pack)}}, Version: "test",
		Memory: func() (total, free uint64) { return 2, 1 }, Device: func() (name, kind string) { return "cpu", "cpu" },
		BaseContext: func(ctx context.Context) context.Context { return log.WithContext(ctx) }}
	if change != nil {
		change(&c)
	}
	s := &site{Server: New(c), base: base, files: files, logs: logs}
	s.http = httptest.NewServer(s.Server)
	s.url = s.http.URL
	t.Cleanup(func() {
		hub.Close()
		s.http.CloseClientConnections()
		s.http.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := eng.Close(ctx); err != nil {
			t.Error(err)
		}
		store.Close()
		files.Close()
	})
	return s
}

// ask sends a request whose path goes out as it is, and gives the answer with its body.
func (s *site) ask(t testing.TB, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	p, q, _ := strings.Cut(path, "?")
	r.URL.Opaque, r.URL.RawQuery = p, q
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res, string(b)
}
