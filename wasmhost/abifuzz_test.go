package wasmhost

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/wasmhost/abifuzz"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// abiHost is a host with the fuzzing guest and a world around it that does everything.
type abiHost struct {
	h     *Host
	e     *Extension
	open  atomic.Int64 // files
	image []byte
	close func()
}

func newABIHost(t testing.TB, count ...*outcomes) *abiHost {
	t.Helper()
	a := &abiHost{}
	b := cpu.New(cpu.Options{Threads: 1})
	h, err := New(context.Background(), Config{Backend: b, CodeDir: codeDir, Files: a, Show: func(context.Context, string, *node.Preview) error { return nil }, Lookup: fuzzLookup, Client: &http.Client{Transport: upstream{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Send: func(context.Context, string, string, []byte) error { return nil }, Secrets: func(context.Context, tenant.ID, string, string) (string, bool) { return "s3cret", true }})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range count {
		_ = h.engine.Close(context.Background())
		if h.engine, err = slot.NewMachine(context.Background(), slot.RuntimeConfig(h.cache.Engine()), o.counted(bind())); err != nil {
			t.Fatal(err)
		}
	}
	m := &Manifest{ABI: "cocoon1>=1.1", ID: "test.fuzz", Version: "1.0.0", Capabilities: Capabilities{Tensor: &struct{}{}, Node: &NodeCap{Classes: []string{"Fuzz*"}}, KV: &KVCap{},
		Asset: &AssetCap{Read: []string{"input"}, Save: true}, Routes: []string{"POST " + abifuzz.Route}, WS: WSCap{Send: []string{"key", "preview"}}, Msg: &struct{}{}, HTTP: []HTTPRule{{Rule: "GET http://api.test/*", Secrets: []string{"KEY"}}}}}
	s := Source{Manifest: m, Module: abifuzz.Module(), Grant: m.Capabilities.All(), Limits: DefaultLimitSet()}
	l := &s.Limits.Execute
	l.Fuel, l.Parked, l.MemoryPages, l.OutputBytes, l.HostBytes = 20e6, 2*time.Millisecond, 64, 8*mib, 64*mib
	if a.e, err = h.Load(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	a.h, a.close = h, func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		_ = b.Close()
	}
	s0, err := a.e.program.Get(context.Background(), 64)
	if err != nil {
		t.Fatal(err)
	}
	a.image = bytes.Clone(s0.Memory())
	a.e.program.Put(context.Background(), s0, false)
	return a
}

// upstream answers every request: now and then by a redirect inside.
type upstream struct{}

// RoundTrip answers.
func (upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	res := &http.Response{StatusCode: 200, Header: http.Header{"X-Path": {r.URL.Path}}, Body: io.NopCloser(strings.NewReader("answer")), Request: r}
	if strings.Contains(r.URL.Path, "r") {
		res.StatusCode = 302
		res.Header.Set("Location", "http://169.254.169.254/latest")
	}
	return res, nil
}

type abiFile struct {
	*bytes.Reader
	a      *abiHost
	closed bool
}

// Close counts.
func (f *abiFile) Close() error {
	if !f.closed {
		f.closed = true
		f.a.open.Add(-1)
	}
	return nil
}

// Open opens any file.
func (a *abiHost) Open(context.Context, node.File) (File, error) {
	a.open.Add(1)
	return &abiFile{Reader: bytes.NewReader(smallPicture()), a: a}, nil
}

// Save says that it saved.
func (a *abiHost) Save(_ context.Context, sub, name string, _ []byte) (node.File, error) {
	return node.File{Type: "output", Subfolder: sub, Filename: name}, nil
}

func fuzzLookup(class string) (node.Node, bool) {
	if class != "FuzzEcho" {
		return nil, false
	}
	return fuzzEcho{}, true
}

type fuzzEcho struct{}

// Schema takes anything.
func (fuzzEcho) Schema() *node.Schema {
	return &node.Schema{ID: "FuzzEcho", Inputs: []node.Input{{Name: "x", Type: node.Any}}, Outputs: []node.Output{{Type: node.Any, Name: "x"}}}
}

// Run gives it back.
func (fuzzEcho) Run(_ context.Context, args node.Args) (node.Reply, error) {
	return node.Reply{Outputs: []any{args["x"]}}, nil
}

// countdown is a context that is cancelled when it was asked n times.
type countdown struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
}

// Err counts; the store asks from goroutines of its own.
func (c *countdown) Err() error {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.Context.Err()
}

func held() (files, maps int) {
	list, _ := os.ReadDir("/proc/self/fd")
	b, _ := os.ReadFile("/proc/self/maps")
	return len(list), bytes.Count(b, []byte("\n"))
}

// slipped reports whether a call ended with a panic that is no trap.
func slipped(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.Contains(err.Error(), "(recovered by wazero)") {
			return true
		}
	}
	return false
}

// run runs a program; cancel is after how many looks of the host the call is cancelled, 0 for never. It fails when the host
// broke or kept something.
func (a *abiHost) run(t testing.TB, program, blob []byte, cancel int) (got error) {
	t.Helper()
	ctx, stop := context.WithCancel(node.WithRun(tenant.With(context.Background(), "t"), node.Run{PromptID: "p", NodeID: "key", Puller: fuzzPuller{}}.CountGraphs()))
	defer stop()
	if cancel > 0 {
		c := &countdown{Context: ctx, cancel: stop}
		c.left.Store(int64(cancel))
		ctx = c
	}
	img := ramp(1, 4, 4, 3)
	_, err := a.e.nodes[0].Run(ctx, node.Args{"program": abifuzz.Text(program, blob), "a": img, "b": img.Slice(1, 1, 3)})
	got = err
	if slipped(err) {
		t.Fatalf("the host broke: %v", errors.Unwrap(err))
	}
	if n := a.open.Load(); n != 0 {
		t.Fatalf("%d files are open", n)
	}
	if n, escaped := a.h.gate.blocks.live.Load(), a.h.gate.blocks.escaped.Load(); n > escaped+int64(a.h.gate.busy()) {
		t.Fatalf("%d blocks, of which %d escaped", n, escaped)
	}
	if n := a.h.gate.busy(); n != 0 {
		t.Fatalf("%d places are taken", n)
	}
	s, err := a.e.program.Get(context.Background(), 64)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Memory(), a.image) {
		t.Fatal("the next call does not start from the image")
	}
	a.e.program.Put(context.Background(), s, false)
	return got
}

// fuzzPuller answers what a guest asks for by the length of the name.
type fuzzPuller struct{}

// Pull gives values of all sorts.
func (fuzzPuller) Pull(ctx context.Context, input string) (any, error) {
	switch len(input) % 6 {
	case 0:
		return ramp(1, 2, 2, 3), nil
	case 1:
		return node.List{ramp(1, 1, 1, 3), input, node.Blocker{}}, nil
	case 2:
		return strings.Repeat("x", 100_000), nil
	case 3:
		return nil, fault.New(fault.NotFound, "none")
	case 4:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return map[string]any{"a": []any{int64(1), input}}, nil
}

// FuzzHostABI: whatever host calls a guest makes, the host refuses, traps or answers, and keeps nothing.
func FuzzHostABI(f *testing.F) {
	for _, p := range abifuzz.Seeds() {
		f.Add(p, []byte{}, uint8(0))
		f.Add(p, []byte("\xa1\x61a\x01"), uint8(3))
	}
	a := newABIHost(f)
	f.Cleanup(a.close)
	a.run(f, nil, nil, 0)
	files, maps := held()
	n := 0
	f.Fuzz(func(t *testing.T, program, blob []byte, cancel uint8) {
		if len(program) > 4096 {
			return
		}
		a.run(t, program, blob, int(cancel))
		if n++; n%64 != 0 {
			return
		}
		if err := a.h.PromptDone(tenant.With(t.Context(), "t"), "p"); err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			nowFiles, nowMaps := held()
			if nowFiles <= files+16 && nowMaps <= maps+400 {
				break
			}
			if runtime.GC(); i == 49 {
				t.Fatalf("%d files and %d mappings, %d and %d before", nowFiles, nowMaps, files, maps)
			}
		}
	})
}

// TestEachFunctionIsReached: the fuzzing guest makes every call of the contract.
func TestEachFunctionIsReached(t *testing.T) {
	a := newABIHost(t)
	t.Cleanup(a.close)
	for name, p := range abifuzz.Seeds() {
		t.Run(name, func(t *testing.T) {
			before := a.e.stats.calls.Load()
			for cancel := range 4 {
				a.run(t, p, nil, cancel)
			}
			if a.e.stats.calls.Load() != before+4 {
				t.Error("it did not run")
			}
			if !strings.HasPrefix(name, "call ") {
				return
			}
			most := a.e.limits.Execute.HostCalls
			defer func() { a.e.limits.Execute.HostCalls = most }()
			a.e.limits.Execute.HostCalls = 0
			if err := a.run(t, p, nil, 0); fault.CodeOf(err) != fault.LimitExceeded {
				t.Errorf("no call of the host: %v", err)
			}
		})
	}
}

// TestRandomPrograms runs programs that are mostly right, so that they come far.
func TestRandomPrograms(t *testing.T) {
	a := newABIHost(t)
	t.Cleanup(a.close)
	r := rand.New(rand.NewPCG(7, 7))
	codes := map[fault.Code]int{}
	for range 300 {
		blob := make([]byte, r.IntN(64))
		for i := range blob {
			blob[i] = byte(r.Uint32())
		}
		codes[fault.CodeOf(a.run(t, abifuzz.Random(r.IntN, 40), blob, r.IntN(40)))]++
	}
	t.Log(codes, a.e.stats.hostBytes.Load())
}
