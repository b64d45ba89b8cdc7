package imaging

import (
	"image"
	"image/color"
)

// chroma brings subsampled colour to full size, a row at a time: linear between the centres of the samples, edges repeated.
type chroma struct {
	m      *image.YCbCr
	x, y   []mix
	cb, cr []byte
}

// mix is a place between two samples: w/128 of the second.
type mix struct {
	a, b int
	w    uint32
}

// mixes lays n pixels over size samples; width pixels are as wide as all samples.
func mixes(n, size, width int) []mix {
	out := make([]mix, n)
	for i := range out {
		at := (float64(i)+0.5)*float64(size)/float64(width) - 0.5
		at = min(max(at, 0), float64(size-1))
		a := int(at)
		out[i] = mix{a, min(a+1, size-1), uint32((at-float64(a))*128 + 0.5)}
	}
	return out
}

// newChroma works for 4:2:0, 4:2:2 and 4:4:4 pictures whose rectangle starts at 0, 0. In pictures of odd sizes the last sample
// covers one pixel that is not there; stretch spreads the samples evenly over what is there instead.
func newChroma(m *image.YCbCr, stretch bool) *chroma {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	c := &chroma{m: m, cb: make([]byte, w), cr: make([]byte, w)}
	cw, ch, fullW, fullH := w, h, w, h
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio420:
		cw, ch = (w+1)/2, (h+1)/2
		fullW, fullH = 2*cw, 2*ch
	case image.YCbCrSubsampleRatio422:
		cw = (w + 1) / 2
		fullW = 2 * cw
	}
	if stretch {
		fullW, fullH = w, h
	}
	c.x, c.y = mixes(w, cw, fullW), mixes(h, ch, fullH)
	return c
}

// row fills cb and cr for row y.
func (c *chroma) row(y int) {
	v, s := c.y[y], c.m.CStride
	c.line(c.cb, c.m.Cb[v.a*s:], c.m.Cb[v.b*s:], v.w)
	c.line(c.cr, c.m.Cr[v.a*s:], c.m.Cr[v.b*s:], v.w)
}

func (c *chroma) line(dst, top, low []byte, w uint32) {
	for x, h := range c.x {
		upper := uint32(top[h.a])*(128-h.w) + uint32(top[h.b])*h.w
		lower := uint32(low[h.a])*(128-h.w) + uint32(low[h.b])*h.w
		dst[x] = byte((upper*(128-w) + lower*w + 1<<13) >> 14)
	}
}

// smoothRaster converts a JPEG's colours with interpolated chroma.
func smoothRaster(m *image.YCbCr) *raster {
	r := newRaster(m.Rect.Dx(), m.Rect.Dy(), false)
	c := newChroma(m, true) // Compat: ffmpeg's scaler does
	for y := range r.h {
		c.row(y)
		row := r.b[y*r.w*4 : (y+1)*r.w*4]
		luma := m.Y[y*m.YStride:]
		for x := range r.w {
			row[4*x], row[4*x+1], row[4*x+2] = color.YCbCrToRGB(luma[x], c.cb[x], c.cr[x])
			row[4*x+3] = 255
		}
	}
	return r
}
