package tensor

import "math"

// Unary records an element-by-element op without constants, such as KindSiLU.
func (g *Graph) Unary(k Kind, x Ref) Ref { return g.Op(k, Attr{}, nil, x) }

// Binary records a broadcast op of two arguments, such as KindMin.
func (g *Graph) Binary(k Kind, x, y Ref) Ref { return g.Op(k, Attr{}, nil, x, y) }

// SiLU is x * sigmoid(x).
func (g *Graph) SiLU(x Ref) Ref { return g.Unary(KindSiLU, x) }

// Add is x + y, broadcast.
func (g *Graph) Add(x, y Ref) Ref { return g.Binary(KindAdd, x, y) }

// Sub is x - y, broadcast.
func (g *Graph) Sub(x, y Ref) Ref { return g.Binary(KindSub, x, y) }

// Mul is x * y, broadcast.
func (g *Graph) Mul(x, y Ref) Ref { return g.Binary(KindMul, x, y) }

// Div is x / y, broadcast.
func (g *Graph) Div(x, y Ref) Ref { return g.Binary(KindDiv, x, y) }

// Affine is x*scale + shift.
func (g *Graph) Affine(x Ref, scale, shift float64) Ref {
	return g.Op(KindAffine, Attr{F: []float64{scale, shift}}, nil, x)
}

// Clamp limits x to lo..hi.
func (g *Graph) Clamp(x Ref, lo, hi float64) Ref {
	return g.Op(KindClamp, Attr{F: []float64{lo, hi}}, nil, x)
}

// Reshape views x under another shape of as many elements; one size may be -1.
func (g *Graph) Reshape(x Ref, shape ...int) Ref { return g.Op(KindReshape, Attr{}, shape, x) }

// Permute orders the dimensions anew: dimension i of the result is dimension order[i] of x.
func (g *Graph) Permute(x Ref, order ...int) Ref { return g.Op(KindPermute, Attr{I: order}, nil, x) }

// Broadcast repeats dimensions of size 1 up to shape.
func (g *Graph) Broadcast(x Ref, shape ...int) Ref { return g.Op(KindBroadcast, Attr{}, shape, x) }

// Slice takes [from, to) of an axis; a negative axis counts from the innermost.
func (g *Graph) Slice(x Ref, axis, from, to int) Ref {
	return g.Op(KindSlice, Attr{I: []int{axisOf(x, axis), from, to, 1}}, nil, x)
}

// Concat joins along an axis; a negative axis counts from the innermost.
func (g *Graph) Concat(axis int, xs ...Ref) Ref {
	if len(xs) == 1 {
		return xs[0]
	}
	return g.Op(KindConcat, Attr{I: []int{axisOf(xs[0], axis)}}, nil, xs...)
}

// Pad adds zeros before and after along an axis.
func (g *Graph) Pad(x Ref, axis, before, after int) Ref {
	return g.Op(KindPad, Attr{I: []int{axisOf(x, axis), before, after, 0}, F: []float64{0}}, nil, x)
}

// Gather takes rows of a table [n, d] by ids [...], giving [..., d].
func (g *Graph) Gather(table, ids Ref) Ref { return g.Op(KindGather, Attr{}, nil, table, ids) }

// Mean averages over an axis, which stays with size 1.
func (g *Graph) Mean(x Ref, axis int) Ref {
	return g.Op(KindMean, Attr{I: []int{axisOf(x, axis)}}, nil, x)
}

// Softmax normalises exp(x) over an axis.
func (g *Graph) Softmax(x Ref, axis int) Ref {
	return g.Op(KindSoftmax, Attr{I: []int{axisOf(x, axis)}}, nil, x)
}

// MatMul multiplies [..., m, k] by [..., k, n].
func (g *Graph) MatMul(x, y Ref) Ref { return g.Op(KindMatMul, Attr{}, nil, x, y) }

// Linear is x wᵀ + bias for x [..., k], w [n, k] and bias [n] or None.
func (g *Graph) Linear(x, w, bias Ref) Ref { return g.Op(KindLinear, Attr{}, nil, x, w, bias) }

// Conv describes a two-dimensional convolution.
type Conv struct {
	Stride   int
	Pad      [4]int // top, left, bottom, right
	Dilation int    // 0 means 1
	Groups   int    // 0 means 1
}

// Conv2D convolves x [b, h, w, c] with w [o, c/groups, kh, kw] and adds bias [o] or None.
func (g *Graph) Conv2D(x, w, bias Ref, c Conv) Ref {
	d, n := max(c.Dilation, 1), max(c.Groups, 1)
	return g.Op(KindConv2D, Attr{I: []int{c.Stride, c.Stride, c.Pad[0], c.Pad[1], c.Pad[2], c.Pad[3], d, d, n}}, nil, x, w, bias)
}

// GroupNorm normalises x [b, ..., c] within groups of channels; w and bias are [c], or None both.
func (g *Graph) GroupNorm(x, w, bias Ref, groups int, eps float64) Ref {
	return g.Op(KindGroupNorm, Attr{I: []int{groups}, F: []float64{eps}}, nil, x, w, bias)
}

// LayerNorm normalises over the last dimension; w and bias are [c], or None both.
func (g *Graph) LayerNorm(x, w, bias Ref, eps float64) Ref {
	return g.Op(KindLayerNorm, Attr{F: []float64{eps}}, nil, x, w, bias)
}

// Attention is softmax(q·kᵀ/√d + mask)·v by head, for q [b, lq, h*d], k [b, lk, h*d], v [b, lk, h*dv]; mask is None or
// broadcasts to [b, h, lq, lk]. causal hides keys after the query. Source: arXiv:1706.03762, equation 1.
func (g *Graph) Attention(q, k, v, mask Ref, heads int, causal bool) Ref {
	hide := 0
	if causal {
		hide = 1
	}
	scale := 1 / math.Sqrt(float64(q.Dim(2)/heads))
	return g.Op(KindAttention, Attr{I: []int{heads, hide}, F: []float64{scale}}, nil, q, k, v, mask)
}

// Gates of GLU, by number as KindGLU has them.
const (
	GateSigmoid = iota
	GateGELU
	GateSiLU
	GateGELUTanh
)

// GLU splits the last dimension in halves a, b and gives a * gate(b).
func (g *Graph) GLU(x Ref, gate int) Ref { return g.Op(KindGLU, Attr{I: []int{gate}}, nil, x) }

// Filters of Resize, by number as KindResize has them.
const (
	Nearest = iota
	NearestExact
	Bilinear
	Bicubic
	Area
)

// Resize scales x [b, h, w, c] to a height and width.
func (g *Graph) Resize(x Ref, h, w, filter int) Ref {
	return g.Op(KindResize, Attr{I: []int{filter}}, Shape{x.Dim(0), h, w, x.Dim(3)}, x)
}

// Cast converts to another dtype by value.
func (g *Graph) Cast(x Ref, to DType) Ref {
	if x.dtype == to {
		return x
	}
	return g.Op(KindCast, Attr{I: []int{int(to)}}, nil, x)
}

func axisOf(x Ref, axis int) int {
	if axis < 0 {
		return axis + len(x.shape)
	}
	return axis
}
