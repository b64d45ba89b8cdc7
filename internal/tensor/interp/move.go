package interp

import (
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// move runs the kinds that only move elements.
func (c *call) move() {
	x := c.args[0]
	switch c.op.Kind {
	case tensor.KindReshape:
		copy(c.out.v, x.v)
	case tensor.KindConcat:
		c.concat()
	case tensor.KindBroadcast:
		each(c.out.shape, func(i int, at []int) { c.out.v[i] = x.v[broadcastIndex(x.shape, at)] })
	case tensor.KindPermute:
		from := make([]int, len(x.shape))
		each(c.out.shape, func(i int, at []int) {
			for d, a := range at {
				from[c.int(d)] = a
			}
			c.out.v[i] = x.v[index(x.shape, from)]
		})
	case tensor.KindSlice:
		c.along(func(i int) int { return c.int(1) + i*c.int(3) })
	case tensor.KindPad:
		c.along(func(i int) int { return padSource(i-c.int(1), x.shape[c.int(0)], c.int(3)) })
	case tensor.KindFlip:
		c.along(func(i int) int { return x.shape[c.int(0)] - 1 - i })
	case tensor.KindRoll:
		n := x.shape[c.int(0)]
		c.along(func(i int) int { return wrap(i-c.int(1), n) })
	case tensor.KindTile:
		c.along(func(i int) int { return i % x.shape[c.int(0)] })
	}
}

// along fills the result from the argument with another index on the op's axis; a negative index reads the constant F[0].
func (c *call) along(source func(int) int) {
	x, axis := c.args[0], c.int(0)
	from := make([]int, len(x.shape))
	each(c.out.shape, func(i int, at []int) {
		copy(from, at)
		if from[axis] = source(at[axis]); from[axis] < 0 {
			c.out.v[i] = c.num(0)
			return
		}
		c.out.v[i] = x.v[index(x.shape, from)]
	})
}

// padSource is the element that position i, which may lie outside 0..n-1, repeats; -1 for the constant.
func padSource(i, n, mode int) int {
	if i >= 0 && i < n {
		return i
	}
	switch mode {
	case 1:
		if i < 0 {
			return -i
		}
		return 2*(n-1) - i
	case 2:
		return min(max(i, 0), n-1)
	case 3:
		return wrap(i, n)
	}
	return -1
}

func wrap(i, n int) int { return ((i % n) + n) % n }

func (c *call) concat() {
	axis, at0 := c.int(0), 0
	to := make([]int, len(c.out.shape))
	for _, x := range c.args {
		each(x.shape, func(i int, at []int) {
			copy(to, at)
			to[axis] += at0
			c.out.v[index(c.out.shape, to)] = x.v[i]
		})
		at0 += x.shape[axis]
	}
}

func (c *call) gather() error {
	table, ids := c.args[0], c.args[1]
	n, d := table.shape[0], table.shape[1]
	for i, id := range ids.v {
		if id < 0 || id >= float64(n) {
			return fault.New(fault.BadTensor, "row %v of a table of %d", id, n)
		}
		copy(c.out.v[i*d:(i+1)*d], table.v[int(id)*d:])
	}
	return nil
}
