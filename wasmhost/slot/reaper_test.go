package slot

import (
	"context"
	"testing"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// growing is a guest whose calls grow the memory by 1,000 pages and give the sum of four bytes that a call before it would have
// written, before they write them.
func growing(t *testing.T) *fuel.Result {
	t.Helper()
	a := asm.New()
	a.Memory(1, -1)
	a.Export("memory", 2, 0)
	a.Export("cocoon_abi", 0, a.Func(":i", "", asm.I32(1)))
	a.Export("cocoon_buf", 0, a.Func("i:i", "", asm.I32(1024)))
	var sum, write []byte
	for i, at := range []int32{4096, 1 << 16, 40 << 20, 62 << 20} {
		sum = append(sum, asm.Code(asm.I32(at), []byte{0x2d, 0, 0})...)
		if i > 0 {
			sum = append(sum, 0x6a)
		}
		write = append(write, asm.Code(asm.I32(at), asm.I32(7), []byte{0x3a, 0, 0})...)
	}
	a.Export("cocoon_call", 0, a.Func("iii:i", "", asm.I32(1000), []byte{0x40, 0, 0x1a}, sum, write))
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

// TestReaped: a large memory is given back behind the end of its call; no call sees what another has left, whichever slot it gets, and
// no slot is left over.
func TestReaped(t *testing.T) {
	m, err := NewMachine(t.Context(), RuntimeConfig(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := plenty{t.Context()}
	p, err := m.Compile(ctx, growing(t), Options{Depth: 100, MostPage: 1100, Keep: 2, SetupPages: 4}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 20 {
		var slots []Slot
		for range 1 + round%4 {
			s, err := p.Get(ctx, 1100)
			if err != nil {
				t.Fatal(err)
			}
			s.SetFuel(1 << 20)
			if got, err := s.Call(ctx, 1, []byte("request")); err != nil || got != 0 {
				t.Fatalf("round %d: found %d, %v", round, got, err)
			}
			slots = append(slots, s)
		}
		for i, s := range slots {
			p.Put(ctx, s, i == 3)
		}
	}
	m.reaper.work.Wait()
	if n := p.Idle(); n == 0 || n > 2 || m.reaper.bytes != 0 {
		t.Errorf("%d are idle, %d bytes wait", n, m.reaper.bytes)
	}
	p.Close(context.Background())
	if q := p.(*program); q.live != 0 {
		t.Errorf("%d slots are alive", q.live)
	}
	if err := m.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestReaperIsBounded: what would be more than may wait is given back by who ends the call.
func TestReaperIsBounded(t *testing.T) {
	r := &reaper{running: true} // so that nothing is done
	p, other := &program{}, &program{}
	slot := func(n int) *instance { return &instance{mem: &memory{dirty: n}} }
	for i, x := range []struct {
		p    *program
		n    int
		want bool
	}{{p, reapFrom - 1, false}, {p, reapFrom, true}, {p, reapFrom, true}, {p, reapFrom, false}, {other, mostReaped - 3*reapFrom, true}, {other, 2 * reapFrom, false}, {other, reapFrom, true}, {&program{}, reapFrom, false}} {
		if got := r.take(x.p, slot(x.n), i == 1); got != x.want {
			t.Errorf("%d: %v", i, got)
		}
	}
	if r.give(p) == nil || r.give(p) != nil || r.bytes != mostReaped-reapFrom {
		t.Errorf("%d bytes", r.bytes)
	}
	r.stop()
	if r.take(p, slot(reapFrom), false) {
		t.Error("it takes after the end")
	}
}
