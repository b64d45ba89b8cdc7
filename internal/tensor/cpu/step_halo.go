package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// haloStep copies images into larger ones with zeros around.
type haloStep struct {
	dst, x    val
	top, left int
}

// halo gives a copy of x with the convolution's padding. Pixels lie so far apart that tile rows use different cache sets.
func (c *compiler) halo(x val, d convShape) val {
	wide := c.haloRoom(d)
	c.emit(&haloStep{wide, x, d.top, d.left}, wide, x)
	return wide
}

// haloRoom makes room for an image of d with its padding.
func (c *compiler) haloRoom(d convShape) val {
	h, w := d.h+d.top+d.bottom, d.w+d.left+d.right
	wide := c.temp(tensor.F32, d.batch, h, w, haloStride(d.cin))
	wide.shape = tensor.Shape{d.batch, h, w, d.cin}
	return wide
}

// frame is where an image's pixels go: densely, or inside a padded image.
type frame struct {
	dst            val
	h, w           int // of the image itself
	top, left      int
	padded         bool
	height, stride int // lines of a padded image; elements of a line
}

// frameFor gives node n's result a place, with the padding of the convolution that reads it where there is one.
func (c *compiler) frameFor(n *node, dense func() val) frame {
	if n.pad == nil {
		v := dense()
		return frame{dst: v, h: 1, w: v.rows(), height: 1, stride: v.rows() * v.ld}
	}
	d, _ := c.plan(n.pad)
	v := c.haloRoom(d)
	c.e.bufs[v.buf].until = c.last[n.out]
	c.halos[n.out] = v
	return frame{dst: v, h: d.h, w: d.w, top: d.top, left: d.left, padded: true, height: v.shape[1], stride: v.shape[2] * v.ld}
}

// line gives the memory of padded line i of all images, without what the last line's last pixel leaves unused.
func (f *frame) line(dst []float32, i int) []float32 {
	return dst[i*f.stride : min((i+1)*f.stride, len(dst))]
}

// clear zeroes the padding.
func (f *frame) clear(r *run) {
	if !f.padded {
		return
	}
	dst := r.f32(f.dst)
	from, to := f.left*f.dst.ld, (f.left+f.w)*f.dst.ld
	for i := range f.dst.shape[0] * f.height {
		line := f.line(dst, i)
		if y := i%f.height - f.top; y < 0 || y >= f.h {
			r.clear(line)
			if r.over() {
				return
			}
			continue
		}
		clear(line[:from])
		clear(line[min(to, len(line)):])
	}
}

// at is where pixel i, counted over all images, starts.
func (f *frame) at(i int) int {
	if !f.padded {
		return i * f.dst.ld
	}
	y, x := i/f.w, i%f.w
	return (y/f.h*f.height+y%f.h+f.top)*f.stride + (x+f.left)*f.dst.ld
}

// haloStride is the elements from pixel to pixel of a padded image.
func haloStride(channels int) int {
	if channels%256 == 0 {
		return channels + 16
	}
	return channels
}

func (s *haloStep) run(r *run) error {
	dst, x := r.f32(s.dst), r.f32(s.x)
	h, w, c := s.dst.shape[1], s.dst.shape[2], s.dst.cols()
	ih, iw := s.x.shape[1], s.x.shape[2]
	if len(dst) == 0 {
		return nil
	}
	r.ranges(s.dst.shape[0]*h, w*c, func(from, to int) {
		for i := from; i < to; i++ {
			line := dst[i*w*s.dst.ld:]
			line = line[:min(w*s.dst.ld, len(line))]
			y := i%h - s.top
			if y < 0 || y >= ih {
				r.clear(line)
				continue
			}
			clear(line[:s.left*s.dst.ld])
			clear(line[min((s.left+iw)*s.dst.ld, len(line)):])
			src := x[((i/h)*ih+y)*iw*s.x.ld:]
			if s.dst.ld == c && s.x.ld == c {
				r.copy(line[s.left*c:(s.left+iw)*c], src[:iw*c])
				continue
			}
			for z := range iw {
				copy(line[(s.left+z)*s.dst.ld:][:c], src[z*s.x.ld:])
			}
		}
	})
	return nil
}
