package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
)

// lower emits the steps of a node.
func (c *compiler) lower(n *node) error {
	k := n.op.Kind
	switch {
	case c.p.Values[n.out].Shape.Elems() == 0:
		c.out(n.out)
	case interp.Unary(k, n.op.Attr.F) != nil:
		c.unary(n)
	case interp.Binary(k) != nil, k == tensor.KindWhere, k == tensor.KindLerp, k == tensor.KindBlend:
		c.elementwise(n)
	case k == tensor.KindGather:
		c.gather(n)
	case k >= tensor.KindReshape && k <= tensor.KindTile:
		c.move(n)
	case k >= tensor.KindSum && k <= tensor.KindSoftmax:
		c.reduce(n)
	case k == tensor.KindCast:
		c.cast(n)
	case k >= tensor.KindArgMin && k <= tensor.KindTopKIndex:
		c.lines(n)
	case k >= tensor.KindScatterAdd && k <= tensor.KindTakeAlong:
		c.byIndex(n)
	case k >= tensor.KindIota && k <= tensor.KindNormal:
		c.source(n)
	case k >= tensor.KindTriu && k <= tensor.KindRepeat:
		c.rearrange(n)
	case k >= tensor.KindRGBToHSV && k <= tensor.KindOver:
		c.colour(n)
	default:
		return c.layer(n)
	}
	return nil
}

func (c *compiler) layer(n *node) error {
	switch n.op.Kind {
	case tensor.KindLinear:
		c.linear(n)
	case tensor.KindConv2D:
		c.conv2d(n)
	case tensor.KindMatMul:
		c.matmul(n)
	case tensor.KindGroupNorm:
		c.groupNorm(n)
	case tensor.KindLayerNorm, tensor.KindRMSNorm:
		c.rowNorm(n)
	case tensor.KindAttention:
		c.attention(n)
	case tensor.KindGLU:
		c.glu(n)
	case tensor.KindResize, tensor.KindAvgPool, tensor.KindMaxPool:
		return c.picture(n)
	default:
		return c.area(n)
	}
	return nil
}

// area lowers the kinds that look at several pixels.
func (c *compiler) area(n *node) error {
	switch n.op.Kind {
	case tensor.KindConvTranspose2D:
		c.convTranspose(n)
	case tensor.KindResizeAA:
		return c.resizeAA(n)
	case tensor.KindFilter2D, tensor.KindGaussianBlur, tensor.KindBoxBlur:
		c.filter(n)
	case tensor.KindMedianFilter:
		c.medianFilter(n)
	case tensor.KindDilate, tensor.KindErode:
		c.morphology(n)
	case tensor.KindGridSample:
		c.gridSample(n)
	case tensor.KindHistogram:
		c.histogram(n)
	case tensor.KindFFT:
		c.fft(n)
	default:
		return unsupported(n.op.Kind)
	}
	return nil
}

// arg gives argument i as F32; ok is false when it was left off.
func (c *compiler) arg(n *node, i int) (v val, ok bool) {
	if i >= len(n.op.Args) {
		return val{}, false
	}
	return c.f32(n.op.Args[i]), true
}

// ranges splits n elements or rows of the given cost in units of about 16k elements and calls fn for each, in parallel.
func (r *run) ranges(n, cost int, fn func(from, to int)) {
	const grain = 16 << 10
	per := max(grain/max(cost, 1), 1)
	units := (n + per - 1) / per
	r.b.pool.until(r.stop, units, func(_, u int) { fn(u*per, min((u+1)*per, n)) })
}

// share runs n units in parallel, or one after another when all their work, in multiplications or so, is less than waking
// another thread is worth.
func (r *run) share(n, work int, fn func(worker, unit int)) {
	const worth = 200_000
	if work < worth {
		for i := range n {
			fn(0, i)
		}
		return
	}
	r.b.pool.until(r.stop, n, fn)
}
