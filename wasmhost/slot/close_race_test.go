package slot

import (
	"context"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// small is a guest whose calls do nothing. Its data is tag, so that modules differ.
func small(t *testing.T, tag string) *fuel.Result {
	t.Helper()
	a := asm.New()
	a.Memory(1, -1)
	a.Export("memory", 2, 0)
	a.Data(0, []byte(tag))
	a.Export("cocoon_abi", 0, a.Func(":i", "", asm.I32(1)))
	a.Export("cocoon_buf", 0, a.Func("i:i", "", asm.I32(1024)))
	a.Export("cocoon_call", 0, a.Func("iii:i", "", asm.I32(0)))
	m, err := wasm.Parse(a.Bytes(), wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	r, err := fuel.Rewrite(m, fuel.Options{Depth: 100})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plenty is a Meter that always gives.
type plenty struct{ context.Context }

// Value makes it the context of a call.
func (p plenty) Value(key any) any {
	if key == (MeterKey{}) {
		return p
	}
	return p.Context.Value(key)
}

// Refuel gives.
func (plenty) Refuel(left int64) int64 { return left + 1<<20 }

// use makes n slots of a program and calls each; they are idle afterwards.
func use(t *testing.T, p Program, n int) {
	t.Helper()
	ctx := plenty{t.Context()}
	slots := make([]Slot, n)
	for i := range slots {
		s, err := p.Get(ctx, 4)
		if err != nil {
			t.Error(err)
			return
		}
		s.SetFuel(1000)
		if _, err := s.Call(ctx, 1, []byte("request")); err != nil {
			t.Error(err)
		}
		slots[i] = s
	}
	for _, s := range slots {
		p.Put(ctx, s, false)
	}
}

// TestProgramsEndWhileTheirMachineCloses: the collector ends programs that were replaced whenever it likes, also then.
func TestProgramsEndWhileTheirMachineCloses(t *testing.T) {
	r := small(t, "a")
	for range 20 {
		m, err := NewMachine(t.Context(), RuntimeConfig(nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		var programs []Program
		for range 4 {
			p, err := m.Compile(plenty{t.Context()}, r, Options{Depth: 100, MostPage: 4, Keep: 4, SetupPages: 4}, 1000)
			if err != nil {
				t.Fatal(err)
			}
			use(t, p, 4)
			programs = append(programs, p)
		}
		var closing sync.WaitGroup
		for _, p := range programs {
			closing.Go(func() { p.Close(context.Background()) })
		}
		closing.Go(func() {
			if err := m.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		closing.Wait()
	}
}
