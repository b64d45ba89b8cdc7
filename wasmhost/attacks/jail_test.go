package attacks

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/jail"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// heavy are modules that are small, that an operator's wider limits let pass, and that cost a compiler minutes or gigabytes.
func heavy() map[string][]byte {
	repeat := func(n int, code ...byte) []byte { return bytes.Repeat(code, n) }
	many := string(repeat(1000, 'i'))
	// change gives each local a new value wherever code may go on, so that where paths meet every one of them must be told apart.
	change := func(k int) []byte {
		local := uint32(k % 1000)
		return asm.Code(asm.I(0x20, local), one, []byte{0x6a}, asm.I(0x21, local))
	}
	use := func() (b []byte) {
		for k := range 1000 {
			b = append(b, asm.Code(asm.I(0x20, uint32(k)), []byte{0x1a})...)
		}
		return b
	}()
	branches := func(n int) []byte {
		b := []byte{0x02, 0x40}
		for k := range n {
			b = append(b, asm.Code(change(k), asm.I(0x20, uint32(k%1000)), []byte{0x0d, 0})...)
		}
		return asm.Code(b, []byte{0x0b}, use)
	}
	loops := func(n int) (b []byte) {
		for k := range n {
			b = append(b, asm.Code([]byte{0x03, 0x40}, change(k))...)
		}
		for k := range n {
			b = append(b, asm.Code(asm.I(0x20, uint32(k%1000)), []byte{0x0d, 0, 0x0b})...)
		}
		return append(b, use...)
	}
	table := func(n int) []byte { return asm.Code(zero, asm.I(0x0e, uint32(n)), make([]byte, n+1)) }
	tables := func(g *guest) {
		for range 20 {
			g.m.Func(":", "", table(50_000))
		}
	}
	phis := func(g *guest) {
		for range 40 {
			g.m.Func(":", many, branches(500))
		}
	}
	return map[string][]byte{
		"5,000 branches over 2,000 locals":            build(func(g *guest) { g.m.Func(":", many+many, branches(5000)) }),
		"1,500 nested loops over 1,000 locals":        build(func(g *guest) { g.m.Func(":", many, loops(1500)) }),
		"40 functions of 500 branches over 1,000":     build(phis),
		"20 functions with a br_table of 50,000 each": build(tables),
	}
}

// wide are limits that let heavy modules pass.
func wide() wasm.Limits {
	l := wasm.DefaultLimits()
	l.LocalBranches, l.SumLocalBranch, l.SumLoopWeight, l.LoopNest, l.BrTargets, l.Locals = 1<<50, 1<<50, 1<<50, 1<<20, 1<<20, 1<<16
	return l
}

// TestJail: what no filter sees is ended by the jail's budget of a second, and honest modules pass it.
func TestJail(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, module := range heavy() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := wasmhost.Admit(module, wasm.DefaultLimits()); fault.CodeOf(err) != fault.TooLarge {
				t.Errorf("the usual limits: %v", err)
			}
			m, err := wasm.Parse(module, wide())
			if err != nil {
				t.Fatal(err)
			}
			r, err := fuel.Rewrite(m, fuel.Options{Depth: 100})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := jail.Compile(t.Context(), []string{exe}, r.Bytes, time.Second); fault.CodeOf(err) != fault.TooLarge {
				t.Errorf("in the jail: %v", err)
			}
		})
	}
	w := &world{}
	h := newHost(t, w, func(c *wasmhost.Config) { c.Jail = []string{exe} })
	if v, err := attack(t.Context(), h, w, Attack{Module: build(func(*guest) {})}); v != Harmless {
		t.Errorf("an honest module: %v", err)
	}
	if _, _, err := jail.Compile(t.Context(), []string{exe}, []byte("no module"), time.Second); fault.CodeOf(err) != fault.BadFile {
		t.Errorf("no module: %v", err)
	}
}
