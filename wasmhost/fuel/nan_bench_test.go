package fuel

import (
	"testing"

	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// BenchmarkCanonicalNaN is what it would cost to give every NaN that arithmetic makes the same bits, so that results agree
// between processors in those bits too: each operation followed by a comparison and a choice. It decides that guests do
// without: no picture is told from another by the bits of its NaNs.
func BenchmarkCanonicalNaN(b *testing.B) {
	scalar := asm.Code(asm.I(0x22, 2), []byte{0x43, 0, 0, 0xc0, 0x7f}, get0(2), get0(2), []byte{0x5b, 0x1b}) // tee, NaN, x == x, select
	vector := asm.Code(asm.I(0x22, 2), []byte{0xfd, 12, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f}, get0(2), get0(2), []byte{0xfd, 65, 0xfd, 82})
	const bytes = 512 << 10
	pixel := func(at int32) []byte { return asm.Code(get0(1), []byte{0x2a, 2}, asm.U(nil, uint32(at))) }
	blur := func(after []byte) []byte {
		code := asm.Code(get0(1), pixel(0))
		for _, at := range []int32{12, 24, 6144, 6156, 6168, 12288, 12300, 12312} {
			code = asm.Code(code, pixel(at), []byte{0x92}, after)
		}
		code = asm.Code(code, []byte{0x43, 0x39, 0x8e, 0xe3, 0x3d, 0x94}, after, []byte{0x38, 2}, asm.U(nil, 8<<20))
		return counted(bytes, 4, code)
	}
	invert := func(after []byte) []byte {
		return counted(bytes*3, 16, get0(1), []byte{0x43, 0, 0, 0x80, 0x3f, 0xfd, 19}, get0(1), []byte{0xfd, 0, 4, 0, 0xfd}, asm.U(nil, 229), after, []byte{0xfd, 11, 4, 0})
	}
	for _, row := range []struct {
		name, locals string
		code         func(after []byte) []byte
		after        []byte
	}{{"blur f32", "if", blur, scalar}, {"invert f32 simd", "iv", invert, vector}} {
		b.Run(row.name, func(b *testing.B) {
			module := func(after []byte) []byte {
				m := asm.New()
				m.Memory(256, -1)
				m.Export("run", 0, m.Func("i:i", row.locals, row.code(after), asm.I32(0)))
				return rewrite(b, m.Bytes())
			}
			plain, canonical := newRunner(b, module(nil), true), newRunner(b, module(row.after), true)
			for b.Loop() {
				plain.once()
				canonical.once()
			}
			b.ReportMetric(float64(canonical.best)/float64(plain.best), "ratio")
		})
	}
}
