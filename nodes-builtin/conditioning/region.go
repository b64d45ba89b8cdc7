package conditioning

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/value"
)

// latentCell is how many pixels a side of a latent cell stands for in the nodes that take areas in pixels.
const latentCell = 8

const maxResolution = 16384 // pixels

type areaIn struct {
	Conditioning        value.Conditioning
	Width, Height, X, Y int
	Strength            float64
}

func strength(p *node.Ports, to *float64) {
	node.Number(p, "strength", to, 1).Range(0.0, 10.0).Step(0.01)
}

var setArea = node.Def[areaIn, oneOut]{
	ID: "ConditioningSetArea", Name: "Conditioning (Set Area)", Category: category,
	Help:    "Lets a conditioning act within a rectangle only, given in pixels.",
	Aliases: []string{"regional prompt", "area prompt", "spatial conditioning", "localized prompt"},
	Ports: func(p *node.Ports, in *areaIn, out *oneOut) {
		node.Link(p, "conditioning", &in.Conditioning)
		node.Number(p, "width", &in.Width, 64).Range(64, maxResolution).Step(8)
		node.Number(p, "height", &in.Height, 64).Range(64, maxResolution).Step(8)
		node.Number(p, "x", &in.X, 0).Range(0, maxResolution).Step(8)
		node.Number(p, "y", &in.Y, 0).Range(0, maxResolution).Step(8)
		strength(p, &in.Strength)
		result(p, out)
	},
	Do: func(_ context.Context, in areaIn) (oneOut, error) {
		area := value.Area{
			Height: float64(in.Height / latentCell), Width: float64(in.Width / latentCell),
			Y: float64(in.Y / latentCell), X: float64(in.X / latentCell),
		}
		return withArea(in.Conditioning, area, in.Strength), nil
	},
}

type shareIn struct {
	Conditioning        value.Conditioning
	Width, Height, X, Y float64
	Strength            float64
}

var setAreaPercentage = node.Def[shareIn, oneOut]{
	ID: "ConditioningSetAreaPercentage", Name: "Conditioning (Set Area with Percentage)", Category: category,
	Help: "Lets a conditioning act within a rectangle only, given in shares of the picture.",
	Ports: func(p *node.Ports, in *shareIn, out *oneOut) {
		node.Link(p, "conditioning", &in.Conditioning)
		node.Number(p, "width", &in.Width, 1).Range(0, 1.0).Step(0.01)
		node.Number(p, "height", &in.Height, 1).Range(0, 1.0).Step(0.01)
		node.Number(p, "x", &in.X, 0).Range(0, 1.0).Step(0.01)
		node.Number(p, "y", &in.Y, 0).Range(0, 1.0).Step(0.01)
		strength(p, &in.Strength)
		result(p, out)
	},
	Do: func(_ context.Context, in shareIn) (oneOut, error) {
		area := value.Area{Height: in.Height, Width: in.Width, Y: in.Y, X: in.X, Percentage: true}
		return withArea(in.Conditioning, area, in.Strength), nil
	},
}

func withArea(in value.Conditioning, area value.Area, strength float64) oneOut {
	return each(in, func(c value.Cond) value.Cond {
		c = value.Set(c, value.KeyArea, area)
		c = value.Set(c, value.KeyStrength, strength)
		return value.Set(c, value.KeySetAreaToBounds, false)
	})
}

type strengthIn struct {
	Conditioning value.Conditioning
	Strength     float64
}

var setAreaStrength = node.Def[strengthIn, oneOut]{
	ID: "ConditioningSetAreaStrength", Name: "Conditioning (Set Area Strength)", Category: category,
	Help: "Sets how much a conditioning counts against others that act in the same place.",
	Ports: func(p *node.Ports, in *strengthIn, out *oneOut) {
		node.Link(p, "conditioning", &in.Conditioning)
		strength(p, &in.Strength)
		result(p, out)
	},
	Do: func(_ context.Context, in strengthIn) (oneOut, error) {
		return each(in.Conditioning, func(c value.Cond) value.Cond {
			return value.Set(c, value.KeyStrength, in.Strength)
		}), nil
	},
}

type maskIn struct {
	Conditioning value.Conditioning
	Mask         value.Mask
	Strength     float64
	Area         string
}

var setMask = node.Def[maskIn, oneOut]{
	ID: "ConditioningSetMask", Name: "Conditioning (Set Mask)", Category: category,
	Help:    "Lets a conditioning act where a mask says, or only compute within the mask's bounds.",
	Aliases: []string{"masked prompt", "regional inpaint conditioning", "mask conditioning"},
	Ports: func(p *node.Ports, in *maskIn, out *oneOut) {
		node.Link(p, "conditioning", &in.Conditioning)
		node.Link(p, "mask", &in.Mask)
		strength(p, &in.Strength)
		node.Choice(p, "set_cond_area", &in.Area, "default", "mask bounds")
		result(p, out)
	},
	Do: func(_ context.Context, in maskIn) (oneOut, error) {
		mask := in.Mask.Tensor
		if len(mask.Shape()) == 2 {
			mask = mask.Dense().Reshape(1, mask.Dim(0), mask.Dim(1))
		}
		return each(in.Conditioning, func(c value.Cond) value.Cond {
			c = value.Set(c, value.KeyMask, mask)
			c = value.Set(c, value.KeySetAreaToBounds, in.Area != "default")
			return value.Set(c, value.KeyMaskStrength, in.Strength)
		}), nil
	},
}

type rangeIn struct {
	Conditioning value.Conditioning
	Start, End   float64
}

var setTimestepRange = node.Def[rangeIn, oneOut]{
	ID: "ConditioningSetTimestepRange", Name: "ConditioningSetTimestepRange", Category: category,
	Help: "Lets a conditioning act during a part of the sampling only: 0 is the first step, 1 the last.",
	Ports: func(p *node.Ports, in *rangeIn, out *oneOut) {
		node.Link(p, "conditioning", &in.Conditioning)
		node.Number(p, "start", &in.Start, 0).Range(0.0, 1.0).Step(0.001)
		node.Number(p, "end", &in.End, 1).Range(0.0, 1.0).Step(0.001)
		result(p, out)
	},
	Do: func(_ context.Context, in rangeIn) (oneOut, error) {
		return each(in.Conditioning, func(c value.Cond) value.Cond {
			c = value.Set(c, value.KeyStartPercent, in.Start)
			return value.Set(c, value.KeyEndPercent, in.End)
		}), nil
	},
}
