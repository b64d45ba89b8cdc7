package attacks

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/wasmhost"
)

func manifest() *wasmhost.Manifest {
	return &wasmhost.Manifest{ABI: "cocoon1", ID: "test.attack", Version: "1.0.0", Capabilities: wasmhost.Capabilities{
		Tensor: &struct{}{}, KV: &wasmhost.KVCap{}, Asset: &wasmhost.AssetCap{Read: []string{"input"}}, WS: []string{"mine"}, Msg: &struct{}{},
		HTTP: []wasmhost.HTTPRule{{Rule: "GET http://127.0.0.1:9/*"}},
	}}
}

// limits are small, so that the corpus is quick; they bound by counting, not by time.
func limits() wasmhost.LimitSet {
	l := wasmhost.DefaultLimitSet()
	l.Execute.Fuel = 50e6
	l.Describe.Fuel = 10e6
	l.Execute.HostBytes = 1 << 30
	l.Execute.OutputBytes = 256 << 20
	return l
}

func newHost(t testing.TB) *wasmhost.Host {
	b := cpu.New(cpu.Options{})
	h, err := wasmhost.New(t.Context(), wasmhost.Config{Backend: b})
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

// attack loads and runs one module and gives what became of it.
func attack(ctx context.Context, h *wasmhost.Host, a Attack) (Verdict, error) {
	m := manifest()
	e, err := h.Load(ctx, wasmhost.Source{Manifest: m, Module: a.Module, Grant: m.Capabilities.All(), Limits: limits()})
	if err != nil {
		return Refused, err
	}
	ctx = node.WithRun(tenant.With(ctx, "t"), node.Run{PromptID: "p", NodeID: "n"}.CountGraphs())
	if _, err := e.Nodes()[0].Run(ctx, node.Args{}); err != nil {
		return Stopped, err
	}
	return Harmless, nil
}

func TestCorpus(t *testing.T) {
	h := newHost(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // guards the suite; nothing below is timed
	defer cancel()
	list := All()
	if len(list) < 100 {
		t.Fatalf("%d attacks", len(list))
	}
	goroutines, fds := runtime.NumGoroutine(), openFiles()
	for _, a := range list {
		t.Run(a.Name, func(t *testing.T) {
			got, err := attack(ctx, h, a)
			if got != a.Verdict || a.Code != "" && fault.CodeOf(err) != a.Code {
				t.Errorf("verdict %d (%s: %v), want %d (%s)", got, fault.CodeOf(err), err, a.Verdict, a.Code)
			}
		})
	}
	_ = h.Remove(ctx, "", "test.attack")
	for range 100 {
		if runtime.GC(); runtime.NumGoroutine() <= goroutines && openFiles() <= fds+2 {
			break
		}
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > goroutines+1 {
		t.Errorf("%d goroutines before, %d after", goroutines, n)
	}
	if n := openFiles(); n > fds+8 {
		t.Errorf("%d files before, %d after", fds, n)
	}
}

// TestGoodCallsAmongAttacks: the same host serves others while it is attacked, and a stopped guest's successor starts clean.
func TestGoodCallsAmongAttacks(t *testing.T) {
	h := newHost(t)
	for _, a := range Endless() {
		if _, err := attack(t.Context(), h, a); a.Verdict == Harmless && err != nil {
			t.Errorf("%s: %v", a.Name, err)
		}
		ok := Attack{Name: "good", Module: build(func(*guest) {})}
		if v, err := attack(t.Context(), h, ok); v != Harmless {
			t.Fatalf("after %s: %v", a.Name, err)
		}
	}
}

func openFiles() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
