package imaging

import (
	"context"
	"image"
	"image/color"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// raster is one frame as RGBA with straight alpha, [h, w, 4], in bytes or in 16-bit words.
type raster struct {
	w, h int
	b    []byte
	s    []uint16 // set instead of b where the file has 16 bits a channel
}

func newRaster(w, h int, wide bool) *raster {
	r := &raster{w: w, h: h}
	if wide {
		r.s = make([]uint16, 4*w*h)
	} else {
		r.b = make([]byte, 4*w*h)
	}
	return r
}

// rasterOf copies a decoded image. Alpha that the file has multiplied in stays so.
func rasterOf(img image.Image) *raster {
	bounds := img.Bounds()
	w, h := bounds.Dx(), bounds.Dy()
	switch m := img.(type) {
	case *image.Gray16:
		r := newRaster(w, h, true)
		for i := range w * h {
			at := i/w*m.Stride + i%w*2
			v := uint16(m.Pix[at])<<8 | uint16(m.Pix[at+1])
			r.s[4*i], r.s[4*i+1], r.s[4*i+2], r.s[4*i+3] = v, v, v, 0xffff
		}
		return r
	case *image.RGBA64:
		return wideRaster(m.Pix, m.Stride, w, h)
	case *image.NRGBA64:
		return wideRaster(m.Pix, m.Stride, w, h)
	}
	r := newRaster(w, h, false)
	for y := range h {
		rasterRow(r.b[y*w*4:(y+1)*w*4], img, bounds, y)
	}
	return r
}

func wideRaster(pix []byte, stride, w, h int) *raster {
	r := newRaster(w, h, true)
	for y := range h {
		src := pix[y*stride : y*stride+8*w]
		dst := r.s[y*w*4 : (y+1)*w*4]
		for i := range dst {
			dst[i] = uint16(src[2*i])<<8 | uint16(src[2*i+1])
		}
	}
	return r
}

// rasterRow writes one row of RGBA.
func rasterRow(dst []byte, img image.Image, bounds image.Rectangle, y int) {
	switch m := img.(type) {
	case *image.RGBA:
		copy(dst, m.Pix[y*m.Stride:])
	case *image.NRGBA:
		copy(dst, m.Pix[y*m.Stride:])
	case *image.Gray:
		for x, v := range m.Pix[y*m.Stride : y*m.Stride+len(dst)/4] {
			dst[4*x], dst[4*x+1], dst[4*x+2], dst[4*x+3] = v, v, v, 255
		}
	case *image.YCbCr:
		for x := range len(dst) / 4 {
			yi, ci := m.YOffset(bounds.Min.X+x, bounds.Min.Y+y), m.COffset(bounds.Min.X+x, bounds.Min.Y+y)
			dst[4*x], dst[4*x+1], dst[4*x+2] = color.YCbCrToRGB(m.Y[yi], m.Cb[ci], m.Cr[ci])
			dst[4*x+3] = 255
		}
	case *image.Paletted:
		for x, v := range m.Pix[y*m.Stride : y*m.Stride+len(dst)/4] {
			var c color.NRGBA
			if int(v) < len(m.Palette) {
				c = color.NRGBAModel.Convert(m.Palette[v]).(color.NRGBA)
			}
			dst[4*x], dst[4*x+1], dst[4*x+2], dst[4*x+3] = c.R, c.G, c.B, c.A
		}
	default:
		for x := range len(dst) / 4 {
			c := color.NRGBAModel.Convert(img.At(bounds.Min.X+x, bounds.Min.Y+y)).(color.NRGBA)
			dst[4*x], dst[4*x+1], dst[4*x+2], dst[4*x+3] = c.R, c.G, c.B, c.A
		}
	}
}

// floats is where a frame's floats go.
type floats struct {
	pix   []float32 // [h, w, 3] after the turn
	alpha []float32 // nil: not wanted
	to    place
	kind  kind

	// fineAlpha is whether a planar alpha byte a becomes a·256 + a/4·4. Compat: it does where the reference converts packed
	// pixels without padding them first.
	fineAlpha bool
}

// fill converts a raster, turning it on the way.
func (f *floats) fill(ctx context.Context, r *raster) error {
	var table, alpha [256]float32
	for i := range table {
		switch {
		case f.kind == plain:
			table[i] = float32(i) / 255
			alpha[i] = table[i]
		case f.fineAlpha:
			table[i] = float32(i*256) / 65535
			alpha[i] = float32(i*256+i/4*4) / 65535
		default:
			table[i] = float32(i*256) / 65535
			alpha[i] = table[i]
		}
	}
	return rows.Do(ctx, r.h, 4*r.w, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			at := f.to.origin + y*f.to.dy
			for x := range r.w {
				i := 4 * (y*r.w + x)
				if r.s != nil {
					f.put16(at, r.s[i:i+4])
				} else {
					f.put8(at, &table, &alpha, r.b[i:i+4])
				}
				at += f.to.dx
			}
		}
	})
}

func (f *floats) put8(at int, table, alpha *[256]float32, px []byte) {
	out := f.pix[3*at : 3*at+3]
	out[0], out[1], out[2] = table[px[0]], table[px[1]], table[px[2]]
	if f.alpha != nil {
		f.alpha[at] = alpha[px[3]]
	}
}

func (f *floats) put16(at int, px []uint16) {
	out := f.pix[3*at : 3*at+3]
	for c := range out {
		out[c] = float32(px[c]) / 65535
	}
	if f.alpha != nil {
		f.alpha[at] = float32(px[3]) / 65535
	}
}
