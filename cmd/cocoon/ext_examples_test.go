package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/wasmhost"
)

const examplesDir = "../../sdk-wasm/examples"

// extHost is a host with nothing in it.
func extHost(t *testing.T) *wasmhost.Host {
	t.Helper()
	backend := cpu.New(cpu.Options{})
	h, err := wasmhost.New(t.Context(), wasmhost.Config{Backend: backend})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		backend.Close()
	})
	return h
}

// inLanguage skips a test of a language that needs more than Go: make sdk installs it and runs the test.
func inLanguage(t *testing.T, name string) {
	t.Helper()
	if name != "go" && os.Getenv("COCOON_SDK") != "all" {
		t.Skip("needs more than Go: make sdk runs it")
	}
}

// loadExample builds an extension as its author would and loads it with all that its manifest asks for.
func loadExample(t *testing.T, h *wasmhost.Host, dir string) *wasmhost.Extension {
	t.Helper()
	out := filepath.Join(t.TempDir(), "module.wasm")
	text, errText, err := cocoon(t, "", "ext", "build", "--output", out, dir)
	if err != nil {
		t.Fatal(err, text, errText)
	}
	module, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasmhost.ParseManifest(manifest)
	if err != nil {
		t.Fatal(err)
	}
	e, err := h.Load(t.Context(), wasmhost.Source{Manifest: m, Module: module, Grant: m.Capabilities.All()})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func nodeOf(t *testing.T, e *wasmhost.Extension, class string) node.Node {
	t.Helper()
	for _, n := range e.Nodes() {
		if n.Schema().ID == class {
			return n
		}
	}
	t.Fatalf("%s has no node %s", e.Manifest.ID, class)
	return nil
}

func runNode(t *testing.T, n node.Node, args node.Args) node.Reply {
	t.Helper()
	r, err := n.Run(exampleContext(t), args)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pictureOf runs a node and copies its picture: a guest's tensor is memory of its own, which goes when nothing refers to it.
func pictureOf(t *testing.T, n node.Node, args node.Args) value.Image {
	t.Helper()
	x, ok := runNode(t, n, args).Outputs[0].(value.Image)
	if !ok {
		t.Fatal("the node gives no picture")
	}
	out := value.Image{Tensor: tensor.New(tensor.F32, x.Shape()...)}
	copy(out.F32(), x.F32())
	runtime.KeepAlive(x)
	return out
}

func exampleContext(t *testing.T) context.Context {
	return tenant.With(node.WithRun(t.Context(), node.Run{PromptID: "p", NodeID: "7"}), "alice")
}

// gradient is a picture of 2 in a batch.
func gradient() value.Image {
	px := make([]float32, 2*24*40*3)
	for i := range px {
		px[i] = float32(i*7919%1009) / 1009
	}
	return value.Image{Tensor: tensor.FromF32(px, 2, 24, 40, 3)}
}

// TestExamples builds the examples of every language and holds them to one set of wants.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	for _, l := range languages() {
		for _, x := range []struct {
			name string
			want func(t *testing.T, e *wasmhost.Extension, h *wasmhost.Host, short string)
		}{
			{"glow", wantGlow}, {"dither", wantDither}, {"either", wantEither}, {"repeat", wantRepeat}, {"notes", wantNotes},
		} {
			t.Run(l.name+"/"+x.name, func(t *testing.T) {
				inLanguage(t, l.name)
				h := extHost(t)
				x.want(t, loadExample(t, h, filepath.Join(examplesDir, l.name, x.name)), h, l.short)
			})
		}
	}
}

func wantGlow(t *testing.T, e *wasmhost.Extension, _ *wasmhost.Host, short string) {
	n, in := nodeOf(t, e, "ExampleGlow"+short), gradient()
	args := node.Args{"image": in, "amount": 0.5, "size": int64(8)}
	out := pictureOf(t, n, args)
	if !out.Shape().Equal(in.Shape()) {
		t.Fatalf("shape %v", out.Shape())
	}
	for i, v := range out.F32() {
		if x := in.F32()[i]; v < x-1e-5 || v > 1 {
			t.Fatalf("element %d is %v, from %v: light does not get less", i, v, x)
		}
	}
	args["amount"] = 0.0
	same := pictureOf(t, n, args)
	if !near(same.F32(), in.F32(), 1e-6) {
		t.Error("without an amount the picture changes")
	}
	want := []string{"image IMAGE", "amount FLOAT", "size INT"}
	var got []string
	for _, i := range n.Schema().Inputs {
		got = append(got, i.Name+" "+string(i.Type))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]any{"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.01, "display": "slider"}, map[string]any(n.Schema().Inputs[1].Options)); d != "" {
		t.Error("options of amount:", d)
	}
}

func near(a, b []float32, tolerance float64) bool {
	for i := range a {
		if math.Abs(float64(a[i])-float64(b[i])) > tolerance {
			return false
		}
	}
	return len(a) == len(b)
}

// floydSteinberg is what the dither examples compute.
func floydSteinberg(px []float32, s []int, levels int) []float32 {
	out := append([]float32(nil), px...)
	top, row, ch := float32(levels-1), s[2]*s[3], s[3]
	for y := range s[0] * s[1] {
		last := (y+1)%s[1] == 0
		for x := range row {
			p := out[y*row+x:]
			got := float32(int32(min(max(p[0], 0), 1)*top+0.5)) / top
			err := min(max(p[0], 0), 1) - got
			p[0] = got
			if x+ch < row {
				p[ch] += err * (7.0 / 16)
			}
			if last {
				continue
			}
			if x >= ch {
				p[row-ch] += err * (3.0 / 16)
			}
			p[row] += err * (5.0 / 16)
			if x+ch < row {
				p[row+ch] += err * (1.0 / 16)
			}
		}
	}
	return out
}

func wantDither(t *testing.T, e *wasmhost.Extension, _ *wasmhost.Host, short string) {
	n, in := nodeOf(t, e, "ExampleDither"+short), gradient()
	for _, levels := range []int{2, 5} {
		out := pictureOf(t, n, node.Args{"image": in, "levels": int64(levels)})
		if want := floydSteinberg(in.F32(), in.Shape(), levels); !near(out.F32(), want, 1e-4) {
			t.Errorf("%d levels: not the picture of Floyd and Steinberg", levels)
		}
	}
}

func wantEither(t *testing.T, e *wasmhost.Extension, _ *wasmhost.Host, short string) {
	n := nodeOf(t, e, "ExampleEither"+short)
	for _, x := range []struct {
		args node.Args
		need []string
	}{
		{node.Args{"first": true}, []string{"a"}},
		{node.Args{"first": false}, []string{"b"}},
		{node.Args{"first": false, "a": "here"}, []string{"b"}},
		{node.Args{"first": true, "a": "here"}, nil},
	} {
		got, err := n.(node.Needer).Need(exampleContext(t), x.args)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(x.need, got); d != "" {
			t.Errorf("%v needs %s", x.args, d)
		}
	}
	r := runNode(t, n, node.Args{"first": false, "b": "größer"})
	if d := cmp.Diff([]any{"größer"}, r.Outputs); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(node.UI{"text": {"größer"}}, r.UI); d != "" {
		t.Error(d)
	}
	if s := n.Schema(); !s.Inputs[1].Lazy() || !s.Inputs[2].Lazy() || s.Inputs[0].Lazy() {
		t.Error("a and b are lazy, first is not")
	}
}

func wantRepeat(t *testing.T, e *wasmhost.Extension, _ *wasmhost.Host, short string) {
	n, in := nodeOf(t, e, "ExampleRepeat"+short), gradient()
	r := runNode(t, n, node.Args{"image": in, "factor": 0.5, "times": int64(2)})
	if r.Expand == nil || len(r.Expand.Nodes) != 2 {
		t.Fatalf("expands to %+v", r.Expand)
	}
	step, again := r.Expand.Nodes[0], r.Expand.Nodes[1]
	if step.Class != "ExampleRepeatStep"+short || again.Class != "ExampleRepeat"+short {
		t.Errorf("classes %s, %s", step.Class, again.Class)
	}
	if d := cmp.Diff([]any{node.Socket{Node: again.ID}}, r.Outputs); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]any{"image": node.Socket{Node: step.ID}, "factor": 0.5, "times": int64(1)}, again.Inputs); d != "" {
		t.Error(d)
	}
	out := pictureOf(t, nodeOf(t, e, step.Class), node.Args(step.Inputs))
	for i, v := range out.F32() {
		if v != in.F32()[i]*0.5 {
			t.Fatalf("element %d is %v", i, v)
		}
	}
	if end := runNode(t, n, node.Args{"image": in, "factor": 0.5, "times": int64(0)}); end.Expand != nil || end.Outputs[0].(value.Image).Tensor != in.Tensor {
		t.Error("no more times: the picture itself comes out")
	}
}

func wantNotes(t *testing.T, e *wasmhost.Extension, h *wasmhost.Host, short string) {
	ask := func(who, method, path, form string) (int, string) {
		r := httptest.NewRequest(method, "/ext/"+e.Manifest.ID+path, strings.NewReader(form)).WithContext(tenant.With(t.Context(), tenant.ID(who)))
		if form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		b, _ := io.ReadAll(w.Body)
		return w.Code, string(b)
	}
	for _, x := range []struct {
		who, method, path, form string
		status                  int
		body                    string
	}{
		{"alice", "GET", "/notes", "", 200, `[]`},
		{"alice", "GET", "/notes/sea", "", 404, "there is no such note"},
		{"alice", "POST", "/notes", "key=sea&text=deep+%C3%BC", 201, "kept"},
		{"alice", "POST", "/notes", "key=air&text=" + strings.Repeat("x", 6000), 201, "kept"},
		{"alice", "POST", "/notes", "key=no/slash&text=x", 400, "a name is letters, digits and hyphens"},
		{"alice", "POST", "/notes", "key=big&text=" + strings.Repeat("x", 65536), 507, "there is no room for more notes"},
		{"alice", "GET", "/notes", "", 200, `["air","sea"]`},
		{"alice", "GET", "/notes/sea", "", 200, "deep ü"},
		{"alice", "GET", "/notes/air", "", 200, strings.Repeat("x", 6000)},
		{"bob", "GET", "/notes/sea", "", 404, "there is no such note"},
		{"alice", "DELETE", "/notes/air", "", 200, "gone"},
		{"alice", "GET", "/notes/air", "", 404, "there is no such note"},
	} {
		if status, body := ask(x.who, x.method, x.path, x.form); status != x.status || body != x.body {
			t.Errorf("%s: %s %s: %d %.80q, want %d %.80q", x.who, x.method, x.path, status, body, x.status, x.body)
		}
	}
	if status, body := ask("alice", "GET", "/page", ""); status != 200 || !strings.Contains(body, "<h1>Notes</h1>") {
		t.Errorf("page: %d %.80q", status, body)
	}
	wantChanges(t, e, h)
	n := nodeOf(t, e, "ExampleNote"+short)
	if d := cmp.Diff([]any{"deep ü"}, runNode(t, n, node.Args{"key": "sea"}).Outputs); d != "" {
		t.Error(d)
	}
	if _, err := n.Run(exampleContext(t), node.Args{"key": "none"}); err == nil || !strings.Contains(err.Error(), "there is no such note") {
		t.Errorf("a note that is not there: %v", err)
	}
}

// wantChanges reads the stream of the notes' names while one is added, and goes away.
func wantChanges(t *testing.T, e *wasmhost.Extension, h *wasmhost.Host) {
	ctx, gone := context.WithCancel(tenant.With(t.Context(), "alice"))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r.WithContext(ctx)) }))
	defer s.Close()
	defer gone()
	res, err := http.Get(s.URL + "/ext/" + e.Manifest.ID + "/changes")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Fatal(got)
	}
	for i, want := range []string{`data: ["sea"]`, `data: ["new","sea"]`} {
		if i == 1 {
			r := httptest.NewRequest("POST", "/ext/"+e.Manifest.ID+"/notes", strings.NewReader("key=new&text=x")).WithContext(ctx)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		got := make([]byte, len(want)+2)
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != want+"\n\n" {
			t.Errorf("event %d: %q, %v; want %q", i, got, err, want)
		}
	}
}

// TestExtNew makes a project in each language, builds it and runs its node.
func TestExtNew(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	for _, l := range languages() {
		t.Run(l.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "My-Lens")
			out, errText, err := cocoon(t, "", "ext", "new", "--lang", l.name, dir)
			if err != nil {
				t.Fatal(err, errText)
			}
			if !strings.Contains(out, "cocoon ext dev --serve") {
				t.Errorf("says %q", out)
			}
			withCompiler(t, l, dir)
			e := loadExample(t, extHost(t), dir)
			if e.Manifest.ID != "my-lens" {
				t.Errorf("id %q", e.Manifest.ID)
			}
			n := nodeOf(t, e, "MyLens")
			if s := n.Schema(); s.Name != "My lens" || s.Category != "extensions" {
				t.Errorf("name %q, category %q", s.Name, s.Category)
			}
			r := runNode(t, n, node.Args{"image": gradient(), "amount": 0.5, "size": int64(4)})
			if _, ok := r.Outputs[0].(value.Image); !ok {
				t.Errorf("gives %T", r.Outputs[0])
			}
			if _, _, err := cocoon(t, "", "ext", "new", "--lang", l.name, dir); err == nil {
				t.Error("writes over a project")
			}
		})
	}
}

func TestExtTellsWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.wasm")
	if err := os.WriteFile(junk, bytes.Repeat([]byte{0}, 64), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ args, want string }{
		{"ext frobnicate", "inspect, install"},
		{"ext new " + dir + "/x", "which language?"},
		{"ext new --lang cobol " + dir + "/x", "which language?"},
		{"ext new --lang c " + dir + "/123", "gives no id"},
		{"ext build " + dir, "is no extension"},
		{"ext build " + dir + "/none", "no such file"},
		{"ext inspect " + junk, "no module that a server would load"},
		{"ext inspect " + dir + "/none.wasm", "no such file"},
	} {
		if _, _, err := cocoon(t, "", strings.Fields(x.args)...); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", x.args, err, x.want)
		}
	}
}
