package sample

import "github.com/cocoonhq/cocoon/internal/tensor"

// arena lends memory for one evaluation after the other, so that steps do not allocate.
type arena struct {
	blocks [][]float32
	lent   int
}

// reset takes back all that was lent.
func (a *arena) reset() { a.lent = 0 }

// take lends n values, whatever they are, until the next reset.
func (a *arena) take(n int) []float32 {
	if a.lent == len(a.blocks) {
		a.blocks = append(a.blocks, nil)
	}
	b := a.blocks[a.lent]
	if cap(b) < n {
		b = make([]float32, n)
		a.blocks[a.lent] = b
	}
	a.lent++
	return b[:n]
}

// zeros lends n zeros.
func (a *arena) zeros(n int) []float32 {
	v := a.take(n)
	clear(v)
	return v
}

// tensor lends a tensor.
func (a *arena) tensor(shape tensor.Shape) *tensor.Tensor {
	return tensor.FromF32(a.take(shape.Elems()), shape...)
}
