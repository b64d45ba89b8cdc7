package rng

import (
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// MaxBatchIndex bounds the index that an item of a batch draws its noise by: every lower index is drawn too.
const MaxBatchIndex = 1 << 16

// Noise draws the starting noise of a batch of latents of the given shape (batch first). With a batch index, item i gets
// the noise that item index[i] of a large enough batch drawn item by item would get; equal indexes share theirs, and the
// index's length is the batch.
func (g *Generator) Noise(shape []int, index []int) ([]float32, error) {
	item := 1
	for _, d := range shape[1:] {
		item *= d
	}
	if index == nil {
		out := make([]float32, shape[0]*item)
		g.Randn(out)
		return out, nil
	}
	if len(index) == 0 {
		return nil, fault.New(fault.BadTensor, "the batch index of the latent is empty")
	}
	last := slices.Max(index)
	if slices.Min(index) < 0 {
		return nil, fault.New(fault.ValueTooSmall, "batch index %d is below 0", slices.Min(index))
	}
	if last > MaxBatchIndex {
		return nil, fault.New(fault.TooLarge, "batch index %d is over %d", last, MaxBatchIndex)
	}
	out := make([]float32, len(index)*item)
	one := make([]float32, item)
	for i := 0; i <= last; i++ {
		g.Randn(one)
		for at, want := range index {
			if want == i {
				copy(out[at*item:], one)
			}
		}
	}
	return out, nil
}
