package fuel

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// spend calls exports one after another on one instance, and gives the fuel of all and whether one trapped.
func spend(t testing.TB, mod []byte, slice int64, names ...string) (used int64, trapped bool) {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features()).WithMemoryLimitPages(3))
	defer rt.Close(ctx)
	given := slice
	_, err := rt.NewHostModuleBuilder(ImportModule).NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, s []uint64) {
		given += slice
		s[0] += uint64(slice)
	}), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).Export(ImportName).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	inst, err := rt.InstantiateWithConfig(ctx, mod, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inst.ExportedFunction(InitFunc).Call(ctx); err != nil {
		t.Fatal(err)
	}
	fuel := inst.ExportedGlobal(FuelGlobal).(api.MutableGlobal)
	fuel.Set(uint64(slice))
	for _, name := range names {
		if _, err := inst.ExportedFunction(name).Call(ctx); err != nil {
			return 0, true
		}
	}
	return given - int64(fuel.Get()), false
}

// withCalls is a random module with the exports a and b, which call one of its functions each, and ab, which calls both.
func withCalls(src []byte) []byte {
	g := &gen{src: src}
	g.module()
	call := func(i int) []byte {
		params, result := split(g.sigs[i])
		var b []byte
		for k := range params {
			b = append(b, g.constant(params[k])...)
		}
		b = append(b, asm.I(0x10, g.ids[i])...)
		if result != "" {
			b = append(b, 0x1a)
		}
		return b
	}
	a, b := call(g.next(len(g.ids))), call(g.next(len(g.ids)))
	g.m.Export("a", 0, g.m.Func(":", "", a))
	g.m.Export("b", 0, g.m.Func(":", "", b))
	g.m.Export("ab", 0, g.m.Func(":", "", a, b))
	return g.m.Bytes()
}

// TestFuelAdds: what a and then b uses is what each of them does, and it does not depend on how the fuel is handed out.
func TestFuelAdds(t *testing.T) {
	compared := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		src := make([]byte, 1500)
		for i := range src {
			src[i] = byte(r.Uint32())
		}
		if adds(t, rewrite(t, withCalls(src))) {
			compared++
		}
	}
	if compared < 50 {
		t.Errorf("only %d modules did not trap", compared)
	}
}

func adds(t testing.TB, mod []byte) bool {
	t.Helper()
	one, trapped := spend(t, mod, 1<<40, "a", "b")
	both, trapped2 := spend(t, mod, 1<<40, "ab")
	if trapped || trapped2 {
		if trapped != trapped2 {
			t.Fatalf("a, b: trap %v; ab: trap %v", trapped, trapped2)
		}
		return false
	}
	if one != both {
		t.Fatalf("a and b use %d, ab uses %d", one, both)
	}
	for _, slice := range []int64{1, 97, 5000} {
		if used, _ := spend(t, mod, slice, "ab"); used != both {
			t.Fatalf("in slices of %d it uses %d, else %d", slice, used, both)
		}
	}
	return true
}

// FuzzFuelAdds is the same for what a fuzzer writes.
func FuzzFuelAdds(f *testing.F) {
	f.Add(bytes.Repeat([]byte("fuel adds up"), 20))
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) < 4096 {
			adds(t, rewrite(t, withCalls(src)))
		}
	})
}
