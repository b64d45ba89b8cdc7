package imaging

// canvas is what the frames of an animation are drawn on, RGBA with straight alpha.
type canvas struct{ raster }

func newCanvas(w, h int, wide bool) *canvas { return &canvas{*newRaster(w, h, wide)} }

// snapshot copies what the canvas shows.
func (c *canvas) snapshot() *raster {
	return &raster{w: c.w, h: c.h, b: append([]byte(nil), c.b...), s: append([]uint16(nil), c.s...)}
}

// restore makes the canvas show a snapshot again.
func (c *canvas) restore(r *raster) {
	copy(c.b, r.b)
	copy(c.s, r.s)
}

// clear makes a rectangle inside the canvas transparent black.
func (c *canvas) clear(x, y, w, h int) {
	for row := y; row < y+h; row++ {
		lo, hi := 4*(row*c.w+x), 4*(row*c.w+x+w)
		if c.s != nil {
			clear(c.s[lo:hi])
		} else {
			clear(c.b[lo:hi])
		}
	}
}

// draw puts a raster that lies inside the canvas at (x, y), over what is there or instead of it. Both have the same depth.
func (c *canvas) draw(r *raster, x, y int, over bool) {
	for row := range r.h {
		to := 4 * ((y+row)*c.w + x)
		from, n := 4*row*r.w, 4*r.w
		if c.s != nil {
			drawRow(c.s[to:to+n], r.s[from:from+n], over, 0xffff)
		} else {
			drawRow(c.b[to:to+n], r.b[from:from+n], over, 0xff)
		}
	}
}

func drawRow[T byte | uint16](dst, src []T, over bool, opaque uint64) {
	if !over {
		copy(dst, src)
		return
	}
	for i := 0; i < len(src); i += 4 {
		s, d := src[i:i+4], dst[i:i+4]
		sa, da := uint64(s[3]), uint64(d[3])
		switch {
		case sa == opaque || da == 0:
			copy(d, s)
		case sa > 0:
			// Straight alpha over straight alpha, times opaque² to stay in integers.
			below := da * (opaque - sa)
			sum := sa*opaque + below
			for ch := range 3 {
				d[ch] = T((uint64(s[ch])*sa*opaque + uint64(d[ch])*below + sum/2) / sum)
			}
			d[3] = T((sum + opaque/2) / opaque)
		}
	}
}
