// Package resize changes the size of the tensors that links carry. Nodes of several themes share it.
package resize

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging/resample"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/room"
)

// Latent resizes [batch, channels, height, width], or with frames before the height, to width and height in cells.
func Latent(ctx context.Context, t *tensor.Tensor, width, height int, method, crop string) (*tensor.Tensor, error) {
	shape := t.Shape().Clone()
	n := len(shape)
	if n < 4 {
		return nil, fault.New(fault.BadTensor, "a latent of shape %v has no batch, channels, height and width", shape)
	}
	if method == string(resample.Area) && (width == 0 || height == 0) {
		// Compat: the mean over nothing is an empty picture; the other methods refuse.
		shape[n-2], shape[n-1] = height, width
		return tensor.New(tensor.F32, shape...), nil
	}
	if err := room.For(room.Batch(shape[0], width, height), append(shape[:n-2:n-2], height, width)...); err != nil {
		return nil, err
	}
	in := resample.Planes{N: shape[0], C: shape[1], T: shape[2 : n-2].Elems(), H: shape[n-2], W: shape[n-1], Pix: t.Dense().F32()}
	out, err := resample.To(ctx, in, width, height, resample.Method(method), resample.Crop(crop))
	if err != nil {
		return nil, err
	}
	shape[n-2], shape[n-1] = height, width
	return tensor.FromF32(out.Pix, shape...), nil
}

// Image resizes pictures to width and height in pixels.
func Image(ctx context.Context, img value.Image, width, height int, method, crop string) (value.Image, error) {
	planar, err := Latent(ctx, img.Permute(0, 3, 1, 2), width, height, method, crop)
	if err != nil {
		return value.Image{}, err
	}
	return value.Image{Tensor: planar.Permute(0, 2, 3, 1).Clone()}, nil
}

// Mask resizes [batch, 1, height, width] by torch's bilinear rule.
func Mask(ctx context.Context, m *tensor.Tensor, width, height int) (*tensor.Tensor, error) {
	return Latent(ctx, m, width, height, string(resample.Bilinear), string(resample.Disabled))
}
