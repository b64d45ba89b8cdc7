// Package latent holds the nodes that make and change latents without a model.
package latent

import (
	"context"
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/room"
)

const (
	category      = "model/latent"
	maxResolution = 16384 // pixels
	cell          = 8     // pixels a side of a latent cell stands for in these nodes
)

// All lists the nodes of the package.
func All() []node.Node {
	return []node.Node{
		empty.Node(), emptySD3.Node(), upscale.Node(), upscaleBy.Node(), fromBatch.Node(), repeatBatch.Node(), setNoiseMask.Node(),
		composite.Node(), rotate.Node(), flip.Node(), crop.Node(), blend.Node(),
	}
}

type oneIn struct{ Samples value.Latent }
type oneOut struct{ Latent value.Latent }

func result(p *node.Ports, out *oneOut) node.Out { return node.Result(p, "LATENT", &out.Latent) }

type emptyIn struct{ Width, Height, Batch int }

var empty = node.Def[emptyIn, oneOut]{
	ID: "EmptyLatentImage", Name: "Empty Latent Image", Category: category,
	Help:    "A batch of empty latents: what a picture made from words alone starts from.",
	Aliases: []string{"empty", "empty latent", "new latent", "create latent", "blank latent", "blank"},
	Ports: func(p *node.Ports, in *emptyIn, out *oneOut) {
		node.Number(p, "width", &in.Width, 512).Range(16, maxResolution).Step(8).Help("Width of the picture in pixels.")
		node.Number(p, "height", &in.Height, 512).Range(16, maxResolution).Step(8).Help("Height of the picture in pixels.")
		node.Number(p, "batch_size", &in.Batch, 1).Range(1, 4096).Help("How many pictures are made at once.")
		result(p, out).Help("The empty latents.")
	},
	Do: func(_ context.Context, in emptyIn) (oneOut, error) {
		s, err := room.New(room.Batch(in.Batch, in.Width, in.Height), in.Batch, 4, in.Height/cell, in.Width/cell)
		return oneOut{value.Latent{Samples: s, Extra: map[string]any{"downscale_ratio_spacial": int64(cell)}}}, err
	},
}

// emptySD3 makes latents of 16 channels. A sampler gives an empty latent the channels of its model anyway.
var emptySD3 = node.Def[emptyIn, oneOut]{
	ID: "EmptySD3LatentImage", Category: category + "/stable diffusion", Module: "comfy_extras.nodes_sd3", V3: true,
	Help: "A batch of empty latents with 16 channels, as Stable Diffusion 3 and later models have.",
	Ports: func(p *node.Ports, in *emptyIn, out *oneOut) {
		node.Number(p, "width", &in.Width, 1024).Range(16, maxResolution).Step(16)
		node.Number(p, "height", &in.Height, 1024).Range(16, maxResolution).Step(16)
		node.Number(p, "batch_size", &in.Batch, 1).Range(1, 4096)
		result(p, out)
	},
	Do: func(_ context.Context, in emptyIn) (oneOut, error) {
		const channels = 16
		s, err := room.New(room.Batch(in.Batch, in.Width, in.Height), in.Batch, channels, in.Height/cell, in.Width/cell)
		return oneOut{value.Latent{Samples: s, Extra: map[string]any{"downscale_ratio_spacial": int64(cell)}}}, err
	},
}

type fromBatchIn struct {
	oneIn
	Index, Length int
}

var fromBatch = node.Def[fromBatchIn, oneOut]{
	ID: "LatentFromBatch", Name: "Get Latent From Batch", Category: category + "/batch",
	Help:    "Takes some latents out of a batch. They draw the same noise as they would have in the whole batch.",
	Aliases: []string{"select from batch", "pick latent", "batch subset"},
	Ports: func(p *node.Ports, in *fromBatchIn, out *oneOut) {
		node.Link(p, "samples", &in.Samples)
		node.Number(p, "batch_index", &in.Index, 0).Range(-maxResolution, maxResolution)
		node.Number(p, "length", &in.Length, 1).Range(1, 64)
		result(p, out)
	},
	Do: func(_ context.Context, in fromBatchIn) (oneOut, error) {
		l := in.Samples
		n := l.Samples.Dim(0)
		from := in.Index
		if from < 0 {
			from += n
		}
		from = max(0, min(n-1, from))
		to := from + min(n-from, in.Length)
		out := l.With(l.Samples.Slice(0, from, to).Clone())
		if m := l.NoiseMask; m != nil && m.Dim(0) > 1 {
			out.NoiseMask = fill(m, n).Slice(0, from, to).Clone()
		}
		if l.BatchIndex != nil {
			out.BatchIndex = slices.Clone(l.BatchIndex[min(from, len(l.BatchIndex)):min(to, len(l.BatchIndex))])
		} else {
			out.BatchIndex = make([]int, to-from)
			for i := range out.BatchIndex {
				out.BatchIndex[i] = from + i
			}
		}
		return oneOut{out}, nil
	},
}

type repeatIn struct {
	oneIn
	Amount int
}

var repeatBatch = node.Def[repeatIn, oneOut]{
	ID: "RepeatLatentBatch", Name: "Repeat Latent Batch", Category: category + "/batch",
	Help:    "Repeats a batch of latents; every copy draws noise of its own.",
	Aliases: []string{"duplicate latent", "clone latent"},
	Ports: func(p *node.Ports, in *repeatIn, out *oneOut) {
		node.Link(p, "samples", &in.Samples)
		node.Number(p, "amount", &in.Amount, 1).Range(1, 64)
		result(p, out)
	},
	Do: func(_ context.Context, in repeatIn) (oneOut, error) {
		l := in.Samples
		s := l.Samples.Shape().Clone()
		s[0] *= in.Amount
		if err := room.For("This batch", s...); err != nil {
			return oneOut{}, err
		}
		out := l.With(tile(l.Samples, in.Amount))
		if l.NoiseMask != nil && l.NoiseMask.Dim(0) > 1 {
			out.NoiseMask = tile(l.NoiseMask, in.Amount)
		}
		if len(l.BatchIndex) > 0 {
			step := slices.Max(l.BatchIndex) - slices.Min(l.BatchIndex) + 1
			out.BatchIndex = nil
			for i := range in.Amount {
				for _, x := range l.BatchIndex {
					out.BatchIndex = append(out.BatchIndex, x+i*step)
				}
			}
		}
		return oneOut{out}, nil
	},
}

type noiseMaskIn struct {
	oneIn
	Mask value.Mask
}

var setNoiseMask = node.Def[noiseMaskIn, oneOut]{
	ID: "SetLatentNoiseMask", Name: "Set Latent Noise Mask", Category: category,
	Help: "Lets the sampler change only what the mask covers.",
	Ports: func(p *node.Ports, in *noiseMaskIn, out *oneOut) {
		node.Link(p, "samples", &in.Samples)
		node.Link(p, "mask", &in.Mask)
		result(p, out)
	},
	Do: func(_ context.Context, in noiseMaskIn) (oneOut, error) {
		m := in.Mask.Dense()
		if len(m.Shape()) < 2 {
			return oneOut{}, fault.New(fault.BadTensor, "a mask of shape %v has no height and width", m.Shape())
		}
		out := in.Samples
		out.NoiseMask = m.Reshape(-1, 1, m.Dim(-2), m.Dim(-1))
		return oneOut{out}, nil
	},
}

// tile repeats the whole batch.
func tile(t *tensor.Tensor, times int) *tensor.Tensor {
	shape := t.Shape().Clone()
	shape[0] *= times
	out, src := tensor.New(t.DType(), shape...), t.Dense().Bytes()
	for i := range times {
		copy(out.Bytes()[i*len(src):], src)
	}
	return out
}

// fill repeats the batch until it has n items, and cuts it there.
func fill(t *tensor.Tensor, n int) *tensor.Tensor {
	if t.Dim(0) >= n {
		return t
	}
	return tile(t, (n+t.Dim(0)-1)/t.Dim(0)).Slice(0, 0, n)
}

// roundHalfEven rounds as Python's round does.
func roundHalfEven(x float64) int { return int(math.RoundToEven(x)) }
