package vae

import "github.com/cocoonhq/cocoon/internal/tensor"

// blend is a weighted sum of tiles and the sum of their weights.
type blend struct {
	sum      []float32 // [channels, size…]
	weight   []float32 // [size…]
	size     []int
	channels int
}

// add puts a tile [1, channels, …] at a place, weighed by ramps of the given length from all its sides. What reaches over
// the end is cut off.
func (b *blend) add(tile *tensor.Tensor, at []int, feather int) {
	shape := tile.Shape()[2:]
	ramps := make([][]float32, len(shape))
	for d, n := range shape {
		ramps[d] = ramp(n, feather)
	}
	places := tile.Elems() / b.channels
	all := len(b.weight)
	b.rows(shape, at, ramps, 0, 0, 0, 1, func(from, to, n int, weight float32, last []float32) {
		for i := range n {
			w := weight * last[i]
			b.weight[to+i] += w
			for c := range b.channels {
				b.sum[c*all+to+i] += tile.F32()[c*places+from+i] * w
			}
		}
	})
}

// rows visits the innermost rows of a tile: where one starts in the tile and in the whole, how long it is, and its weight.
func (b *blend) rows(shape tensor.Shape, at []int, ramps [][]float32, d, from, to int, weight float32,
	visit func(from, to, n int, weight float32, last []float32),
) {
	n := min(shape[d], b.size[d]-at[d])
	if d == len(shape)-1 {
		visit(from*shape[d], to*b.size[d]+at[d], n, weight, ramps[d])
		return
	}
	for i := range n {
		b.rows(shape, at, ramps, d+1, from*shape[d]+i, to*b.size[d]+at[d]+i, weight*ramps[d][i], visit)
	}
}

func (b *blend) divide() {
	all := len(b.weight)
	for c := range b.channels {
		for i, w := range b.weight {
			b.sum[c*all+i] /= w
		}
	}
}

// ramp is the weights along one side of a tile: rising from both ends over feather places, multiplied where they meet; flat
// when the tile is no longer than the ramp.
func ramp(n, feather int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = 1
	}
	if feather >= n {
		return out
	}
	for i := range feather {
		a := float32(float64(i+1) / float64(feather))
		out[i] *= a
		out[n-1-i] *= a
	}
	return out
}
