package interp

import (
	"math"
	"math/cmplx"
)

// convTranspose spreads each pixel over the result by the kernel.
func (c *call) convTranspose() {
	x, w, bias, a, out := c.args[0], c.args[1], c.arg(2), c.op.Attr.I, c.out.shape
	og, cg := w.shape[1], w.shape[0]/a[8]
	if bias.v != nil {
		for i := range c.out.v {
			c.out.v[i] = bias.v[i%out[3]]
		}
	}
	each(w.shape, func(k int, tap []int) {
		ch, o := tap[0], tap[0]/cg*og+tap[1]
		for b := range x.shape[0] {
			for i := range x.shape[1] {
				y := i*a[0] - a[2] + tap[2]*a[6]
				if y < 0 || y >= out[1] {
					continue
				}
				for j := range x.shape[2] {
					if z := j*a[1] - a[3] + tap[3]*a[7]; z >= 0 && z < out[2] {
						c.out.v[((b*out[1]+y)*out[2]+z)*out[3]+o] += w.v[k] * x.v[((b*x.shape[1]+i)*x.shape[2]+j)*x.shape[3]+ch]
					}
				}
			}
		}
	})
}

// histogram counts.
func (c *call) histogram() {
	n, lo, hi := c.int(0), c.num(0), c.num(1)
	for _, v := range c.args[0].v {
		if v >= lo && v <= hi {
			c.out.v[min(int((v-lo)/(hi-lo)*float64(n)), n-1)]++
		}
	}
}

// fft is the definition, term by term.
func (c *call) fft() {
	x, axis, sign := c.args[0], c.int(0), -1.0
	outer, n, inner := split(x.shape[:len(x.shape)-1], axis)
	scale := complex(1, 0)
	if c.int(1) == 1 {
		sign, scale = 1, complex(1/float64(n), 0)
	}
	turn := make([]complex128, n)
	for i := range turn {
		turn[i] = cmplx.Exp(complex(0, sign*2*math.Pi*float64(i)/float64(n)))
	}
	for o := range outer {
		for i := range inner {
			for j := range n {
				sum := complex(0, 0)
				for k := range n {
					at := ((o*n+k)*inner + i) * 2
					sum += complex(x.v[at], x.v[at+1]) * turn[j*k%n]
				}
				sum *= scale
				at := ((o*n+j)*inner + i) * 2
				c.out.v[at], c.out.v[at+1] = real(sum), imag(sum)
			}
		}
	}
}

// gridSample reads the picture at the grid's places.
func (c *call) gridSample() {
	x, g := c.args[0], c.args[1]
	h, w, ch := x.shape[1], x.shape[2], x.shape[3]
	filter, border, corners := c.int(0), c.int(1), c.int(2) == 1
	for p := range c.out.shape[:3].Elems() {
		b := p / (c.out.shape[1] * c.out.shape[2])
		ys, xs := gridTaps(g.v[2*p+1], h, filter, border, corners), gridTaps(g.v[2*p], w, filter, border, corners)
		for _, ty := range ys {
			for _, tx := range xs {
				for k := range ch {
					c.out.v[p*ch+k] += ty.weight * tx.weight * x.v[((b*h+ty.at)*w+tx.at)*ch+k]
				}
			}
		}
	}
}

// gridTaps are the sources of a place in -1..1 on an axis of n; what lies outside and counts as 0 is left out.
func gridTaps(v float64, n, filter, border int, corners bool) (taps []tap) {
	at := ((v+1)*float64(n) - 1) / 2
	if corners {
		at = (v + 1) / 2 * float64(n-1)
	}
	add := func(i, weight float64) {
		if i >= 0 && i <= float64(n-1) {
			taps = append(taps, tap{int(i), weight})
		}
	}
	if filter != 2 {
		at = intoBorder(at, n, border, corners)
	}
	if !(math.Abs(at) < 1<<31) {
		at = -100
	}
	i := math.Floor(at)
	switch filter {
	case 0:
		add(i, i+1-at)
		add(i+1, at-i)
	case 1:
		add(math.RoundToEven(at), 1)
	default:
		for k, weight := range cubic(at - i) {
			add(intoBorder(i-1+float64(k), n, border, corners), weight)
		}
	}
	return taps
}

// intoBorder moves a place outside of an axis of n to the border, or reflects it there.
func intoBorder(at float64, n, border int, corners bool) float64 {
	if border == 0 {
		return at
	}
	if border == 2 {
		lo, span := -0.5, float64(n)
		if corners {
			lo, span = 0, float64(n-1)
		}
		if span == 0 {
			return 0
		}
		d := math.Abs(at - lo)
		turns, rest := math.Floor(d/span), math.Mod(d, span)
		if at = lo + rest; math.Mod(turns, 2) == 1 {
			at = lo + span - rest
		}
	}
	if at != at {
		return 0
	}
	return min(max(at, 0), float64(n-1))
}
