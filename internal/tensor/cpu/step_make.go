package cpu

import (
	"slices"
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// sourceStep makes values from nothing.
type sourceStep struct {
	op    *tensor.Op
	dst   val
	n     int // of an Iota: the axis
	inner int // elements from place to place on it
}

func (c *compiler) source(n *node) {
	s := &sourceStep{op: n.op, dst: c.out(n.out)}
	if n.op.Kind == tensor.KindIota {
		axis := n.op.Attr.I[0]
		s.n, s.inner = s.dst.shape[axis], s.dst.shape[axis+1:].Elems()
	}
	c.emit(s, s.dst)
}

func (s *sourceStep) run(r *run) error {
	dst := r.f32(s.dst)
	if s.op.Kind == tensor.KindUniform || s.op.Kind == tensor.KindNormal {
		noise := tensor.NewNoise(s.op)
		per, units := chunk((len(dst)+3)/4, 64)
		return r.units(units, func(_, u int) {
			for i := u * per; i < min((u+1)*per, (len(dst)+3)/4); i++ {
				for k, v := range noise.Block(uint64(i)) {
					if 4*i+k < len(dst) {
						dst[4*i+k] = float32(v)
					}
				}
			}
		})
	}
	f := s.op.Attr.F
	if s.op.Kind == tensor.KindIota {
		r.pieces(len(dst)/s.inner, s.inner, 4, func(i, from, to int) {
			v, run := float32(f[0]+f[1]*float64(i%s.n)), dst[i*s.inner+from:i*s.inner+to]
			for k := range run {
				run[k] = v
			}
		})
		return nil
	}
	per, units := chunk(len(dst), 2)
	return r.units(units, func(_, u int) {
		for i := u * per; i < min((u+1)*per, len(dst)); i++ {
			dst[i] = float32(f[0])
		}
	})
}

// rearrange lowers the kinds that move elements from KindTriu to KindRepeat.
func (c *compiler) rearrange(n *node) {
	switch n.op.Kind {
	case tensor.KindTriu, tensor.KindTril:
		x := c.compact(c.f32(n.op.Args[0]))
		s := &triangleStep{dst: c.outOver(n.out, x), x: x, k: n.op.Attr.I[0], lower: n.op.Kind == tensor.KindTril}
		c.emit(s, s.dst, x)
		return
	case tensor.KindUnfold:
		x := c.compact(c.vals[n.op.Args[0]])
		s := &unfoldStep{dst: c.out(n.out), x: x, a: n.op.Attr.I}
		c.emit(s, s.dst, x)
		return
	}
	x, out := c.vals[n.op.Args[0]], c.out(n.out)
	s := &copyStep{dst: out, src: x}
	if a := n.op.Attr.I; n.op.Kind == tensor.KindRepeat {
		ds, ss := out.strides(), x.strides()
		step := ds[a[0]]
		ds[a[0]] *= a[1]
		s.parts = []copyPart{{
			shape:   slices.Insert(x.shape.Clone(), a[0]+1, a[1]),
			dstStep: slices.Insert(ds, a[0]+1, step),
			srcStep: slices.Insert(ss, a[0]+1, 0),
		}}
	} else {
		s.parts = []copyPart{shuffle(out, x, a[0], n.op.Kind == tensor.KindPixelShuffle)}
	}
	c.emit(s, out, x)
}

// shuffle moves between pixels of r*r*c channels and r*r pixels of c channels.
func shuffle(dst, src val, r int, apart bool) copyPart {
	fine, coarse := dst, src
	if !apart {
		fine, coarse = src, dst
	}
	f, k := fine.strides(), coarse.strides()
	s := coarse.shape
	p := copyPart{shape: []int{s[0], s[1], r, s[2], r, fine.shape[3]}}
	p.dstStep = []int{f[0], r * f[1], f[1], r * f[2], f[2], f[3]}
	p.srcStep = []int{k[0], k[1], r * k[3], k[2], k[3], r * r * k[3]}
	if !apart {
		p.dstStep, p.srcStep = p.srcStep, p.dstStep
	}
	return p
}

// triangleStep zeroes one side of a diagonal of matrices.
type triangleStep struct {
	dst, x val
	k      int
	lower  bool
}

func (s *triangleStep) run(r *run) error {
	dst, x := r.f32(s.dst), r.f32(s.x)
	h, w := s.x.shape[len(s.x.shape)-2], s.x.cols()
	r.pieces(s.x.rows(), w, 1, func(i, from, to int) {
		row := dst[i*w+from : i*w+to]
		copy(row, x[i*w+from:])
		if s.lower {
			clear(row[min(max(i%h+s.k+1-from, 0), len(row)):])
		} else {
			clear(row[:min(max(i%h+s.k-from, 0), len(row))])
		}
	})
	return nil
}

// unfoldStep lists the pixels under a kernel at each of its places.
type unfoldStep struct {
	dst, x val
	a      []int // as KindUnfold has them
}

func (s *unfoldStep) run(r *run) error {
	dst, x := r.bytes(s.dst), r.bytes(s.x)
	per, units := chunk(s.dst.rows(), s.dst.cols())
	return r.units(units, func(_, u int) {
		from, to := u*per, min((u+1)*per, s.dst.rows())
		switch s.x.dt.Size() {
		case 1:
			unfold[uint8](r, s, dst, x, from, to)
		case 2:
			unfold[uint16](r, s, dst, x, from, to)
		case 4:
			unfold[uint32](r, s, dst, x, from, to)
		default:
			unfold[uint64](r, s, dst, x, from, to)
		}
	})
}

func elemsOf[T any](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

func unfold[T any](r *run, s *unfoldStep, dst, src []byte, from, to int) {
	a, d, x := s.a, elemsOf[T](dst), elemsOf[T](src)
	h, w, ch := s.x.shape[1], s.x.shape[2], s.x.shape[3]
	kh, kw, cols := a[0], a[1], s.dst.cols()
	ow, places := (w+2*a[5]-a[7]*(kw-1)-1)/a[3]+1, s.dst.shape[1]
	var work counter
	for row := from; row < to; row++ {
		out := d[row*cols : (row+1)*cols]
		clear(out)
		b, p := row/places, row%places
		for ky := range kh {
			y := p/ow*a[2] - a[4] + ky*a[6]
			if y < 0 || y >= h {
				continue
			}
			for kx := range kw {
				z := p%ow*a[3] - a[5] + kx*a[7]
				if z < 0 || z >= w {
					continue
				}
				if work.add(r, ch, look) {
					return
				}
				at := ky*kw + kx
				for _, v := range x[((b*h+y)*w+z)*ch:][:ch] {
					out[at] = v
					at += kh * kw
				}
			}
		}
	}
}
