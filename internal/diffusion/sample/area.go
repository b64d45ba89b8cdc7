package sample

import (
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// area is a box in a latent's cells: a size and an offset for each spatial dimension, outermost first. nil is everywhere.
type area struct{ size, at []int }

// unbounded is the size of an area in dimensions it does not speak of.
const unbounded = 1 << 31

func (a *area) equal(b *area) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.Equal(a.size, b.size) && slices.Equal(a.at, b.at)
}

// widen gives the area at least dims dimensions: it spans what it does not speak of.
func (a area) widen(dims int) area {
	for len(a.size) < dims {
		a.size = append([]int{unbounded}, a.size...)
		a.at = append([]int{0}, a.at...)
	}
	return a
}

// inside reports whether a lies within b.
func (a area) inside(b area) bool {
	a, b = a.widen(len(b.size)), b.widen(len(a.size))
	for i := range a.size {
		if a.at[i] < b.at[i] || a.at[i]+a.size[i] > b.at[i]+b.size[i] {
			return false
		}
	}
	return true
}

func (a area) volume() float64 {
	v := 1.0
	for _, s := range a.size {
		v *= float64(s)
	}
	return v
}

// within cuts the area to a latent's spatial shape. It is false for an area that lies outside.
func (a area) within(dims []int) (*area, bool) {
	a = a.widen(len(dims))
	out := &area{size: slices.Clone(a.size[:len(dims)]), at: slices.Clone(a.at[:len(dims)])}
	for i, d := range dims {
		out.size[i] = min(d-out.at[i], out.size[i])
		if out.at[i] < 0 || out.size[i] <= 0 {
			return nil, false
		}
	}
	return out, true
}

// cut gives the part of t that lies in the area; t's spatial dimensions start at first.
func (a *area) cut(t *tensor.Tensor, first int) *tensor.Tensor {
	if a == nil {
		return t
	}
	for i := range a.size {
		if first+i >= len(t.Shape()) {
			break
		}
		from := min(a.at[i], t.Dim(first+i))
		t = t.Slice(first+i, from, min(from+a.size[i], t.Dim(first+i)))
	}
	return t.Dense()
}

// resolveArea gives a condition's area in cells, nil for none.
func resolveArea(c value.Cond, dims []int) *area {
	r, ok := value.Get(c, KeyRegion)
	if !ok {
		a, ok := value.Get(c, value.KeyArea)
		if !ok {
			return nil
		}
		r = Region{Size: []float64{a.Height, a.Width}, At: []float64{a.Y, a.X}, Percentage: a.Percentage}
	}
	out := &area{}
	skip := max(0, len(dims)-len(r.Size)) // dimensions that the region does not speak of
	for i := range r.Size {
		size, at := r.Size[i], r.At[i]
		if r.Percentage && skip+i < len(dims) {
			d := float64(dims[skip+i])
			size, at = max(1, math.RoundToEven(size*d)), math.RoundToEven(at*d)
		}
		out.size, out.at = append(out.size, clampInt(size)), append(out.at, clampInt(at))
	}
	return out
}

func clampInt(x float64) int { return int(min(max(x, -unbounded), unbounded)) }

// boundsArea is the box around what is not zero in a mask [batch, height, width], 8 cells or more along each side.
func boundsArea(mask *tensor.Tensor) *area {
	h, w := mask.Dim(-2), mask.Dim(-1)
	top, left, bottom, right := h, w, -1, -1
	for i, v := range mask.F32() {
		if v != 0 {
			y, x := i/w%h, i%w
			top, left, bottom, right = min(top, y), min(left, x), max(bottom, y), max(right, x)
		}
	}
	if bottom < 0 {
		return &area{size: []int{8, 8}, at: []int{0, 0}}
	}
	return &area{size: []int{max(8, bottom-top+1), max(8, right-left+1)}, at: []int{top, left}}
}
