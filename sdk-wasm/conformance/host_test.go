package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// world is what the kit's guests can reach: files, addresses, clients.
type world struct {
	origin string
	files  *folders
	mu     sync.Mutex
	sent   []string
	heard  chan struct{} // has something when something was sent
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{files: newFolders(t), heard: make(chan struct{}, 1)}
	server := httptest.NewServer(kitServer())
	t.Cleanup(server.Close)
	w.origin = server.URL
	return w
}

// send keeps what went to the clients.
func (w *world) send(_ context.Context, client, event string, data []byte) error {
	if strings.HasSuffix(event, ".broken") {
		return errors.New("the bus is gone")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, client+" "+event+" "+string(data))
	select {
	case w.heard <- struct{}{}:
	default:
	}
	return nil
}

// show keeps what previews went to the clients.
func (w *world) show(_ context.Context, client string, p *node.Preview) error {
	if client == "broken" {
		return errors.New("the bus is gone")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := p.Image.Bounds().Size()
	w.sent = append(w.sent, fmt.Sprintf("%s preview %s %dx%d most %d", client, p.Format, s.X, s.Y, p.MaxSide))
	return nil
}

func (w *world) takeSent() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.sent
	w.sent = nil
	return out
}

// kitServer is what http_fetch reaches.
func kitServer() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /text", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "%s %s kit %s", r.Method, r.URL, r.UserAgent())
	})
	m.HandleFunc("POST /post", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.WriteHeader(201)
		_, _ = io.WriteString(w, r.Header.Get("X-Kit"))
		_, _ = io.Copy(w, r.Body)
	})
	m.HandleFunc("GET /secret", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		if r.Header.Get("Authorization") == "Bearer open sesame" {
			_, _ = io.WriteString(w, "the secret came")
		}
	})
	m.HandleFunc("GET /moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/text?q=2", http.StatusFound) })
	m.HandleFunc("GET /away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
	})
	m.HandleFunc("GET /bytes", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		_, _ = w.Write(make([]byte, n))
	})
	m.HandleFunc("GET /cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	m.HandleFunc("GET /hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	m.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return m
}

// impatient gives up on /slow after a moment, as a client with a short timeout does.
type impatient struct{ http.RoundTripper }

// RoundTrip sends the request.
func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/slow" {
		ctx, cancel := context.WithTimeout(r.Context(), 20*time.Millisecond)
		defer cancel()
		r = r.WithContext(ctx)
	}
	return i.RoundTripper.RoundTrip(r)
}

// folders are the files that guests see: a folder for each type.
type folders struct{ root *os.Root }

func newFolders(t testing.TB) *folders {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	for _, dir := range []string{"input/deep/er", "output", "temp"} {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"input/hello.txt": "hello", "input/empty": "", "input/deep/er/größe.bin": "\x00\xff", "temp/hello.txt": "temp"} {
		if err := root.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := root.WriteFile("input/two.png", twoPixels(t), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int64{"input/huge.bin": 40 << 20, "input/giant.bin": 300 << 20} { // they have a size and no bytes
		f, err := root.Create(name)
		if err == nil {
			err = errors.Join(f.Truncate(size), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &folders{root}
}

// twoPixels is a picture file: a red pixel, and a blue one of which nothing is seen.
func twoPixels(t testing.TB) []byte {
	t.Helper()
	p := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	p.SetNRGBA(0, 0, color.NRGBA{R: 255, A: 255})
	p.SetNRGBA(1, 0, color.NRGBA{B: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type openFile struct {
	*os.File
	size int64
}

// Size is the file's bytes.
func (f openFile) Size() int64 { return f.size }

// Open opens a file for reading.
func (f *folders) Open(_ context.Context, file node.File) (wasmhost.File, error) {
	x, err := f.root.Open(path.Join(file.Type, file.Subfolder, file.Filename))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "there is no %s", file.Filename)
	}
	if err != nil {
		return nil, err
	}
	info, err := x.Stat()
	if err != nil {
		return nil, err
	}
	return openFile{x, info.Size()}, nil
}

// Save writes a file under a name that is free.
func (f *folders) Save(_ context.Context, subfolder, filename string, data []byte) (node.File, error) {
	if strings.HasPrefix(filename, "broken") {
		return node.File{}, errors.New("the disk is gone")
	}
	dir := path.Join("output", subfolder)
	if err := f.root.MkdirAll(dir, 0o755); err != nil {
		return node.File{}, err
	}
	name := filename
	for n := 1; ; n++ {
		x, err := f.root.OpenFile(path.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, fs.ErrExist) {
			name = strconv.Itoa(n) + " " + filename
			continue
		}
		if err != nil {
			return node.File{}, err
		}
		_, err = x.Write(data)
		_ = x.Close()
		return node.File{Type: "output", Subfolder: subfolder, Filename: name}, err
	}
}

// hostNodes are the built-in nodes that the kit's guests are granted.
func hostNodes() map[string]node.Node {
	type addIn struct{ A, B float64 }
	type addOut struct{ Sum float64 }
	type invertIn struct{ Image value.Image }
	type invertOut struct {
		Image value.Image
		Text  string
	}
	type repeatIn struct {
		Text  string
		Times int
	}
	type textOut struct{ Text string }
	all := []node.Node{
		node.Def[addIn, addOut]{ID: "HostAdd", Ports: func(p *node.Ports, in *addIn, out *addOut) {
			node.Number(p, "a", &in.A, 0).NoDefault()
			node.Number(p, "b", &in.B, 1).Range(0.0, 9.0)
			node.Result(p, "FLOAT", &out.Sum)
		}, Do: func(_ context.Context, in addIn) (addOut, error) { return addOut{in.A + in.B}, nil }}.Node(),
		node.Def[invertIn, invertOut]{ID: "HostInvert", Ports: func(p *node.Ports, in *invertIn, out *invertOut) {
			node.Link(p, "image", &in.Image)
			node.Result(p, "IMAGE", &out.Image)
			node.Result(p, "STRING", &out.Text)
		}, Do: func(_ context.Context, in invertIn) (invertOut, error) {
			x := tensor.New(tensor.F32, in.Image.Shape()...)
			for i, v := range in.Image.F32() {
				x.F32()[i] = 1 - v
			}
			return invertOut{value.Image{Tensor: x}, "two"}, nil
		}}.Node(),
		node.Def[repeatIn, textOut]{ID: "HostRepeat", Ports: func(p *node.Ports, in *repeatIn, out *textOut) {
			node.Text(p, "text", &in.Text, "")
			node.Number(p, "times", &in.Times, 1)
			node.Result(p, "STRING", &out.Text)
		}, Do: func(_ context.Context, in repeatIn) (textOut, error) {
			return textOut{strings.Repeat(in.Text, in.Times)}, nil
		}}.Node(),
		node.Def[struct{}, textOut]{ID: "HostBroken", Ports: func(p *node.Ports, _ *struct{}, out *textOut) {
			node.Result(p, "STRING", &out.Text)
		}, Do: func(context.Context, struct{}) (textOut, error) { return textOut{}, errors.New("broken") }}.Node(),
	}
	byID := map[string]node.Node{}
	for _, n := range all {
		byID[n.Schema().ID] = n
	}
	return byID
}

// newHost is a host for the guests of one language.
func (w *world) newHost(t testing.TB, interpret bool) *wasmhost.Host {
	t.Helper()
	backend := cpu.New(cpu.Options{})
	transport := &http.Transport{}
	nodes := hostNodes()
	h, err := wasmhost.New(t.Context(), wasmhost.Config{
		Backend: backend, Files: w.files, Send: w.send, Show: w.show, Interpret: interpret, CodeDir: codeDir,
		Lookup: func(class string) (node.Node, bool) { n, ok := nodes[class]; return n, ok },
		Secrets: func(_ context.Context, _ tenant.ID, _, name string) (string, bool) {
			return "open sesame", name == "KIT_KEY"
		},
		Client: &http.Client{Transport: impatient{transport}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
		backend.Close()
	})
	return h
}

// load loads the kit's guest as a setup wants it: "" or "real", which has the system's clock and random numbers and may save
// nothing.
func (w *world) load(t testing.TB, h *wasmhost.Host, module []byte, setup string) *wasmhost.Extension {
	t.Helper()
	now := setup == "real"
	events := []string{"news", "broken"}
	if !now {
		events = append(events, "preview")
	}
	c := wasmhost.Capabilities{
		Tensor: &struct{}{}, Msg: &struct{}{}, Node: &wasmhost.NodeCap{Classes: []string{"Host*"}}, KV: &wasmhost.KVCap{Bytes: 100_000, Keys: 20},
		HTTP:  []wasmhost.HTTPRule{{Rule: "GET " + w.origin + "/*", Secrets: []string{"KIT_KEY"}}, {Rule: "POST " + w.origin + "/post"}},
		Asset: &wasmhost.AssetCap{Read: []string{"input", "output"}, Save: !now}, WS: wasmhost.WSCap{Send: events, Receive: []string{"steps", "go", "fail", "raise", "silent"}},
		Routes: []string{"GET /echo/:name", "POST /go", "POST /body", "POST /steps", "POST /events", "GET /file/:name", "GET /picture/:name"}, RouteBytes: 2_500_000, RealClock: now, SecureRandom: now,
	}
	id := "cocoon.kit"
	if now {
		id = "cocoon.kit.real"
	}
	e, err := h.Load(t.Context(), wasmhost.Source{Tenant: tenantOf(setup), Module: module, Grant: c.All(),
		Manifest: &wasmhost.Manifest{ABI: "cocoon1>=1.1", ID: id, Version: "1.0.0", Entry: "module.wasm", Capabilities: c}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
