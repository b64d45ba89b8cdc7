package latent

import (
	"context"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

type rotateIn struct {
	oneIn
	Rotation string
}

var rotate = node.Def[rotateIn, oneOut]{
	ID: "LatentRotate", Name: "Rotate Latent", Category: category + "/transform", Help: "Turns latents clockwise.",
	Ports: func(p *node.Ports, in *rotateIn, out *oneOut) {
		node.Link(p, "samples", &in.Samples)
		node.Choice(p, "rotation", &in.Rotation, "none", "90 degrees", "180 degrees", "270 degrees")
		result(p, out)
	},
	Do: func(_ context.Context, in rotateIn) (oneOut, error) {
		s := in.Samples.Samples
		h, w := s.Dim(-2), s.Dim(-1)
		switch {
		case strings.HasPrefix(in.Rotation, "90"):
			s = remap(s, w, h, func(y, x int) (int, int) { return h - 1 - x, y })
		case strings.HasPrefix(in.Rotation, "180"):
			s = remap(s, h, w, func(y, x int) (int, int) { return h - 1 - y, w - 1 - x })
		case strings.HasPrefix(in.Rotation, "270"):
			s = remap(s, w, h, func(y, x int) (int, int) { return x, w - 1 - y })
		}
		return oneOut{in.Samples.With(s)}, nil
	},
}

type flipIn struct {
	oneIn
	Method string
}

var flip = node.Def[flipIn, oneOut]{
	ID: "LatentFlip", Name: "Flip Latent", Category: category + "/transform", Help: "Mirrors latents.",
	Aliases: []string{"mirror latent"},
	Ports: func(p *node.Ports, in *flipIn, out *oneOut) {
		node.Link(p, "samples", &in.Samples)
		node.Choice(p, "flip_method", &in.Method, "x-axis: vertically", "y-axis: horizontally")
		result(p, out)
	},
	Do: func(_ context.Context, in flipIn) (oneOut, error) {
		s := in.Samples.Samples
		h, w := s.Dim(-2), s.Dim(-1)
		switch in.Method[:1] {
		case "x":
			s = remap(s, h, w, func(y, x int) (int, int) { return h - 1 - y, x })
		case "y":
			s = remap(s, h, w, func(y, x int) (int, int) { return y, w - 1 - x })
		}
		return oneOut{in.Samples.With(s)}, nil
	},
}

type cropIn struct {
	oneIn
	Width, Height, X, Y int
}

var crop = node.Def[cropIn, oneOut]{
	ID: "LatentCrop", Name: "Crop Latent", Category: category + "/transform",
	Help:    "Cuts a rectangle, given in pixels, out of latents.",
	Aliases: []string{"trim latent", "cut latent"},
	Ports: func(p *node.Ports, in *cropIn, out *oneOut) {
		node.Link(p, "samples", &in.Samples)
		node.Number(p, "width", &in.Width, 512).Range(64, maxResolution).Step(8)
		node.Number(p, "height", &in.Height, 512).Range(64, maxResolution).Step(8)
		node.Number(p, "x", &in.X, 0).Range(0, maxResolution).Step(8)
		node.Number(p, "y", &in.Y, 0).Range(0, maxResolution).Step(8)
		result(p, out)
	},
	Do: func(_ context.Context, in cropIn) (oneOut, error) {
		s := in.Samples.Samples
		// Compat: the offset leaves eight cells. On smaller latents it is negative and counts from the far side, as a
		// Python slice does; what is cut may then be empty.
		x, y := min(in.X/cell, s.Dim(3)-8), min(in.Y/cell, s.Dim(2)-8)
		fromY, toY := pySlice(y, y+in.Height/cell, s.Dim(2))
		fromX, toX := pySlice(x, x+in.Width/cell, s.Dim(3))
		return oneOut{in.Samples.With(s.Slice(2, fromY, toY).Slice(3, fromX, toX).Clone())}, nil
	},
}

// pySlice gives the bounds within n that Python's x[from:to] takes.
func pySlice(from, to, n int) (int, int) {
	bound := func(i int) int {
		if i < 0 {
			i += n
		}
		return min(max(i, 0), n)
	}
	from, to = bound(from), bound(to)
	return from, max(from, to)
}

type compositeIn struct {
	To, From      value.Latent
	X, Y, Feather int
}

var composite = node.Def[compositeIn, oneOut]{
	ID: "LatentComposite", Name: "Latent Composite", Category: category, Help: "Pastes latents onto others, with soft edges if asked.",
	Aliases: []string{"overlay latent", "layer latent", "paste latent"},
	Ports: func(p *node.Ports, in *compositeIn, out *oneOut) {
		node.Link(p, "samples_to", &in.To)
		node.Link(p, "samples_from", &in.From)
		node.Number(p, "x", &in.X, 0).Range(0, maxResolution).Step(8)
		node.Number(p, "y", &in.Y, 0).Range(0, maxResolution).Step(8)
		node.Number(p, "feather", &in.Feather, 0).Range(0, maxResolution).Step(8)
		result(p, out)
	},
	Do: func(_ context.Context, in compositeIn) (oneOut, error) {
		to, err := pasted(in.To.Samples, in.From.Samples, in.X/cell, in.Y/cell, in.Feather/cell)
		return oneOut{in.To.With(to)}, err
	},
}

// pasted lays from over to, its corner at x, y and its edges soft by so many cells. What lies beyond to's edges is cut off, maybe
// all of it. A batch or channels of one serve for all.
func pasted(onto, from *tensor.Tensor, x, y, feather int) (*tensor.Tensor, error) {
	to := onto.Clone()
	from = from.Dense()
	h, w := max(0, min(from.Dim(2), to.Dim(2)-y)), max(0, min(from.Dim(3), to.Dim(3)-x))
	// Compat: far beyond the edge some rows or columns are left to paste where there are none, and the reference fails.
	far := y > to.Dim(2) && from.Dim(2)+to.Dim(2)-y > 1 || x > to.Dim(3) && from.Dim(3)+to.Dim(3)-x > 1
	if far || (from.Dim(1) != to.Dim(1) && from.Dim(1) != 1) || (from.Dim(0) != to.Dim(0) && from.Dim(0) != 1) {
		return nil, fault.New(fault.BadTensor, "latents of shape %v cannot be pasted at %d,%d onto %v", from.Shape(), x*cell, y*cell, to.Shape())
	}
	mask := featherMask(h, w, feather, y != 0, y+h < to.Dim(2), x != 0, x+w < to.Dim(3))
	for p := range to.Dim(0) * to.Dim(1) {
		d, s := planeOf(to, p/to.Dim(1), p%to.Dim(1)), planeOf(from, p/to.Dim(1), p%to.Dim(1))
		for i := range h {
			for j := range w {
				m, at := mask[i*w+j], (y+i)*to.Dim(3)+x+j
				d[at] = s[i*from.Dim(3)+j]*m + d[at]*(1-m)
			}
		}
	}
	return to, nil
}

// featherMask is 1 with ramps of the given number of cells at the sides named.
func featherMask(h, w, feather int, top, bottom, left, right bool) []float32 {
	m := make([]float32, h*w)
	for i := range m {
		m[i] = 1
	}
	for t := range min(feather, max(h, w)) {
		k := float32(1 / float64(feather) * float64(t+1))
		for i := range h {
			for j := range w {
				if (top && i == t) || (bottom && i == h-1-t) {
					m[i*w+j] *= k
				}
				if top && bottom && i == t && i == h-1-t {
					m[i*w+j] *= k
				}
				if (left && j == t) || (right && j == w-1-t) {
					m[i*w+j] *= k
				}
				if left && right && j == t && j == w-1-t {
					m[i*w+j] *= k
				}
			}
		}
	}
	return m
}

// remap makes planes of height h and width w whose cell y, x comes from from(y, x).
func remap(t *tensor.Tensor, h, w int, from func(y, x int) (int, int)) *tensor.Tensor {
	shape := t.Shape().Clone()
	n := len(shape)
	planes, size, srcW := t.Elems()/(t.Dim(-1)*t.Dim(-2)), h*w, t.Dim(-1)
	shape[n-2], shape[n-1] = h, w
	out := tensor.New(tensor.F32, shape...)
	dst, src := out.F32(), t.Dense().F32()
	for y := range h {
		for x := range w {
			sy, sx := from(y, x)
			for p := range planes {
				dst[p*size+y*w+x] = src[p*size+sy*srcW+sx]
			}
		}
	}
	return out
}
