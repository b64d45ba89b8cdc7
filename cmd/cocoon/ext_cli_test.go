package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/wasmhost/install"
	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
)

// session runs commands over one base directory, one after another.
type session struct {
	t    *testing.T
	base string
}

// must runs a command that has to succeed, and gives what it prints.
func (s session) must(args ...string) string {
	s.t.Helper()
	out, errText, err := cocoon(s.t, "", args...)
	if err != nil {
		s.t.Fatalf("%q: %v\n%s%s", args, err, out, errText)
	}
	return out
}

// here is must for commands that look at what is installed.
func (s session) here(args ...string) string {
	s.t.Helper()
	return s.must(append(args, "--base-directory", s.base)...)
}

// refused runs a command that has to fail, with a word in its message.
func (s session) refused(want string, args ...string) {
	s.t.Helper()
	out, _, err := cocoon(s.t, "", args...)
	if err == nil || !strings.Contains(err.Error(), want) {
		s.t.Errorf("%q: %v, want %q\n%s", args, err, want, out)
	}
}

func (s session) has(out string, want ...string) {
	s.t.Helper()
	for _, w := range want {
		if !strings.Contains(out, w) {
			s.t.Errorf("prints no %q:\n%s", w, out)
		}
	}
}

// project starts and builds an extension in Go, whose manifest asks for what capabilities say.
func (s session) project(dir string) {
	s.t.Helper()
	s.must("ext", "new", "--lang", "go", dir)
	s.must("ext", "build", dir)
}

func rewrite(t *testing.T, name, old, with string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%s has no %q:\n%s", name, old, b)
	}
	if err := os.WriteFile(name, bytes.ReplaceAll(b, []byte(old), []byte(with)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestExtFromNewToRemoved goes the way that a new project's README shows.
func TestExtFromNewToRemoved(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	s := session{t, t.TempDir()}
	work := t.TempDir()
	dir, key, file := filepath.Join(work, "lens"), filepath.Join(work, "key.pem"), filepath.Join(work, "lens.cocoon")
	s.project(dir)
	s.has(s.must("ext", "test", dir), "ok    Lens with inputs made up", "compiled and interpreted")
	s.must("ext", "test", "--update", dir)
	s.has(s.must("ext", "test", dir), "ok    Lens with inputs made up")
	s.has(s.must("ext", "bench", "--time", "1ms", "--width", "16", "--height", "16", dir), "calls/s", "instructions a call")
	s.refused("cocoon ext keygen makes one", "ext", "pack", "--key", key, dir)
	s.has(s.must("ext", "keygen", "--output", key), "ed25519:", key)
	s.refused("is there already", "ext", "keygen", "--output", key)
	s.has(s.must("ext", "pack", "--output", file, dir), "not signed", "cocoon ext sign")
	s.has(s.must("ext", "verify", file), "Nobody signed it", "ok    Lens")
	s.refused("--allow-unsigned", "ext", "install", "--yes", "--base-directory", s.base, file)
	s.has(s.must("ext", "sign", "--key", key, file), "is signed by ed25519:")
	s.has(s.must("ext", "verify", file), "Published and signed by ed25519:")
	s.refused("did not publish it", "ext", "verify", "--publisher", "ed25519:x", file)
	s.has(s.here("ext", "inspect", file), "Lens (lens) 0.1.0", "who is new here", "tensor", "module.wasm", "A server would load it")
	s.refused("--yes gives it", "ext", "install", "--base-directory", s.base, file)
	s.refused("cannot do without", "ext", "install", "--yes", "--without", "tensor", "--base-directory", s.base, file)
	s.has(s.here("ext", "install", "--yes", file), "lens 0.1.0 is installed")
	s.has(s.here("ext", "list"), "lens", "0.1.0", "installed", "tensor")
	s.update(dir, key, file)
	s.has(s.here("ext", "revoke", "lens@0.2.0", "--reason", "a hole"), "is barred")
	s.has(s.here("ext", "list"), "revoked", "a hole")
	s.has(s.here("ext", "revoke", "lens@0.2.0", "--undo"), "not barred any more")
	s.has(s.here("ext", "remove", "lens"), "still there")
	s.has(s.here("ext", "list"), "no extensions")
}

// update publishes a version that asks for more, and one of another publisher.
func (s session) update(dir, key, file string) {
	s.t.Helper()
	manifest := filepath.Join(dir, "manifest.json")
	rewrite(s.t, manifest, `"0.1.0"`, `"0.2.0"`)
	rewrite(s.t, manifest, `"tensor": {}`, `"tensor": {}, "kv": {}, "routes": ["GET /a"], "optional": ["kv"]`)
	s.must("ext", "pack", "--key", key, "--output", file, dir)
	s.has(s.here("ext", "inspect", file), "replaces version 0.1.0", "published the version before", "(new)")
	s.has(s.here("ext", "install", "--skip-tests", file), "lens 0.2.0 waits for consent", "0.1.0 goes on")
	s.has(s.here("ext", "list"), "0.1.0", "0.2.0 waits for consent")
	s.has(s.here("ext", "install", "--yes", "--skip-tests", "--without", "kv", "--without", "routes:GET /a", file), "lens 0.2.0 is installed")
	s.has(s.here("ext", "grant", "lens"), "(not granted)")
	s.has(s.here("ext", "grant", "lens", "kv"), "(granted)")
	s.refused("it asks for", "ext", "grant", "lens", "http", "--base-directory", s.base)
	s.has(s.here("ext", "revoke", "lens", "kv"), "(not granted)")
	other := filepath.Join(filepath.Dir(file), "other.pem")
	s.must("ext", "keygen", "--output", other)
	rewrite(s.t, manifest, `"0.2.0"`, `"0.3.0"`)
	s.must("ext", "pack", "--key", other, "--output", file, dir)
	s.refused("another publisher", "ext", "install", "--yes", "--force", "--base-directory", s.base, file)
	rewrite(s.t, manifest, `"0.3.0"`, `"0.0.9"`)
	s.must("ext", "pack", "--key", key, "--output", file, dir)
	s.refused("which is newer", "ext", "install", "--yes", "--base-directory", s.base, file)
}

// output is what a program has printed, which others look at meanwhile.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to it.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

// String is what there is.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// live is a server that a command started.
type live struct {
	t    *testing.T
	url  string
	text *output
}

func (l *live) wait(what string, ok func() bool) {
	l.t.Helper()
	tooLong := time.After(3 * time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-tooLong:
			l.t.Fatalf("never: %s\n%s", what, l.text)
		}
	}
}

func (l *live) get(path string) string {
	l.t.Helper()
	r, err := http.Get(l.url + path)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

// run runs a prompt to its end and gives its history.
func (l *live) run(prompt string) string {
	l.t.Helper()
	r, err := http.Post(l.url+"/prompt", "application/json", strings.NewReader(prompt))
	if err != nil {
		l.t.Fatal(err)
	}
	defer r.Body.Close()
	var queued struct {
		ID     string `json:"prompt_id"`
		Errors any    `json:"node_errors"`
	}
	if err := json.NewDecoder(r.Body).Decode(&queued); err != nil || queued.ID == "" {
		l.t.Fatalf("%v %+v", err, queued)
	}
	var history string
	l.wait("the prompt ends", func() bool {
		history = l.get("/history/" + queued.ID)
		return strings.Contains(history, `"status_str"`)
	})
	return history
}

// TestExtDev goes from a new project to its node in a running server, changes its source while the server runs, breaks it,
// mends it, and stops.
func TestExtDev(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	for _, l := range languages() {
		t.Run(l.name, func(t *testing.T) { devInLanguage(t, l) })
	}
}

func devInLanguage(t *testing.T, l language) {
	s := session{t, t.TempDir()}
	dir := filepath.Join(t.TempDir(), "lens")
	s.must("ext", "new", "--lang", l.name, dir)
	withCompiler(t, l, dir)
	if out, _, err := cocoon(t, "", "ext", "build", dir); err != nil {
		t.Fatal(err, out)
	}
	ctx, stop := context.WithCancel(t.Context())
	v := &live{t: t, text: &output{}}
	ended := make(chan error, 1)
	go func() {
		ended <- dispatch(ctx, []string{"ext", "dev", "--serve", dir, "--base-directory", s.base, "--", "--port", "0", "--threads", "1"}, streams{v.text, v.text})
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if all := s.here("ext", "list"); !strings.Contains(all, "no extensions") {
			t.Errorf("development has not ended: %s", all)
		}
	}()
	v.wait("the server starts", func() bool {
		_, rest, ok := strings.Cut(v.text.String(), "To see the GUI go to: ")
		v.url, _, _ = strings.Cut(rest, "\n")
		return ok && v.url != "" && strings.Contains(rest, "\n")
	})
	v.wait("the node is there", func() bool { return strings.Contains(v.get("/object_info/Lens"), `"Lens"`) })
	prompt := `{"prompt": {"1": {"class_type": "EmptyImage", "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 255}},
		"2": {"class_type": "Lens", "inputs": {"image": ["1", 0], "amount": 0.5, "size": 4}}, "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}}}}`
	if h := v.run(prompt); !strings.Contains(h, `"success"`) || !strings.Contains(h, ".png") {
		t.Fatal(h)
	}
	changeAndBreak(t, v, l, dir)
}

// withCompiler lends a project the compiler that npm has installed for the examples, where its language is npm's. It is for
// those of inLanguage.
func withCompiler(t *testing.T, l language, dir string) {
	t.Helper()
	inLanguage(t, l.name)
	if l.next != "npm install" {
		return
	}
	installed, err := filepath.Abs(filepath.Join(examplesDir, "as", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(installed, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
}

// changeAndBreak edits a source while the server runs.
func changeAndBreak(t *testing.T, v *live, l language, dir string) {
	x := map[string]struct{ file, good, bad string }{
		"go": {"main.go", "package main", "package main("}, "c": {"module.c", "int32_t glow(", "int32_t (glow("},
		"rust": {"src/lib.rs", "use cocoon_guest::*;", "use cocoon_guest::*("}, "as": {"module.ts", "function glow", "function (glow"},
	}[l.name]
	source := filepath.Join(dir, x.file)
	rewrite(t, source, `"Lens"`, `"Lens2"`)
	v.wait("the change is there", func() bool { return strings.Contains(v.get("/object_info/Lens2"), `"Lens2"`) })
	rewrite(t, source, x.good, x.bad)
	v.wait("the mistake is told", func() bool { return strings.Contains(v.text.String(), "waiting for a change") })
	if !strings.Contains(v.get("/object_info/Lens2"), `"Lens2"`) {
		t.Error("a mistake takes away what ran")
	}
	rewrite(t, source, x.bad, x.good)
	rewrite(t, source, `"Lens2"`, `"SaveImage"`)
	v.wait("a name that is taken is told", func() bool { return strings.Contains(v.text.String(), "which the server has itself") })
	rewrite(t, source, `"SaveImage"`, `"Lens3"`)
	v.wait("it is mended", func() bool { return strings.Contains(v.get("/object_info/Lens3"), `"Lens3"`) })
	if got := v.get("/object_info/Lens2"); got != "{}" {
		t.Errorf("the version before is still there: %s", got)
	}
}

func TestExtListAsJSON(t *testing.T) {
	s := session{t, t.TempDir()}
	var all []install.Status
	if err := json.Unmarshal([]byte(s.here("ext", "list", "--json")), &all); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
}

func TestExtCommandsTellWhatIsWrong(t *testing.T) {
	s := session{t, t.TempDir()}
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.cocoon")
	if err := os.WriteFile(junk, bytes.Repeat([]byte{0}, 64), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ args, want string }{
		{"ext pack " + dir, "cocoon ext new makes one"},
		{"ext test " + dir, "cocoon ext new makes one"},
		{"ext dev " + dir, "cocoon ext new makes one"},
		{"ext dev " + dir + " -- --port 3", "--serve"},
		{"ext inspect " + junk, "no package"},
		{"ext install " + junk + " --base-directory " + s.base, "no package"},
		{"ext install " + dir + " --base-directory " + s.base, "cocoon ext pack"},
		{"ext grant nobody --base-directory " + s.base, "is installed"},
		{"ext remove nobody --base-directory " + s.base, "is installed"},
		{"ext revoke nobody --base-directory " + s.base, "is installed"},
		{"ext revoke a@b@c kv --base-directory " + s.base, "nor a version"},
		{"ext revoke a@1.0.0 --undo --base-directory " + s.base, "not on the list"},
		{"ext sign " + junk + " --key " + junk, "chmod 600"},
		{"ext bench --inputs {} " + dir, "--node"},
	} {
		s.refused(x.want, strings.Fields(x.args)...)
	}
	for _, v := range extVerbs() {
		help, _, err := cocoon(t, "", "ext", v.name, "--help")
		if !errors.Is(err, exitCode(0)) || !strings.Contains(help, fmt.Sprintf("cocoon ext %s", v.name)) {
			t.Errorf("ext %s --help: %v %s", v.name, err, help)
		}
	}
}

func TestWithBuiltInsLeavesNothing(t *testing.T) {
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	t.Setenv("TMPDIR", t.TempDir())
	err := withBuiltIns(trial.Config{Backend: backend}, func(c trial.Config) error {
		if _, ok := c.Lookup("EmptyImage"); !ok {
			t.Error("there is no EmptyImage")
		}
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 1 {
			t.Errorf("%v, %v", left, err)
		}
		return nil
	})
	if left, e := os.ReadDir(os.TempDir()); err != nil || e != nil || len(left) != 0 {
		t.Errorf("left: %v, %v, %v", left, e, err)
	}
}
