package vae

import (
	"context"
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Tiling cuts a picture or latent into overlapping tiles, works on each and blends the results.
type Tiling struct {
	Tile    []int   // size of a tile by dimension, outermost first; 1 to 3 dimensions
	Overlap int     // what neighbours share, in cells of the input; under every size of Tile
	Scale   float64 // size of the result by size of the input: 8, or 1/8
	Out     int     // channels of the result
}

// Apply runs f over tiles of x, F32 [n, channels, dimensions…], each [1, channels, …], and blends what it gives,
// [1, Out, …], each size times Scale. An item that fits one tile is given to f whole.
//
// Compat: tiles start every tile-overlap cells, and the last is shorter; each is weighed by ramps on all its sides, those at
// the border too, and the sum is divided by the sum of weights.
func (t Tiling) Apply(ctx context.Context, x *tensor.Tensor, f func(*tensor.Tensor) (*tensor.Tensor, error)) (*tensor.Tensor, error) {
	size := x.Shape()[2:]
	if len(size) != len(t.Tile) {
		panic(fmt.Sprintf("vae: tiles of %d dimensions for %v", len(t.Tile), x))
	}
	outSize := t.scaled(size)
	out := tensor.New(tensor.F32, append([]int{x.Dim(0), t.Out}, outSize...)...)
	starts := make([][]int, len(size))
	for d := range size {
		starts[d] = t.starts(size[d], t.Tile[d])
	}
	for b := range x.Dim(0) {
		item, into := x.Slice(0, b, b+1), out.Slice(0, b, b+1)
		if t.fits(size) {
			if err := t.whole(item, into, f); err != nil {
				return nil, err
			}
			continue
		}
		if err := t.item(ctx, item, into, starts, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Count is the number of tiles that an item of a size, outermost first, is cut into.
func (t Tiling) Count(size ...int) int {
	n := 1
	for d, s := range size {
		n *= len(t.starts(s, t.Tile[d]))
	}
	return n
}

func (t Tiling) fits(size []int) bool {
	for d, s := range size {
		if s > t.Tile[d] {
			return false
		}
	}
	return true
}

func (t Tiling) whole(item, into *tensor.Tensor, f func(*tensor.Tensor) (*tensor.Tensor, error)) error {
	got, err := f(item)
	if err != nil {
		return err
	}
	if !got.Shape().Equal(into.Shape()) {
		panic(fmt.Sprintf("vae: a tile gave %v, not %v", got, into))
	}
	copy(into.F32(), got.Dense().F32())
	return nil
}

// starts lists where tiles begin along a dimension.
func (t Tiling) starts(size, tile int) []int {
	if size <= tile {
		return []int{0}
	}
	var out []int
	for at := 0; at < size-t.Overlap; at += tile - t.Overlap {
		out = append(out, at)
	}
	return out
}

func (t Tiling) scaled(size []int) []int {
	out := make([]int, len(size))
	for d, s := range size {
		out[d] = t.round(s)
	}
	return out
}

// round is a length of the result for one of the input, halves to even.
func (t Tiling) round(n int) int { return int(math.RoundToEven(t.Scale * float64(n))) }

// item works through the tiles of one item, the last dimension fastest.
func (t Tiling) item(ctx context.Context, item, into *tensor.Tensor, starts [][]int, f func(*tensor.Tensor) (*tensor.Tensor, error)) error {
	b := blend{sum: into.F32(), weight: make([]float32, into.Elems()/t.Out), size: into.Shape()[2:], channels: t.Out}
	index := make([]int, len(starts))
	for {
		if err := ctx.Err(); err != nil {
			return fault.Wrap(err, fault.Cancelled, "stopped")
		}
		tile, at := item, make([]int, len(starts))
		for d, s := range starts {
			pos := s[index[d]]
			tile = tile.Slice(d+2, pos, min(pos+t.Tile[d], item.Dim(d+2)))
			at[d] = t.round(pos)
		}
		got, err := f(tile.Dense())
		if err != nil {
			return err
		}
		b.add(got.Dense(), at, t.round(t.Overlap))
		if !next(index, starts) {
			break
		}
	}
	b.divide()
	return nil
}

// next steps an index through all combinations, the last fastest; false at the end.
func next(index []int, of [][]int) bool {
	for d := len(index) - 1; d >= 0; d-- {
		if index[d]++; index[d] < len(of[d]) {
			return true
		}
		index[d] = 0
	}
	return false
}
