package interp

import (
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// window calls f for each element with the elements of the kernel's window around it, row by row; what lies outside is what
// the border says, 0 or left out.
func (c *call) window(kh, kw, border int, leave bool, f func(i int, ky, kx int, v float64)) {
	x := c.args[0]
	h, w := x.shape[1], x.shape[2]
	each(x.shape, func(i int, at []int) {
		for ky := range kh {
			for kx := range kw {
				y, z := padSource(at[1]+ky-(kh-1)/2, h, border), padSource(at[2]+kx-(kw-1)/2, w, border)
				switch {
				case y >= 0 && z >= 0:
					f(i, ky, kx, x.v[((at[0]*h+y)*w+z)*x.shape[3]+at[3]])
				case !leave:
					f(i, ky, kx, 0)
				}
			}
		}
	})
}

// filter runs the kinds that weigh a window.
func (c *call) filter() {
	var kernel [][]float64
	border := c.int(0)
	switch c.op.Kind {
	case tensor.KindFilter2D:
		k := c.args[1]
		for y := range k.shape[0] {
			kernel = append(kernel, k.v[y*k.shape[1]:(y+1)*k.shape[1]])
		}
	case tensor.KindGaussianBlur:
		border = c.int(2)
		kernel = outerProduct(bell(c.int(0), c.num(0)), bell(c.int(1), c.num(1)))
	default:
		border = c.int(2)
		kernel = outerProduct(even(c.int(0)), even(c.int(1)))
	}
	c.window(len(kernel), len(kernel[0]), border, false, func(i, ky, kx int, v float64) { c.out.v[i] += v * kernel[ky][kx] })
}

func outerProduct(a, b []float64) [][]float64 {
	out := make([][]float64, len(a))
	for i := range a {
		for j := range b {
			out[i] = append(out[i], a[i]*b[j])
		}
	}
	return out
}

func even(n int) []float64 { return slices.Repeat([]float64{1 / float64(n)}, n) }

func bell(n int, sigma float64) []float64 {
	k, sum := make([]float64, n), 0.0
	for i := range k {
		d := (float64(i) - float64(n-1)/2) / sigma
		k[i] = math.Exp(-d * d / 2)
		sum += k[i]
	}
	for i := range k {
		k[i] /= sum
	}
	return k
}

func (c *call) medianFilter() {
	n := c.int(0) * c.int(1)
	win := make([]float64, 0, n)
	c.window(c.int(0), c.int(1), c.int(2), false, func(i, _, _ int, v float64) {
		if win = append(win, v); len(win) == n {
			c.out.v[i] = quantile(win, float64((n-1)/2))
			win = win[:0]
		}
	})
}

// morphology runs KindDilate and KindErode.
func (c *call) morphology() {
	start, pick := math.Inf(-1), func(a, b float64) float64 { return max(a, b) }
	if c.op.Kind == tensor.KindErode {
		start, pick = math.Inf(1), func(a, b float64) float64 { return min(a, b) }
	}
	for i := range c.out.v {
		c.out.v[i] = start
	}
	kh, kw, cross := c.int(0), c.int(1), c.int(2) == 1
	c.window(kh, kw, 0, true, func(i, ky, kx int, v float64) {
		if !cross || ky == kh/2 || kx == kw/2 {
			c.out.v[i] = pick(c.out.v[i], v)
		}
	})
}

// resizeAA resizes with a filter as wide as the pixels of the result.
func (c *call) resizeAA() {
	x, out := c.args[0], c.out.shape
	ys, xs := smoothTaps(x.shape[1], out[1], c.int(0)), smoothTaps(x.shape[2], out[2], c.int(0))
	each(out, func(i int, at []int) {
		for _, ty := range ys[at[1]] {
			for _, tx := range xs[at[2]] {
				c.out.v[i] += ty.weight * tx.weight * x.v[((at[0]*x.shape[1]+ty.at)*x.shape[2]+tx.at)*x.shape[3]+at[3]]
			}
		}
	})
}

// smoothTaps are the sources of each position as Pillow's resize has them.
func smoothTaps(n, out, filter int) [][]tap {
	support := []float64{1, 2, 3, 0.5, 1}[filter]
	scale := float64(n) / float64(out)
	wide := max(scale, 1)
	all := make([][]tap, out)
	for i := range all {
		if n == out {
			all[i] = []tap{{i, 1}}
			continue
		}
		center := (float64(i) + 0.5) * scale
		from, to := max(int(center-support*wide+0.5), 0), min(int(center+support*wide+0.5), n)
		sum := 0.0
		for j := from; j < to; j++ {
			w := smooth(filter, (float64(j)-center+0.5)/wide)
			all[i] = append(all[i], tap{j, w})
			sum += w
		}
		for j := range all[i] {
			all[i][j].weight /= sum
		}
	}
	return all
}

// smooth is the filters of KindResizeAA.
func smooth(filter int, x float64) float64 {
	a := math.Abs(x)
	switch filter {
	case tensor.AABilinear:
		return max(1-a, 0)
	case tensor.AABicubic:
		switch {
		case a < 1:
			return (1.5*a-2.5)*a*a + 1
		case a < 2:
			return ((-0.5*a+2.5)*a-4)*a + 2
		}
		return 0
	case tensor.AALanczos:
		if a >= 3 {
			return 0
		}
		return sinc(x) * sinc(x/3)
	case tensor.AABox:
		return truth(x > -0.5 && x <= 0.5)
	}
	if a >= 1 {
		return 0
	}
	return sinc(x) * (0.54 + 0.46*math.Cos(math.Pi*x))
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}
