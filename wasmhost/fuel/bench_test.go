package fuel

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

func get0(l uint32) []byte { return asm.I(0x20, l) }

// counted is a loop around body: local 1 counts from 0 to n in steps.
func counted(n, step int32, body ...[]byte) []byte {
	return asm.Code([]byte{0x03, 0x40}, asm.Code(body...), get0(1), asm.I32(step), []byte{0x6a}, asm.I(0x22, 1), asm.I32(n), []byte{0x49, 0x0d, 0, 0x0b})
}

// kernels are the shapes of guests' inner loops.
func kernels() []endlessRow {
	kernel := func(name, locals string, code ...[]byte) endlessRow {
		m := asm.New()
		m.Memory(256, -1)
		m.Export("run", 0, m.Func("i:i", locals, code...))
		return endlessRow{name, m.Bytes()}
	}
	const bytes = 512 << 10 // a call is to be shorter than a turn on the processor, so that the best of them is undisturbed
	pixel := func(at int32) []byte { return asm.Code(get0(1), []byte{0x2a, 2}, asm.U(nil, uint32(at))) }
	blur := asm.Code(get0(1), pixel(0), pixel(12), []byte{0x92}, pixel(24), []byte{0x92}, pixel(6144), []byte{0x92}, pixel(6156), []byte{0x92},
		pixel(6168), []byte{0x92}, pixel(12288), []byte{0x92}, pixel(12300), []byte{0x92}, pixel(12312), []byte{0x92},
		[]byte{0x43, 0x39, 0x8e, 0xe3, 0x3d, 0x94}, []byte{0x38, 2}, asm.U(nil, 8<<20))
	m := asm.New()
	fib := m.Func("i:i", "", get0(0), asm.I32(2), []byte{0x49, 0x04, 0x7f}, get0(0), []byte{0x05}, get0(0), asm.I32(1), []byte{0x6b}, asm.I(0x10, 0),
		get0(0), asm.I32(2), []byte{0x6b}, asm.I(0x10, 0), []byte{0x6a, 0x0b})
	m.Export("run", 0, m.Func("i:i", "", asm.I32(22), asm.I(0x10, fib)))
	return []endlessRow{
		kernel("sum", "ii", counted(2<<20, 1, get0(2), get0(1), []byte{0x6a}, asm.I(0x21, 2)), get0(2)),
		kernel("lcg", "ii", counted(1<<20, 1, get0(2), asm.I32(1664525), []byte{0x6c}, asm.I32(1013904223), []byte{0x6a}, asm.I(0x21, 2)), get0(2)),
		kernel("invert u8", "i", counted(bytes, 1, get0(1), asm.I32(255), get0(1), []byte{0x2d, 0, 0, 0x6b, 0x3a, 0, 0}), asm.I32(0)),
		kernel("invert f32", "i", counted(bytes*3, 4, get0(1), []byte{0x43, 0, 0, 0x80, 0x3f}, get0(1), []byte{0x2a, 2, 0, 0x93, 0x38, 2, 0}), asm.I32(0)),
		kernel("invert f32 simd", "i", counted(bytes*3, 16, get0(1), []byte{0x43, 0, 0, 0x80, 0x3f, 0xfd, 19}, get0(1),
			[]byte{0xfd, 0, 4, 0, 0xfd}, asm.U(nil, 229), []byte{0xfd, 11, 4, 0}), asm.I32(0)),
		kernel("blur f32", "i", counted(bytes, 4, blur), asm.I32(0)),
		{"fib", m.Bytes()},
	}
}

type runner struct {
	call func()
	best time.Duration
}

func newRunner(b *testing.B, mod []byte, metered bool) *runner {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithCoreFeatures(features()))
	b.Cleanup(func() { rt.Close(ctx) })
	const slice = 1_000_000
	if _, err := rt.NewHostModuleBuilder(ImportModule).NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, s []uint64) {
		s[0] += slice
	}), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).Export(ImportName).Instantiate(ctx); err != nil {
		b.Fatal(err)
	}
	inst, err := rt.Instantiate(ctx, mod)
	if err != nil {
		b.Fatal(err)
	}
	f := inst.ExportedFunction("run")
	stack := make([]uint64, 1)
	return &runner{best: 1 << 62, call: func() {
		if err := f.CallWithStack(ctx, stack); err != nil {
			b.Fatal(err)
		}
	}}
}

func (r *runner) once() {
	from := time.Now()
	r.call()
	r.best = min(r.best, time.Since(from))
}

// compiled are kernels that clang compiles, with SIMD and without; none where it is not installed.
func compiled(b *testing.B) (out []endlessRow) {
	b.Helper()
	if _, err := exec.LookPath("wasm-ld"); err != nil {
		b.Log("clang is not installed: the kernels in C are left out")
		return nil
	}
	for _, kernel := range []string{"invert_u8", "invert_f32", "blur_f32", "histogram"} {
		for _, simd := range []string{"-mno-simd128", "-msimd128"} {
			file := filepath.Join(b.TempDir(), "module.wasm")
			cmd := exec.Command("clang", "--target=wasm32", "-O3", simd, "-mbulk-memory", "-nostdlib", "-Wl,--no-entry", "-DKERNEL="+kernel, "-o", file, "testdata/kernels.c")
			if text, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("clang: %v\n%s", err, text)
			}
			module, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			out = append(out, endlessRow{"c " + kernel + map[string]string{"-msimd128": " simd"}[simd], module})
		}
	}
	return out
}

// BenchmarkFuel gives the metered time over the plain one, best of each, taken in turns.
func BenchmarkFuel(b *testing.B) {
	for _, k := range append(kernels(), compiled(b)...) {
		b.Run(k.name, func(b *testing.B) {
			plain, metered := newRunner(b, k.mod, false), newRunner(b, rewrite(b, k.mod), true)
			for b.Loop() {
				plain.once()
				metered.once()
			}
			b.ReportMetric(float64(metered.best)/float64(plain.best), "ratio")
			b.ReportMetric(float64(plain.best.Microseconds())/1000, "plain-ms")
		})
	}
}
