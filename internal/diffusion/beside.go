package diffusion

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// blank is an inpainting model's latent of grey, what an empty picture is to it.
//
// Compat: the reference's four numbers.
var blank = [4]float32{0.8223, -0.6876, 0.6364, 0.1380}

// beside is what a model with more input channels than its latent has is given beside the latent, F32 [batch, channels,
// h, w]; nil for models that take the latent alone.
func (m *Model) beside(ctx context.Context, c value.Cond, in sample.CondInput) (*tensor.Tensor, error) {
	switch m.net.Channels - m.net.Out {
	case 0:
		return nil, nil
	case 5:
		return m.hole(ctx, c, in)
	case 4:
		return m.original(ctx, c, in)
	}
	return nil, fault.New(fault.Unsupported, "this model takes %d channels beside its latent, which is not supported", m.net.Channels-m.net.Out)
}

// hole is an inpainting model's mask and the latent of what is to stay.
func (m *Model) hole(ctx context.Context, c value.Cond, in sample.CondInput) (*tensor.Tensor, error) {
	n, h, w := in.Shape[0], in.Shape[2], in.Shape[3]
	mask, own := value.Get(c, value.KeyConcatMask)
	if !own {
		mask = in.Mask
	}
	out := tensor.New(tensor.F32, n, 5, h, w)
	if mask == nil {
		for i := range n {
			for ch, v := range append([]float32{1}, blank[:]...) {
				fillPlane(out, i, ch, v)
			}
		}
		return out, nil
	}
	mask, err := m.fit(ctx, oneChannel(mask), h, w)
	if err != nil {
		return nil, err
	}
	keep := in.Latent
	if z, ok := value.Get(c, value.KeyConcatLatent); ok {
		keep = m.format.In(z)
	}
	if keep, err = m.fit(ctx, keep, h, w); err != nil {
		return nil, err
	}
	if keep.Dim(1) != 4 {
		return nil, fault.New(fault.BadTensor, "the latent to inpaint has %d channels, not 4", keep.Dim(1))
	}
	area := h * w
	for i := range n {
		at := out.F32()[i*5*area:]
		for j, v := range mask.F32()[pick(i, mask.Dim(0), n)*area:][:area] {
			at[j] = float32(math.RoundToEven(float64(v)))
		}
		copy(at[area:5*area], keep.F32()[pick(i, keep.Dim(0), n)*4*area:])
	}
	return out, nil
}

// original is an editing model's latent of the picture to edit; zeros where there is none.
func (m *Model) original(ctx context.Context, c value.Cond, in sample.CondInput) (*tensor.Tensor, error) {
	n, h, w := in.Shape[0], in.Shape[2], in.Shape[3]
	out := tensor.New(tensor.F32, n, 4, h, w)
	z, ok := value.Get(c, value.KeyConcatLatent)
	if !ok {
		return out, nil
	}
	z, err := m.fit(ctx, z, h, w)
	if err != nil {
		return nil, err
	}
	if z.Dim(1) != 4 {
		return nil, fault.New(fault.BadTensor, "the latent to edit has %d channels, not 4", z.Dim(1))
	}
	item := 4 * h * w
	for i := range n {
		copy(out.F32()[i*item:(i+1)*item], z.F32()[pick(i, z.Dim(0), n)*item:])
	}
	return out, nil
}

func fillPlane(t *tensor.Tensor, item, channel int, v float32) {
	area := t.Dim(2) * t.Dim(3)
	plane := t.F32()[(item*t.Dim(1)+channel)*area:][:area]
	for i := range plane {
		plane[i] = v
	}
}

// oneChannel views a mask [b, h, w], or the first channel of [b, c, h, w], as [b, 1, h, w].
func oneChannel(mask *tensor.Tensor) *tensor.Tensor {
	if len(mask.Shape()) == 4 {
		return mask.Slice(1, 0, 1).Dense()
	}
	return mask.Dense().Reshape(-1, 1, mask.Dim(-2), mask.Dim(-1))
}

// pick is the item of a batch of have that stands for item i of a batch of want.
//
// Compat: both ends of a longer batch are kept, a shorter one is stretched.
func pick(i, have, want int) int {
	switch {
	case have == want:
		return i
	case want <= 1:
		return 0
	case want < have:
		return min(int(math.RoundToEven(float64(i)*float64(have-1)/float64(want-1))), have-1)
	}
	return min(int((float64(i)+0.5)*float64(have)/float64(want)), have-1)
}

// fit cuts t [b, c, h, w] in the middle to a shape and resizes it, bilinearly.
func (m *Model) fit(ctx context.Context, t *tensor.Tensor, h, w int) (*tensor.Tensor, error) {
	if len(t.Shape()) != 4 || t.Elems() == 0 {
		return nil, fault.New(fault.BadTensor, "a latent or mask of shape %v beside a picture", t.Shape())
	}
	if t.Dim(2) == h && t.Dim(3) == w {
		return t.Dense(), nil
	}
	old, want := float64(t.Dim(3))/float64(t.Dim(2)), float64(w)/float64(h)
	if old > want {
		cut := int(math.RoundToEven((float64(t.Dim(3)) - float64(t.Dim(3))*(want/old)) / 2))
		t = t.Slice(3, cut, t.Dim(3)-cut)
	} else if old < want {
		cut := int(math.RoundToEven((float64(t.Dim(2)) - float64(t.Dim(2))*(old/want)) / 2))
		t = t.Slice(2, cut, t.Dim(2)-cut)
	}
	t = t.Dense()
	g := tensor.NewGraph()
	x := g.Permute(g.Input("x", tensor.F32, t.Shape()...), 0, 2, 3, 1)
	g.Output(g.Permute(g.Resize(x, h, w, tensor.Bilinear), 0, 3, 1, 2))
	out, err := tensor.RunOnce(ctx, m.run.Backend(), g.Program(), t)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}
