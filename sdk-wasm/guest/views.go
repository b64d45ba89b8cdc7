package guest

import "github.com/cocoonhq/cocoon/sdk-wasm/abi"

// Cast is the tensor in another dtype.
func (t Tensor) Cast(dtype uint32) (Tensor, error) { return result(hostTCast(int64(t.ID), dtype)) }

// Permute views the dimensions in another order.
func (t Tensor) Permute(order ...int) (Tensor, error) {
	axes := make([]uint32, len(order))
	for i, a := range order {
		axes[i] = uint32(a)
	}
	p, _ := at(axes)
	return result(hostTPermute(int64(t.ID), p, uint32(len(axes))))
}

// Rect is a rectangle of one picture of a batch, in pixels.
type Rect struct{ Item, Y, X, Height, Width int }

// ReadRect copies a rectangle of pictures [batch, height, width, channels] into b, and gives how many bytes it has.
func (t Tensor) ReadRect(b []byte, r Rect) (int, error) {
	p, n := at(b)
	got := hostTReadRect(int64(t.ID), uint32(r.Item), uint32(r.Y), uint32(r.X), uint32(r.Height), uint32(r.Width), p, n)
	return int(got), check(got)
}

// WriteRect is the reverse of ReadRect, for a tensor of New's that nothing else has seen.
func (t Tensor) WriteRect(b []byte, r Rect) error {
	p, n := at(b)
	return check(hostTWriteRect(int64(t.ID), uint32(r.Item), uint32(r.Y), uint32(r.X), uint32(r.Height), uint32(r.Width), p, n))
}

// Latent gives a tensor the role of latents.
func (t Tensor) Latent() (Latent, error) {
	r, err := result(hostHMake(abi.KindLatent, int64(t.ID)))
	return Latent{abi.Handle{Kind: abi.KindLatent, ID: r.ID}}, err
}

// Part is a tensor of a latent: "samples" or "noise_mask". One that is not there is Error(abi.ENOENT).
func (l Latent) Part(key string) (Tensor, error) {
	p, n := atText(key)
	return result(hostHGet(int64(l.Handle.ID), p, n))
}
