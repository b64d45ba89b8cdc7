package interp

import "github.com/cocoonhq/cocoon/internal/tensor"

// source runs the kinds without arguments.
func (c *call) source() {
	switch c.op.Kind {
	case tensor.KindFull:
		for i := range c.out.v {
			c.out.v[i] = c.num(0)
		}
	case tensor.KindIota:
		each(c.out.shape, func(i int, at []int) { c.out.v[i] = c.num(0) + c.num(1)*float64(at[c.int(0)]) })
	default:
		n := tensor.NewNoise(c.op)
		for i := range c.out.v {
			c.out.v[i] = n.Block(uint64(i / 4))[i%4]
		}
	}
}

// rearrange runs the kinds that move elements from KindTriu to KindRepeat.
func (c *call) rearrange() {
	x, out := c.args[0], c.out.shape
	from := make([]int, 4)
	switch c.op.Kind {
	case tensor.KindTriu, tensor.KindTril:
		each(out, func(i int, at []int) {
			d := at[len(at)-1] - at[len(at)-2]
			if c.op.Kind == tensor.KindTriu && d >= c.int(0) || c.op.Kind == tensor.KindTril && d <= c.int(0) {
				c.out.v[i] = x.v[i]
			}
		})
	case tensor.KindRepeat:
		c.along(func(i int) int { return i / c.int(1) })
	case tensor.KindPixelShuffle:
		r := c.int(0)
		each(out, func(i int, at []int) {
			from[0], from[1], from[2], from[3] = at[0], at[1]/r, at[2]/r, (at[3]*r+at[1]%r)*r+at[2]%r
			c.out.v[i] = x.v[index(x.shape, from)]
		})
	case tensor.KindPixelUnshuffle:
		r := c.int(0)
		each(out, func(i int, at []int) {
			from[0], from[1], from[2], from[3] = at[0], at[1]*r+at[3]/r%r, at[2]*r+at[3]%r, at[3]/(r*r)
			c.out.v[i] = x.v[index(x.shape, from)]
		})
	case tensor.KindUnfold:
		c.unfold()
	}
}

func (c *call) unfold() {
	x, a := c.args[0], c.op.Attr.I
	kh, kw := a[0], a[1]
	ow := (x.shape[2]+2*a[5]-a[7]*(kw-1)-1)/a[3] + 1
	each(c.out.shape, func(i int, at []int) {
		ch, ky, kx := at[2]/(kh*kw), at[2]/kw%kh, at[2]%kw
		y, z := at[1]/ow*a[2]-a[4]+ky*a[6], at[1]%ow*a[3]-a[5]+kx*a[7]
		if y >= 0 && y < x.shape[1] && z >= 0 && z < x.shape[2] {
			c.out.v[i] = x.v[index(x.shape, []int{at[0], y, z, ch})]
		}
	})
}
