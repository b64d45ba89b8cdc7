package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// transposeStep is a transposed convolution: each pixel of the result gathers the taps that reach it.
type transposeStep struct {
	dst, x, w, bias val
	hasBias         bool
	rows            val // the weights as [groups, kh, kw, c/groups, o/groups]
	a               []int
	cg, og          int
}

func (c *compiler) convTranspose(n *node) {
	s := &transposeStep{x: c.compact(c.f32(n.op.Args[0])), w: c.compact(c.f32(n.op.Args[1])), a: n.op.Attr.I}
	ws := s.w.shape
	s.cg, s.og = ws[0]/s.a[8], ws[1]
	uses := []val{s.x, s.w}
	if s.bias, s.hasBias = c.arg(n, 2); s.hasBias {
		s.bias = c.compact(s.bias)
		uses = append(uses, s.bias)
	}
	s.rows = c.temp(tensor.F32, s.a[8], ws[2], ws[3], s.cg, s.og)
	g := []int{s.cg * s.og * ws[2] * ws[3], ws[3], 1, s.og * ws[2] * ws[3], ws[2] * ws[3]}
	c.emit(&copyStep{dst: s.rows, src: s.w, parts: []copyPart{{s.rows.shape, 0, 0, s.rows.strides(), g}}}, s.rows, s.w)
	s.dst = c.out(n.out)
	c.emit(s, append(uses, s.rows, s.dst)...)
}

func (s *transposeStep) run(r *run) error {
	out := s.dst.shape
	dst, x, w, row := r.f32(s.dst), r.f32(s.x), r.f32(s.rows), out[2]*out[3]
	var bias []float32
	if s.hasBias {
		bias = r.f32(s.bias)
	}
	kh, kw := s.w.shape[2], s.w.shape[3]
	taps := (kh/s.a[0] + 1) * (kw/s.a[1] + 1)
	per, units := chunk(out[0]*out[1], row*s.cg*taps)
	return r.units(units, func(_, u int) {
		for i := u * per; i < min((u+1)*per, out[0]*out[1]); i++ {
			line := dst[i*row : (i+1)*row]
			r.clear(line)
			for z := 0; bias != nil && z < row; z += out[3] {
				copy(line[z:], bias)
			}
			for ky := range kh {
				t := i%out[1] + s.a[2] - ky*s.a[6]
				if y := t / s.a[0]; t >= 0 && t%s.a[0] == 0 && y < s.x.shape[1] {
					s.spread(r, line, x[(i/out[1]*s.x.shape[1]+y)*s.x.shape[2]*s.x.shape[3]:], w, ky)
				}
			}
		}
	})
}

// spread adds one row of x under one row of the kernel to a row of the result.
func (s *transposeStep) spread(r *run, line, x, w []float32, ky int) {
	const few = 8 // channels under which a call takes longer than the sum
	kh, kw, cin, cout := s.w.shape[2], s.w.shape[3], s.x.shape[3], s.dst.shape[3]
	var work counter
	for g := range s.a[8] {
		for kx := range kw {
			tap := w[((g*kh+ky)*kw+kx)*s.cg*s.og:]
			for j := range s.x.shape[2] {
				if work.add(r, s.cg*s.og, look) {
					return
				}
				z := j*s.a[1] - s.a[3] + kx*s.a[7]
				if z < 0 || z >= s.dst.shape[2] {
					continue
				}
				to := line[z*cout+g*s.og:][:s.og]
				from := x[j*cin+g*s.cg:][:s.cg]
				if s.og < few {
					for k, v := range from {
						for o, w := range tap[k*s.og:][:s.og] {
							to[o] += v * w
						}
					}
					continue
				}
				if s.og > look {
					for k, v := range from {
						r.addScaled(to, tap[k*s.og:][:s.og], v)
					}
					continue
				}
				for k, v := range from {
					r.k.AddScaled(to, tap[k*s.og:][:s.og], v)
				}
			}
		}
	}
}
