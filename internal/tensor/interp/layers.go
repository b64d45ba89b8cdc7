package interp

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

func (c *call) matmul() {
	x, y := c.args[0], c.args[1]
	xs, ys := x.shape, y.shape
	m, k, n := xs[len(xs)-2], xs[len(xs)-1], ys[len(ys)-1]
	lead := c.out.shape[:len(c.out.shape)-2]
	each(lead, func(b int, at []int) {
		xb := broadcastIndex(xs[:len(xs)-2], at) * m * k
		yb := broadcastIndex(ys[:len(ys)-2], at) * k * n
		for i := range m {
			for j := range n {
				sum := 0.0
				for l := range k {
					sum += x.v[xb+i*k+l] * y.v[yb+l*n+j]
				}
				c.out.v[(b*m+i)*n+j] = sum
			}
		}
	})
}

func (c *call) linear() {
	x, w, bias := c.args[0], c.args[1], c.arg(2)
	n, k := w.shape[0], w.shape[1]
	for i := range c.out.v {
		row, j := i/n, i%n
		sum := 0.0
		if bias.v != nil {
			sum = bias.v[j]
		}
		for l := range k {
			sum += x.v[row*k+l] * w.v[j*k+l]
		}
		c.out.v[i] = sum
	}
}

func (c *call) conv2d() {
	x, w, bias := c.args[0], c.args[1], c.arg(2)
	a := c.op.Attr.I
	h, wd, cin := x.shape[1], x.shape[2], x.shape[3]
	cg, kh, kw := w.shape[1], w.shape[2], w.shape[3]
	og := w.shape[0] / a[8]
	byTap := make([]float64, len(w.v)) // [o, kh, kw, c]: the inner loop then runs along memory
	each(w.shape, func(i int, at []int) { byTap[((at[0]*kh+at[2])*kw+at[3])*cg+at[1]] = w.v[i] })
	each(c.out.shape, func(i int, at []int) {
		o, sum := at[3], 0.0
		if bias.v != nil {
			sum = bias.v[o]
		}
		first := o / og * cg
		for ky := range kh {
			for kx := range kw {
				y, z := at[1]*a[0]-a[2]+ky*a[6], at[2]*a[1]-a[3]+kx*a[7]
				if y < 0 || y >= h || z < 0 || z >= wd {
					continue
				}
				px := ((at[0]*h+y)*wd+z)*cin + first
				row := byTap[((o*kh+ky)*kw+kx)*cg:][:cg]
				for l, v := range x.v[px : px+cg] {
					sum += v * row[l]
				}
			}
		}
		c.out.v[i] = sum
	})
}

func (c *call) groupNorm() {
	x, w, bias := c.args[0], c.arg(1), c.arg(2)
	ch := x.shape.Last()
	batch, cg := x.shape[0], ch/c.int(0)
	rows := 0
	if batch > 0 && ch > 0 {
		rows = len(x.v) / batch / ch
	}
	line := make([]float64, rows*cg)
	for b := range batch {
		for first := 0; first < ch; first += cg {
			at := func(i int) int { return (b*rows+i/cg)*ch + first + i%cg }
			for i := range line {
				line[i] = x.v[at(i)]
			}
			mean, rstd := moments(line, c.num(0))
			for i, v := range line {
				c.out.v[at(i)] = scaled((v-mean)*rstd, w, bias, first+i%cg)
			}
		}
	}
}

func (c *call) layerNorm() {
	x, ch := c.args[0], c.args[0].shape.Last()
	for at := 0; at < len(x.v); at += ch {
		mean, rstd := moments(x.v[at:at+ch], c.num(0))
		for i := range ch {
			c.out.v[at+i] = scaled((x.v[at+i]-mean)*rstd, c.arg(1), c.arg(2), i)
		}
	}
}

func (c *call) rmsNorm() {
	x, ch := c.args[0], c.args[0].shape.Last()
	for at := 0; at < len(x.v); at += ch {
		sq := 0.0
		for _, v := range x.v[at : at+ch] {
			sq += v * v
		}
		r := 1 / math.Sqrt(sq/float64(ch)+c.num(0))
		for i := range ch {
			c.out.v[at+i] = scaled(x.v[at+i]*r, c.arg(1), arr{}, i)
		}
	}
}

func moments(v []float64, eps float64) (mean, rstd float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	sq := 0.0
	for _, x := range v {
		sq += (x - mean) * (x - mean)
	}
	return mean, 1 / math.Sqrt(sq/float64(len(v))+eps)
}

func scaled(v float64, w, bias arr, i int) float64 {
	if w.v != nil {
		v *= w.v[i]
	}
	if bias.v != nil {
		v += bias.v[i]
	}
	return v
}

func (c *call) attention() {
	q, k, v, mask := c.args[0], c.args[1], c.args[2], c.arg(3)
	heads, causal := c.int(0), c.int(1) != 0
	lq, lk, d, dv := q.shape[1], k.shape[1], q.shape[2]/heads, v.shape[2]/heads
	p := make([]float64, lk)
	each(tensor.Shape{q.shape[0], heads, lq}, func(_ int, at []int) {
		b, h, i := at[0], at[1], at[2]
		for j := range p {
			s := 0.0
			for l := range d {
				s += q.v[((b*lq+i)*heads+h)*d+l] * k.v[((b*lk+j)*heads+h)*d+l]
			}
			if p[j] = s * c.num(0); mask.v != nil {
				p[j] += mask.v[broadcastIndex(mask.shape, []int{b, h, i, j})]
			}
			if causal && j > i {
				p[j] = math.Inf(-1)
			}
		}
		softmax(p)
		for l := range dv {
			s := 0.0
			for j := range p {
				s += p[j] * v.v[((b*lk+j)*heads+h)*dv+l]
			}
			c.out.v[((b*lq+i)*heads+h)*dv+l] = s
		}
	})
}

func (c *call) glu() {
	gates := []func(float64) float64{sigmoid, gelu, silu, geluTanh}
	x, gate := c.args[0], gates[c.int(0)]
	n := x.shape.Last() / 2
	for i := range c.out.v {
		row, j := i/n, i%n
		c.out.v[i] = x.v[row*2*n+j] * gate(x.v[row*2*n+n+j])
	}
}
