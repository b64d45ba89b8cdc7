// Package conditioning holds the nodes that change what guides a sampler: where a text acts, when, how strongly.
package conditioning

import (
	"context"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

const category = "model/conditioning/transform"

// All lists the nodes of the package.
func All() []node.Node {
	return []node.Node{
		average.Node(), combine.Node(), concat.Node(), multiply.Node(), setArea.Node(), setAreaPercentage.Node(),
		setAreaStrength.Node(), setMask.Node(), zeroOut.Node(), setTimestepRange.Node(),
	}
}

type oneOut struct{ Conditioning value.Conditioning }

func result(p *node.Ports, out *oneOut) { node.Result(p, "CONDITIONING", &out.Conditioning) }

// each makes a conditioning of f's result for every cond.
func each(in value.Conditioning, f func(value.Cond) value.Cond) oneOut {
	out := slices.Clone(in)
	for i, c := range out {
		out[i] = f(c)
	}
	return oneOut{out}
}

type pairIn struct{ To, From value.Conditioning }

type combineIn struct{ First, Second value.Conditioning }

var combine = node.Def[combineIn, oneOut]{
	ID: "ConditioningCombine", Name: "Conditioning (Combine)", Category: category, Essentials: "Image Generation",
	Help:    "Puts two conditionings side by side: the sampler follows both and averages what they ask for.",
	Aliases: []string{"combine", "merge conditioning", "combine prompts", "merge prompts", "mix prompts", "add prompt"},
	Ports: func(p *node.Ports, in *combineIn, out *oneOut) {
		node.Link(p, "conditioning_1", &in.First)
		node.Link(p, "conditioning_2", &in.Second)
		result(p, out)
	},
	Do: func(_ context.Context, in combineIn) (oneOut, error) {
		return oneOut{slices.Concat(in.First, in.Second)}, nil
	},
}

var concat = node.Def[pairIn, oneOut]{
	ID: "ConditioningConcat", Name: "Conditioning (Concat)", Category: category,
	Help: "Appends the tokens of one conditioning to those of another, as if both texts had been one.",
	Ports: func(p *node.Ports, in *pairIn, out *oneOut) {
		node.Link(p, "conditioning_to", &in.To)
		node.Link(p, "conditioning_from", &in.From)
		result(p, out)
	},
	Do: func(_ context.Context, in pairIn) (oneOut, error) {
		from, err := first(in.From)
		if err != nil {
			return oneOut{}, err
		}
		out := slices.Clone(in.To)
		for i, c := range out {
			if out[i].Cross, err = joinTokens(c.Cross, from.Cross); err != nil {
				return oneOut{}, err
			}
		}
		return oneOut{out}, nil
	},
}

type averageIn struct {
	pairIn
	Strength float64
}

var average = node.Def[averageIn, oneOut]{
	ID: "ConditioningAverage", Name: "Conditioning (Average)", Category: category,
	Help:    "Mixes two conditionings token by token.",
	Aliases: []string{"blend prompts", "interpolate conditioning", "mix prompts", "style fusion", "weighted blend"},
	Ports: func(p *node.Ports, in *averageIn, out *oneOut) {
		node.Link(p, "conditioning_to", &in.To)
		node.Link(p, "conditioning_from", &in.From)
		node.Number(p, "conditioning_to_strength", &in.Strength, 1).Range(0.0, 1.0).Step(0.01)
		result(p, out)
	},
	Do: func(_ context.Context, in averageIn) (oneOut, error) {
		from, err := first(in.From)
		if err != nil {
			return oneOut{}, err
		}
		out := slices.Clone(in.To)
		for i, c := range out {
			if out[i], err = averageOf(c, from, in.Strength); err != nil {
				return oneOut{}, err
			}
		}
		return oneOut{out}, nil
	},
}

func averageOf(to, from value.Cond, strength float64) (value.Cond, error) {
	fromCross, err := fitTokens(from.Cross, to.Cross.Dim(1))
	if err != nil {
		return to, err
	}
	out := to
	if out.Cross, err = mix(to.Cross, fromCross, strength); err != nil {
		return to, err
	}
	pooledFrom, has := value.Get(from, value.KeyPooled)
	if !has || pooledFrom == nil {
		return out, nil
	}
	pooledTo := value.Or(to, value.KeyPooled, pooledFrom)
	if pooledTo == nil { // Compat: a pooled output that is there but none takes the other's as it is
		return value.Set(out, value.KeyPooled, pooledFrom), nil
	}
	pooled, err := mix(pooledTo, pooledFrom, strength)
	return value.Set(out, value.KeyPooled, pooled), err
}

type multiplyIn struct {
	Conditioning value.Conditioning
	By           float64
}

var multiply = node.Def[multiplyIn, oneOut]{
	ID: "ConditioningMultiply", Name: "Conditioning (Multiply)", Category: category,
	Help:    "Multiplies all values of a conditioning.",
	Aliases: []string{"scale conditioning", "scale prompt", "multiply conditioning", "multiply prompt"},
	Ports: func(p *node.Ports, in *multiplyIn, out *oneOut) {
		node.Link(p, "conditioning", &in.Conditioning)
		node.Number(p, "multiplier", &in.By, 1).Range(-100.0, 100.0).Step(0.01)
		result(p, out)
	},
	Do: func(_ context.Context, in multiplyIn) (oneOut, error) {
		return each(in.Conditioning, func(c value.Cond) value.Cond {
			c.Cross = scale(c.Cross, in.By)
			return scalePooled(c, value.KeyPooled, in.By)
		}), nil
	},
}

type zeroIn struct{ Conditioning value.Conditioning }

// keyLyrics is the second text of music models.
const keyLyrics value.Key[*tensor.Tensor] = "conditioning_lyrics"

var zeroOut = node.Def[zeroIn, oneOut]{
	ID: "ConditioningZeroOut", Name: "Conditioning Zero Out", Category: category,
	Help:    "Replaces a conditioning by zeros of the same shape: guidance by nothing at all.",
	Aliases: []string{"null conditioning", "clear conditioning"},
	Ports: func(p *node.Ports, in *zeroIn, out *oneOut) {
		node.Link(p, "conditioning", &in.Conditioning)
		result(p, out)
	},
	Do: func(_ context.Context, in zeroIn) (oneOut, error) {
		return each(in.Conditioning, func(c value.Cond) value.Cond {
			c.Cross = tensor.New(tensor.F32, c.Cross.Shape()...)
			return zeroPooled(zeroPooled(c, value.KeyPooled), keyLyrics)
		}), nil
	},
}

func scalePooled(c value.Cond, k value.Key[*tensor.Tensor], by float64) value.Cond {
	if t, ok := value.Get(c, k); ok && t != nil {
		return value.Set(c, k, scale(t, by))
	}
	return c
}

func zeroPooled(c value.Cond, k value.Key[*tensor.Tensor]) value.Cond {
	if t, ok := value.Get(c, k); ok && t != nil {
		return value.Set(c, k, tensor.New(tensor.F32, t.Shape()...))
	}
	return c
}
