package kern

import (
	"encoding/binary"
	"math"
	"unsafe"
)

const (
	portableMR = 4
	portableNR = 8
)

// Portable gives the kernels in Go.
func Portable() *Set {
	s := &Set{
		Name: "portable", MR: portableMR, NR: portableNR, Peak: peak, PeakFlops: 2 * portableNR,
		PackT: packT, Widen16: widen16, WidenB16: widenB16, WidenE4M3: widenE4M3, WidenE5M2: widenE5M2,
		Exp: each(exp32), Sigmoid: each(sigmoid), SiLU: each(silu), QuickGELU: each(quickGELU), GELU: each(gelu),
		GELUTanh: each(geluTanh), Tanh: each(tanh), Erf: each(erf), ReLU: each(relu),
		Add: add, Sub: sub, Mul: mul, Div: div, Min: minOf, Max: maxOf,
		Affine: affine, ScaleShift: scaleShift, ScaleShiftSiLU: scaleShiftSiLU, AddScaled: addScaled,
		Sum: sum, SumSq: sumSq, MaxOf: largest, ExpSum: expSum, Stats: stats,
	}
	for rows := 1; rows <= portableMR; rows++ {
		s.Tile[rows] = func(g *Gemm) { tile(g, rows) }
		s.Half[rows] = s.Tile[rows]
	}
	return s
}

// tile computes rows by up to eight columns, row by row. Rows of B are read whole.
func tile(g *Gemm, rows int) {
	for i := 0; i < rows; i++ {
		var acc [portableNR]float32
		for j := range g.Cols {
			if g.D != nil {
				acc[j] = *f32At(g.D, i*g.LDD+j*4)
			}
			if g.Bias != nil {
				acc[j] += *f32At(g.Bias, j*4)
			}
		}
		for _, s := range unsafe.Slice(g.Segs, g.NSeg) {
			a := unsafe.Slice(f32At(g.A, i*g.LDA+s.A), g.K)
			dot(&acc, a, g.B, s.B, g.BStep)
		}
		for j := range g.Cols {
			*f32At(g.C, i*g.LDC+j*4) = acc[j]
		}
	}
}

// dot adds a run of A times rows of B, which start at byte off and lie step bytes apart.
func dot(acc *[portableNR]float32, a []float32, b unsafe.Pointer, off, step int) {
	c0, c1, c2, c3, c4, c5, c6, c7 := acc[0], acc[1], acc[2], acc[3], acc[4], acc[5], acc[6], acc[7]
	for _, x := range a {
		r := (*[portableNR]float32)(unsafe.Add(b, off))
		c0 += x * r[0]
		c1 += x * r[1]
		c2 += x * r[2]
		c3 += x * r[3]
		c4 += x * r[4]
		c5 += x * r[5]
		c6 += x * r[6]
		c7 += x * r[7]
		off += step
	}
	*acc = [portableNR]float32{c0, c1, c2, c3, c4, c5, c6, c7}
}

// peak multiplies and adds on registers alone.
func peak(n int) {
	var a, b [portableNR]float32
	dotPeak(&a, &b, n)
}

func dotPeak(acc, b *[portableNR]float32, n int) {
	c0, c1, c2, c3, c4, c5, c6, c7 := acc[0], acc[1], acc[2], acc[3], acc[4], acc[5], acc[6], acc[7]
	x, y := b[0], b[1]
	for range n {
		c0 += x * y
		c1 += x * y
		c2 += x * y
		c3 += x * y
		c4 += x * y
		c5 += x * y
		c6 += x * y
		c7 += x * y
	}
	*acc = [portableNR]float32{c0, c1, c2, c3, c4, c5, c6, c7}
}

func packT(dst, src []float32, srcLD, n, k int) { packTo(dst, src, srcLD, n, k, portableNR) }

func packTo(dst, src []float32, srcLD, n, k, nr int) {
	for j := range nr {
		if j >= n {
			for i := range k {
				dst[i*nr+j] = 0
			}
			continue
		}
		for i, v := range src[j*srcLD : j*srcLD+k] {
			dst[i*nr+j] = v
		}
	}
}

func widen16(dst []float32, src []byte) {
	for i := range dst {
		h := uint32(binary.LittleEndian.Uint16(src[2*i:]))
		m := h & 0x7fff
		v := math.Float32frombits(m<<13) * (1 << 112) // exact; also for subnormal halves
		if m >= 0x7c00 {
			v = math.Float32frombits(0x7f800000 | m<<13)
		}
		dst[i] = math.Float32frombits(math.Float32bits(v) | h>>15<<31)
	}
}

// widenE4M3 scales the bits, read as the top of a float32, by the difference of the biases.
func widenE4M3(dst []float32, src []byte) {
	for i := range dst {
		b := uint32(src[i])
		v := math.Float32frombits(b&0x7f<<20) * (1 << 120)
		if b&0x7f == 0x7f {
			v = float32(math.NaN())
		}
		dst[i] = math.Float32frombits(math.Float32bits(v) | b>>7<<31)
	}
}

// widenE5M2 reads the upper halves of halves.
func widenE5M2(dst []float32, src []byte) {
	for i := range dst {
		b := uint32(src[i])
		v := math.Float32frombits(b&0x7f<<21) * (1 << 112)
		if b&0x7f >= 0x7c {
			v = math.Float32frombits(0x7f800000 | b&0x7f<<21)
		}
		dst[i] = math.Float32frombits(math.Float32bits(v) | b>>7<<31)
	}
}

func widenB16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
	}
}
