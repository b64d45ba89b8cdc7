package cpu

import (
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// gated computes a tile whose columns come in pairs, a value and a gate, and stores value*gate(gate). Sums over more than
// one block of K would have to be kept apart until the last, so such a step has one block.
func (s *gemmStep) gated(b *block, g *kern.Gemm, c []float32, rows int) {
	k := b.r.k
	pair := b.tile[k.MR*(s.kBlock+16):]
	ld := 2 * s.nBlock
	size := b.kc * s.taps * k.NR
	g.LDC = ld * 4
	for j := 0; j < b.nc; j += k.NR {
		for half := range 2 {
			g.B = unsafe.Pointer(unsafe.SliceData(b.panels[(j/k.NR*2+half)*size:]))
			g.C = unsafe.Pointer(&pair[half*s.nBlock+j])
			g.D, g.Bias = nil, nil
			if s.hasBias {
				g.Bias = unsafe.Pointer(&b.r.f32(s.bias)[half*s.n+b.n0+j])
			}
			if s.sum(b, g, rows, min(k.NR, b.nc-j)); b.over {
				return
			}
		}
	}
	for i := range rows {
		value, gate := pair[i*ld:][:b.nc], pair[i*ld+s.nBlock:][:b.nc]
		s.gate(gate, gate)
		k.Mul(c[i*s.c.ld:][:b.nc], value, gate)
	}
}
