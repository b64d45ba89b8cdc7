package attacks

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/jail"
)

func TestMain(m *testing.M) {
	if jail.Main() {
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

func manifest() *wasmhost.Manifest {
	return &wasmhost.Manifest{ABI: "cocoon1", ID: "test.attack", Version: "1.0.0", Capabilities: wasmhost.Capabilities{
		Tensor: &struct{}{}, KV: &wasmhost.KVCap{}, Asset: &wasmhost.AssetCap{Read: []string{"input"}}, WS: wasmhost.WSCap{Send: []string{"mine"}}, Msg: &struct{}{},
		Node: &wasmhost.NodeCap{Classes: []string{"Granted*"}}, Routes: []string{"GET /r", "POST /r", "GET /r/:x"},
		HTTP: []wasmhost.HTTPRule{{Rule: "GET http://127.0.0.1:9/*"}},
	}}
}

// limits are small, so that the corpus is quick; they bound by counting, not by time, but for what a guest sleeps.
func limits() wasmhost.LimitSet {
	l := wasmhost.DefaultLimitSet()
	l.Execute.Fuel = 50e6
	l.Describe.Fuel = 10e6
	l.Execute.HostBytes = 384 << 20
	l.Execute.OutputBytes = 256 << 20
	l.Execute.Parked, l.Describe.Parked, l.Route.Parked = 20*time.Millisecond, 20*time.Millisecond, 20*time.Millisecond
	return l
}

// world is what the host of a test has around it, and what it saw.
type world struct {
	open, opened, sent, told atomic.Int64
	events                   sync.Map // types of events
	saves                    bool     // files
	saved, bytes             atomic.Int64
	strange                  sync.Map // what went where it should not
}

// Open opens the one file there is.
func (w *world) Open(_ context.Context, f node.File) (wasmhost.File, error) {
	if f.Filename != "a.png" || f.Subfolder != "" || f.Type != "input" {
		return nil, fault.New(fault.NotFound, "no file")
	}
	w.open.Add(1)
	w.opened.Add(1)
	return &file{Reader: bytes.NewReader([]byte("picture")), w: w}, nil
}

// Save refuses, where nothing is granted that saves.
func (w *world) Save(ctx context.Context, sub, name string, data []byte) (node.File, error) {
	if w.saves {
		return w.save(ctx, sub, name, data)
	}
	return node.File{}, fault.New(fault.ReadOnly, "nothing is saved here")
}

type file struct {
	*bytes.Reader
	w    *world
	once sync.Once
}

// Close counts.
func (f *file) Close() error {
	f.once.Do(func() { f.w.open.Add(-1) })
	return nil
}

func (w *world) send(ctx context.Context, _, event string, _ []byte) error {
	if id := tenant.Of(ctx); id != "t" && w.saves {
		w.strange.Store(string(id)+" "+event, true)
	}
	w.sent.Add(1)
	w.events.Store(event, true)
	return nil
}

// Progress, Text and Binary count what reaches the client.
func (w *world) Progress(v, most float64, _ *node.Preview) {
	if v >= most { // the engine thins others
		w.told.Add(1)
	}
}

// Text counts, and looks for what would be a tag in a page.
func (w *world) Text(s string) {
	w.told.Add(1)
	if strings.Contains(s, "<img") || strings.Contains(s, "<svg") {
		w.strange.Store("the line "+s, true)
	}
}

// BroadcastText is Text for all clients.
func (w *world) BroadcastText(s string) { w.Text(s) }

// Binary counts.
func (w *world) Binary(uint32, []byte) { w.told.Add(1) }

// granted are nodes of the server that the guests may call.
type granted struct {
	schema node.Schema
	run    func() (node.Reply, error)
}

// Schema is as made.
func (g *granted) Schema() *node.Schema { return &g.schema }

// Run does.
func (g *granted) Run(context.Context, node.Args) (node.Reply, error) { return g.run() }

func lookup(class string) (node.Node, bool) {
	s := node.Schema{ID: class, Outputs: []node.Output{{Type: node.Any, Name: "x"}}}
	switch class {
	case "GrantedEcho":
		s.Inputs = []node.Input{{Name: "n", Type: node.Int, Options: map[string]any{"max": int64(100)}}, {Name: "f", Type: node.Float, Group: node.Optional, Options: map[string]any{"max": 1.0}}}
		return &granted{s, func() (node.Reply, error) { return node.Reply{Outputs: []any{int64(1)}}, nil }}, true
	case "GrantedPanic":
		return &granted{s, func() (node.Reply, error) { panic("a slip") }}, true
	case "GrantedLarge":
		large := tensor.FromBytes(tensor.U8, tensor.Shape{300 << 20}, make([]byte, 300<<20), nil)
		return &granted{s, func() (node.Reply, error) { return node.Reply{Outputs: []any{large}}, nil }}, true
	}
	return nil, false
}

func newHost(t testing.TB, w *world, set ...func(*wasmhost.Config)) *wasmhost.Host {
	t.Helper()
	b := cpu.New(cpu.Options{})
	c := wasmhost.Config{Backend: b, Lookup: lookup}
	if w != nil {
		c.Files, c.Send = w, w.send
	}
	for _, f := range set {
		f(&c)
	}
	h, err := wasmhost.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		b.Close()
	})
	return h
}

// load loads a module with all that the manifest asks for.
func load(ctx context.Context, h *wasmhost.Host, module []byte, set ...func(*wasmhost.Source)) (*wasmhost.Extension, error) {
	m := manifest()
	s := wasmhost.Source{Manifest: m, Module: module, Grant: m.Capabilities.All(), Limits: limits()}
	for _, f := range set {
		f(&s)
	}
	return h.Load(ctx, s)
}

// in is the context of a node's run.
func in(ctx context.Context, id tenant.ID, w *world) context.Context {
	r := node.Run{PromptID: "p", NodeID: "n"}
	if w != nil {
		r.Reporter = w
	}
	return node.WithRun(tenant.With(ctx, id), r.CountGraphs())
}

// attack loads and runs one module and gives what became of it.
func attack(ctx context.Context, h *wasmhost.Host, w *world, a Attack, set ...func(*wasmhost.Source)) (Verdict, error) {
	e, err := load(ctx, h, a.Module, set...)
	if err != nil {
		return Refused, err
	}
	if _, err := e.Nodes()[0].Run(in(ctx, "t", w), node.Args{}); err != nil {
		return Stopped, err
	}
	return Harmless, nil
}

// toll is what a process holds that attacks must not make more.
type toll struct{ goroutines, files, mappings, residentKiB int }

func now() toll {
	return toll{goroutines(), openFiles(), mappings(), resident()}
}

func openFiles() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

func mappings() int {
	b, _ := os.ReadFile("/proc/self/maps")
	return bytes.Count(b, []byte("\n"))
}

// resident is the memory that the process has, in KiB.
func resident() int {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return n
		}
	}
	return 0
}
