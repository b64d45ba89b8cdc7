package wasmhost

import (
	"math"
	"math/bits"
	"slices"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// costOf is what a program costs before it runs: bytes that its ops read and write, more for products.
func costOf(p *tensor.Program) int64 {
	total := int64(0)
	for i := range p.Ops {
		o := &p.Ops[i]
		out := p.Values[o.Out]
		work := float64(out.Shape.Elems() * out.DType.Size())
		inner := 1.0
		for k, a := range o.Args {
			v := p.Values[a]
			work += float64(v.Shape.Elems() * v.DType.Size())
			inner = max(inner, innerOf(o, k, v.Shape))
		}
		work += float64(out.Shape.Elems())*(inner-1)/2 + beyondBytes(p, o)
		if work > math.MaxInt64/4 || total > math.MaxInt64/4 {
			return math.MaxInt64 / 2
		}
		total += int64(work)
	}
	return total
}

// innerOf is how many multiplications make one element of a result, as far as argument k tells.
func innerOf(o *tensor.Op, k int, s tensor.Shape) float64 {
	switch o.Kind {
	case tensor.KindAvgPool, tensor.KindMaxPool:
		return 2 * float64(o.Attr.I[0]) * float64(o.Attr.I[1])
	case tensor.KindMatMul, tensor.KindLinear:
		if k == 0 && len(s) > 0 {
			return float64(s[len(s)-1])
		}
	case tensor.KindConv2D:
		if k == 1 && len(s) == 4 {
			return float64(s[1]) * float64(s[2]) * float64(s[3])
		}
	case tensor.KindAttention:
		if k == 1 && len(s) == 3 {
			return 2 * float64(s[1])
		}
	}
	return 1
}

// peakOf is how many bytes of results a program has at once, when it is run in its order and each goes after its last use.
func peakOf(p *tensor.Program) int64 {
	const unused, foreign = -1, -2
	last := slices.Repeat([]int{unused}, len(p.Values))
	for i := range p.Ops {
		for _, a := range p.Ops[i].Args {
			last[a] = i
		}
	}
	for _, id := range p.Outputs {
		last[id] = len(p.Ops)
	}
	for _, id := range p.Inputs {
		last[id] = foreign
	}
	bytes := func(id tensor.ID) int64 {
		return int64(p.Values[id].Shape.Elems()) * int64(p.Values[id].DType.Size())
	}
	now, peak := int64(0), int64(0)
	for i := range p.Ops {
		o := &p.Ops[i]
		now += bytes(o.Out)
		peak = max(peak, now+scratchOf(p, o))
		if last[o.Out] == unused {
			now -= bytes(o.Out)
		}
		for k, a := range o.Args {
			if last[a] == i && !slices.Contains(o.Args[:k], a) {
				now -= bytes(a)
			}
		}
	}
	return peak
}

func elems(v tensor.Value) float64 { return float64(v.Shape.Elems()) }

// beyondBytes is what an op costs beyond reading and writing, for the kinds whose cost is not a number of multiplications: in
// bytes that could be copied meanwhile, some five in a nanosecond of one processor.
func beyondBytes(p *tensor.Program, o *tensor.Op) float64 {
	out := elems(p.Values[o.Out])
	switch k := o.Kind; {
	case isPlain(k):
		return 8 * out
	case k >= tensor.KindExp2 && k <= tensor.KindBlend, k >= tensor.KindRGBToHSV && k <= tensor.KindLabToRGB:
		return 32 * out // a function in double precision
	case k == tensor.KindUniform:
		return 32 * out
	case k == tensor.KindNormal:
		return 96 * out
	case k == tensor.KindIota, k == tensor.KindTakeAlong, k == tensor.KindUnfold:
		return 16 * out
	case k >= tensor.KindTriu && k <= tensor.KindRepeat:
		return 8 * out
	case len(o.Args) == 0:
		return 0
	case k >= tensor.KindArgMin && k <= tensor.KindTopKIndex:
		return elems(p.Values[o.Args[0]]) * lineCost(o, p.Values[o.Args[0]].Shape)
	}
	return areaCost(p, o)
}

// isPlain reports whether a kind of the newer ones is a comparison or so.
func isPlain(k tensor.Kind) bool {
	switch k {
	case tensor.KindTrunc, tensor.KindFrac, tensor.KindIsNaN, tensor.KindIsInf, tensor.KindIsFinite, tensor.KindNanToNum, tensor.KindThreshold,
		tensor.KindLuminance, tensor.KindOver:
		return true
	}
	return k >= tensor.KindGreater && k <= tensor.KindXor
}

// lineCost is for each element of a line.
func lineCost(o *tensor.Op, x tensor.Shape) float64 {
	switch o.Kind {
	case tensor.KindSort, tensor.KindArgSort, tensor.KindTopK, tensor.KindTopKIndex:
		return 64 + 4*float64(bits.Len(uint(x[o.Attr.I[0]])))
	case tensor.KindMedian, tensor.KindQuantile:
		return 64
	}
	return 16
}

// areaCost is of the kinds that look at several pixels.
func areaCost(p *tensor.Program, o *tensor.Op) float64 {
	i, xv, out := o.Attr.I, p.Values[o.Args[0]], p.Values[o.Out]
	x, y := elems(xv), elems(out)
	switch o.Kind {
	case tensor.KindResize:
		return resizeCost(i[0], xv.Shape, out.Shape)
	case tensor.KindFilter2D:
		return y * (elems(p.Values[o.Args[1]]) + 16)
	case tensor.KindGaussianBlur, tensor.KindBoxBlur, tensor.KindDilate, tensor.KindErode:
		return y * float64(i[0]+i[1]+16)
	case tensor.KindMedianFilter:
		return 24 * y * float64(i[0]*i[1]+4)
	case tensor.KindResizeAA:
		sy, sx := float64(xv.Shape[1])/float64(out.Shape[1]), float64(xv.Shape[2])/float64(out.Shape[2])
		middle := x / float64(xv.Shape[2]) * float64(out.Shape[2])
		return 8*middle*(6*max(sx, 1)+2) + 2*y*(6*max(sy, 1)+2)
	case tensor.KindGridSample:
		taps := []float64{4, 1, 16}[i[0]]
		return elems(p.Values[o.Args[1]])*128 + y*taps*8
	case tensor.KindHistogram:
		return 32*x + 16*y
	case tensor.KindConvTranspose2D:
		w := p.Values[o.Args[1]].Shape
		return x*(float64(w[1])+40)*float64(w[2])*float64(w[3]) + 8*y
	case tensor.KindFFT:
		n := xv.Shape[i[0]]
		per := 8 * float64(bits.Len(uint(n)))
		if n&(n-1) != 0 { // by a convolution of at least twice the length
			per *= 6
		}
		return x*per + 512*float64(n)
	}
	return 0
}

// resizeCost is of KindResize, whose filters of several places go along one axis, then the other.
func resizeCost(filter int, x, out tensor.Shape) float64 {
	y := float64(out.Elems())
	if filter < tensor.Bilinear {
		return 4 * y
	}
	middle := float64(x[0]*x[1]*x[3]) * float64(out[2])
	if filter == tensor.Area {
		return 8*(float64(x.Elems())+middle) + 2*(middle+y)
	}
	return 48*middle + 8*y
}

// scratchLanes is how many processors' scratch memory is counted: with more, a host has memory for them.
const scratchLanes = 16

// scratchOf is how many bytes an op needs beside arguments and result while it runs; of the older kinds it is not counted.
func scratchOf(p *tensor.Program, o *tensor.Op) int64 {
	if o.Kind == tensor.KindResize && o.Attr.I[0] >= tensor.Bilinear {
		x := p.Values[o.Args[0]].Shape
		return 4 * int64(x[0]*x[1]*x[3]) * int64(p.Values[o.Out].Shape[2])
	}
	if o.Kind < tensor.KindExp2 || len(o.Args) == 0 {
		return 0
	}
	size := func(id tensor.ID) int64 { return 4 * int64(p.Values[id].Shape.Elems()) }
	x, i, total := p.Values[o.Args[0]].Shape, o.Attr.I, int64(0)
	for _, a := range o.Args {
		if p.Values[a].DType != tensor.F32 {
			total += size(a)
		}
	}
	row := func(kw int) int64 { return scratchLanes * 4 * int64(x[2]+kw) * int64(x[3]) }
	switch k := o.Kind; {
	case k >= tensor.KindArgMin && k <= tensor.KindTopKIndex:
		n := int64(x[i[0]])
		return total + 28*n*min(int64(x.Elems())/max(n, 1), scratchLanes)
	case k == tensor.KindMedianFilter:
		return total + row(i[1])*int64(i[0])
	case k == tensor.KindFilter2D:
		return total + row(p.Values[o.Args[1]].Shape[1])
	case k == tensor.KindGaussianBlur, k == tensor.KindBoxBlur, k == tensor.KindDilate, k == tensor.KindErode:
		return total + row(i[1]) + 2*size(o.Out)
	case k == tensor.KindResizeAA:
		return total + 4*int64(x[0]*x[1]*x[3])*int64(p.Values[o.Out].Shape[2])
	case k == tensor.KindConvTranspose2D:
		return total + size(o.Args[1])
	case k == tensor.KindFFT:
		return total + (scratchLanes+3)*16*4*int64(x[i[0]])
	case k == tensor.KindOver:
		return total + 2*size(o.Out)
	case k == tensor.KindHistogram:
		return total + scratchLanes*2*size(o.Out)
	}
	return total
}
