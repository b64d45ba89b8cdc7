package fuel

import (
	"bytes"
	"context"
	binaryenc "encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

var errSpent = errors.New("fuel is spent")

// outcome is all that can be seen of a run.
type outcome struct {
	Result  uint64
	Trapped bool
	Spent   bool
	Memory  []byte
	Globals []uint64
	Fuel    int64
	Refuels int
}

func features() api.CoreFeatures {
	return api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst | experimental.CoreFeaturesTailCall
}

// run calls the export "run"(arg) of a module; a rewritten one gets fuel in slices, budget in all.
func run(t testing.TB, cfg wazero.RuntimeConfig, mod []byte, metered bool, budget, slice int64, arg uint64) (o outcome) {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, cfg.WithCoreFeatures(features()).WithMemoryLimitPages(3))
	defer rt.Close(ctx)
	given := slice
	_, err := rt.NewHostModuleBuilder(ImportModule).NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, s []uint64) {
		o.Refuels++
		if int64(s[0]) == TooDeep || given >= budget {
			panic(errSpent)
		}
		given += slice
		s[0] += uint64(slice)
	}), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).Export(ImportName).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	inst, err := rt.InstantiateWithConfig(ctx, mod, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		t.Fatalf("the engine refuses what the parser accepts: %v", err)
	}
	var fuel api.MutableGlobal
	if metered {
		if _, err := inst.ExportedFunction(InitFunc).Call(ctx); err != nil {
			t.Fatal(err)
		}
		fuel = inst.ExportedGlobal(FuelGlobal).(api.MutableGlobal)
		fuel.Set(uint64(slice))
	}
	res, err := inst.ExportedFunction("run").Call(ctx, arg)
	o.Trapped, o.Spent = err != nil, errors.Is(err, errSpent)
	if err == nil && len(res) > 0 {
		o.Result = res[0]
	}
	if len(inst.ExportedMemoryDefinitions()) > 0 {
		m := inst.Memory()
		b, _ := m.Read(0, m.Size())
		o.Memory = bytes.Clone(b)
	}
	if metered {
		o.Fuel = given - int64(fuel.Get())
		for _, name := range []string{GlobalPrefix + "0", GlobalPrefix + "1"} {
			if g := inst.ExportedGlobal(name); g != nil {
				o.Globals = append(o.Globals, g.Get())
			}
		}
	}
	return o
}

func rewrite(t testing.TB, mod []byte) []byte {
	t.Helper()
	l := wasm.DefaultLimits()
	m, err := wasm.Parse(mod, l)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	r, err := Rewrite(m, Options{Depth: 1000})
	if err != nil {
		t.Fatalf("rewrite: %v", err)
	}
	l.Locals++
	l.LocalBranches, l.SumLocalBranch, l.SumLoopWeight, l.BodyBytes = 1<<40, 1<<40, 1<<40, 1<<30
	if _, err := wasm.Parse(r.Bytes, l); err != nil {
		t.Fatalf("the rewritten module is not valid: %v", err)
	}
	return r.Bytes
}

// agree runs a module in its four forms and compares.
func agree(t *testing.T, mod []byte) {
	t.Helper()
	metered := rewrite(t, mod)
	const plenty = 1 << 40
	want := run(t, wazero.NewRuntimeConfigCompiler(), mod, false, 0, 0, 5)
	got := run(t, wazero.NewRuntimeConfigCompiler(), metered, true, plenty, 1000, 5)
	if want.Result != got.Result || want.Trapped != got.Trapped || !bytes.Equal(want.Memory, got.Memory) {
		t.Fatalf("rewritten module gives %x (trap %v), original %x (trap %v)", got.Result, got.Trapped, want.Result, want.Trapped)
	}
	slow := run(t, wazero.NewRuntimeConfigInterpreter(), metered, true, plenty, 1000, 5)
	if slow.Fuel != got.Fuel || slow.Result != got.Result || slow.Trapped != got.Trapped || !bytes.Equal(slow.Memory, got.Memory) {
		t.Fatalf("interpreter: fuel %d result %x trap %v; compiler: fuel %d result %x trap %v", slow.Fuel, slow.Result, slow.Trapped, got.Fuel, got.Result, got.Trapped)
	}
	for i := range slow.Globals {
		if slow.Globals[i] != got.Globals[i] {
			t.Fatalf("global %d: %x and %x", i, slow.Globals[i], got.Globals[i])
		}
	}
}

func TestRandomModulesAgree(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		src := make([]byte, 2000)
		for i := range src {
			src[i] = byte(r.Uint32())
		}
		agree(t, (&gen{src: src}).module())
	}
}

func FuzzAgree(f *testing.F) {
	f.Add([]byte("0123456789 abcdefghijklmnopqrstuvwxyz"))
	f.Fuzz(func(t *testing.T, src []byte) { agree(t, (&gen{src: src}).module()) })
}

// FuzzModule: what our parser accepts, the engine accepts, as it is and rewritten.
func FuzzModule(f *testing.F) {
	for seed := range uint64(20) {
		src := make([]byte, 300)
		r := rand.New(rand.NewPCG(seed, 2))
		for i := range src {
			src[i] = byte(r.Uint32())
		}
		f.Add((&gen{src: src}).module())
	}
	for _, row := range endless() {
		f.Add(row.mod)
	}
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features()).WithMemoryLimitPages(65536))
	f.Fuzz(func(t *testing.T, mod []byte) {
		m, err := wasm.Parse(mod, wasm.DefaultLimits())
		if err != nil {
			return
		}
		c, err := rt.CompileModule(ctx, withoutCustom(mod))
		if err != nil {
			t.Fatalf("the engine refuses: %v", err)
		}
		c.Close(ctx)
		for _, e := range m.Exports {
			if len(e.Name) >= len(Reserved) && e.Name[:len(Reserved)] == Reserved {
				return
			}
		}
		r, err := Rewrite(m, Options{Depth: 100})
		if err != nil {
			return
		}
		if c, err = rt.CompileModule(ctx, r.Bytes); err != nil {
			t.Fatalf("the engine refuses the rewritten module: %v", err)
		}
		c.Close(ctx)
	})
}

// withoutCustom leaves out the custom sections of a valid module: rewritten modules have none, and the engine refuses some
// that the language allows, such as one without a name.
func withoutCustom(mod []byte) []byte {
	out := mod[:8:8]
	for b := mod[8:]; len(b) > 0; {
		n, used := binaryenc.Uvarint(b[1:])
		end := 1 + used + int(n)
		if b[0] != 0 {
			out = append(out, b[:end]...)
		}
		b = b[end:]
	}
	return out
}

type endlessRow struct {
	name string
	mod  []byte
}

// endless are modules whose run never ends, or not for a very long time.
func endless() []endlessRow {
	make := func(name string, build func(m *asm.Module)) endlessRow {
		m := asm.New()
		build(m)
		return endlessRow{name, m.Bytes()}
	}
	run := func(m *asm.Module, locals string, code ...[]byte) { m.Export("run", 0, m.Func("i:i", locals, code...)) }
	zero := asm.I32(0)
	return []endlessRow{
		make("empty loop", func(m *asm.Module) { run(m, "", []byte{0x03, 0x40, 0x0c, 0, 0x0b}, zero) }),
		make("nested loops", func(m *asm.Module) { run(m, "", []byte{0x03, 0x40, 0x03, 0x40, 0x0c, 1, 0x0b, 0x0b}, zero) }),
		make("loop with grow after a block", func(m *asm.Module) {
			m.Memory(1, -1)
			run(m, "", []byte{0x03, 0x40, 0x02, 0x40, 0x0b}, zero, []byte{0x40, 0, 0x1a, 0x0c, 0, 0x0b}, zero)
		}),
		make("recursion", func(m *asm.Module) { m.Export("run", 0, m.Func("i:i", "", asm.I(0x20, 0), asm.I(0x10, 0))) }),
		make("tail calls", func(m *asm.Module) { m.Export("run", 0, m.Func("i:i", "", asm.I(0x20, 0), asm.I(0x12, 0))) }),
		make("indirect recursion", func(m *asm.Module) {
			m.Table(1)
			f := m.Func("i:i", "", asm.I(0x20, 0), zero, asm.I(0x11, m.Type("i:i"), 0))
			m.Elem(0, f)
			m.Export("run", 0, f)
		}),
		make("call tree", func(m *asm.Module) {
			last := m.Func(":", "")
			for range 40 {
				last = m.Func(":", "", asm.I(0x10, last), asm.I(0x10, last))
			}
			run(m, "", asm.I(0x10, last), zero)
		}),
		make("fills", func(m *asm.Module) {
			m.Memory(3, 3)
			fill := asm.Code(zero, zero, asm.I32(3<<16), asm.I(0xfc, 11, 0))
			run(m, "", []byte{0x03, 0x40}, fill, fill, fill, []byte{0x0c, 0, 0x0b}, zero)
		}),
		make("br_table loop", func(m *asm.Module) { run(m, "", []byte{0x03, 0x40}, zero, []byte{0x0e, 1, 0, 0, 0x0b}, zero) }),
	}
}

func TestEndlessModulesEnd(t *testing.T) {
	for _, row := range endless() {
		t.Run(row.name, func(t *testing.T) {
			for _, cfg := range []wazero.RuntimeConfig{wazero.NewRuntimeConfigCompiler(), wazero.NewRuntimeConfigInterpreter()} {
				o := run(t, cfg, rewrite(t, row.mod), true, 3_000_000, 100_000, 1)
				if !o.Spent {
					t.Errorf("it was not stopped: %+v", o.Trapped)
				}
				if o.Fuel > 3_000_000+200_000 {
					t.Errorf("it used %d of 3,000,000", o.Fuel)
				}
			}
		})
	}
}
