package tensor

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// MaxDims is the most dimensions a tensor has.
const MaxDims = 6

// Shape is the size of each dimension, outermost first. An empty Shape is a scalar.
type Shape []int

// Elems is the number of elements. It panics on a negative size or when the number overflows an int.
func (s Shape) Elems() int {
	n, ok := s.TryElems()
	if !ok {
		panic(fmt.Sprintf("tensor: shape %v has no element count", s))
	}
	return n
}

// TryElems is the number of elements; ok is false on a negative size and when the number overflows an int.
func (s Shape) TryElems() (n int, ok bool) {
	n = 1
	for _, d := range s {
		if d < 0 || (d > 0 && n > math.MaxInt/d) {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// Equal reports whether both have the same sizes.
func (s Shape) Equal(o Shape) bool { return slices.Equal(s, o) }

// Clone copies the shape.
func (s Shape) Clone() Shape { return slices.Clone(s) }

// Last is the size of the innermost dimension, 1 for a scalar.
func (s Shape) Last() int {
	if len(s) == 0 {
		return 1
	}
	return s[len(s)-1]
}

// String gives "[2 3 4]" as "2x3x4", and "scalar" for the empty shape.
func (s Shape) String() string {
	if len(s) == 0 {
		return "scalar"
	}
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = fmt.Sprint(d)
	}
	return strings.Join(parts, "x")
}

// Broadcast returns the shape that both broadcast to by NumPy's rule: aligned at the innermost dimension, sizes equal or 1.
func Broadcast(a, b Shape) (Shape, bool) {
	out := make(Shape, max(len(a), len(b)))
	for i := range out {
		x, y := dimFromEnd(a, len(out)-i), dimFromEnd(b, len(out)-i)
		switch {
		case x == y || y == 1:
			out[i] = x
		case x == 1:
			out[i] = y
		default:
			return nil, false
		}
	}
	return out, true
}

func dimFromEnd(s Shape, k int) int {
	if k > len(s) {
		return 1
	}
	return s[len(s)-k]
}
