package resample

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// Bytes is a picture of 8-bit channels, [H, W, C] with C fastest. One channel is grey, 2 are grey and alpha, 3 are RGB, 4 are
// RGB and alpha; alpha is not premultiplied.
type Bytes struct {
	W, H, C int
	Pix     []byte
}

// Floats is a picture of one float channel, [H, W].
type Floats struct {
	W, H int
	Pix  []float32
}

// Resize gives b in another size, bit for bit as Pillow's Image.resize does: fixed-point weights, rows first, colours
// premultiplied by alpha meanwhile. Errors: ctx's; fault.BadRequest for a side under 1; fault.TooLarge.
func (b Bytes) Resize(ctx context.Context, width, height int, f Filter) (Bytes, error) {
	if err := checkSize(width, height); err != nil {
		return Bytes{}, err
	}
	out := Bytes{W: width, H: height, C: b.C}
	if width == b.W && height == b.H {
		out.Pix = append([]byte(nil), b.Pix...)
		return out, nil
	}
	out.Pix = make([]byte, width*height*b.C)
	if f == PilNearest {
		return out, pilNearest(ctx, out.Pix, b.Pix, b.W, b.H, width, height, b.C)
	}
	src := b
	hasAlpha := b.C == 2 || b.C == 4
	if hasAlpha {
		src.Pix = append([]byte(nil), b.Pix...)
		premultiply(src.Pix, b.C)
	}
	err := resizeBytes(ctx, out, src, f)
	if hasAlpha {
		unpremultiply(out.Pix, b.C)
	}
	return out, err
}

func checkSize(width, height int) error {
	if width < 1 || height < 1 {
		return fault.New(fault.BadRequest, "cannot resize to %d×%d: both sides must be at least 1", width, height)
	}
	if width > maxSide || height > maxSide || height > maxValues/width {
		return fault.New(fault.TooLarge, "resizing to %d×%d is too large", width, height)
	}
	return nil
}

// heightFirst says in which order the passes go. Compat: Pillow 13 resizes the height first when it shrinks by over twice as
// many pixels as the width; the order shows where the first pass clips.
func heightFirst(w, h, width, height int) bool {
	return height < h && h-height > 2*(w-width)
}

// resizeBytes fills out from src; channels do not mix. A pass that changes nothing is left out.
func resizeBytes(ctx context.Context, out, src Bytes, f Filter) error {
	switch {
	case src.W == out.W:
		return byteColumns(ctx, out, src, f)
	case src.H == out.H:
		return byteRows(ctx, out, src, f)
	}
	first, second := byteRows, byteColumns
	mid := Bytes{W: out.W, H: src.H, C: src.C}
	if heightFirst(src.W, src.H, out.W, out.H) {
		first, second = byteColumns, byteRows
		mid.W, mid.H = src.W, out.H
	}
	mid.Pix = make([]byte, mid.W*mid.H*mid.C)
	if err := first(ctx, mid, src, f); err != nil {
		return err
	}
	return second(ctx, out, mid, f)
}

// byteRows resizes each row; the heights are the same.
func byteRows(ctx context.Context, out, src Bytes, f Filter) error {
	k := newKernels(out.W, src.W, f)
	k.fix()
	c := src.C
	return rows.Do(ctx, src.H, len(k.fixed)*c, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			k.alongBytes(out.Pix[y*out.W*c:(y+1)*out.W*c], src.Pix[y*src.W*c:(y+1)*src.W*c], c)
		}
	})
}

// byteColumns resizes each column; the widths are the same.
func byteColumns(ctx context.Context, out, src Bytes, f Filter) error {
	k := newKernels(out.H, src.H, f)
	k.fix()
	row := out.W * out.C
	return rows.Do(ctx, out.H, row*(1+len(k.fixed)/out.H), func(lo, hi int) {
		acc := make([]int32, row)
		for y := lo; y < hi; y++ {
			k.acrossBytes(out.Pix[y*row:(y+1)*row], src.Pix, acc, y)
		}
	})
}

// half rounds the fixed-point sum.
const half = 1 << (fixedBits - 1)

func clip8(v int32) byte {
	v >>= fixedBits
	if uint32(v) > 255 {
		return byte(^(v >> 31))
	}
	return byte(v)
}

func (k *kernels) alongBytes(dst, src []byte, c int) {
	if c == 3 {
		k.alongRGB(dst, src)
		return
	}
	for x, kn := range k.of {
		weights := k.fixed[kn.at : kn.at+kn.n]
		for ch := range c {
			sum := int32(half)
			at := kn.lo*c + ch
			for _, w := range weights {
				sum += w * int32(src[at])
				at += c
			}
			dst[x*c+ch] = clip8(sum)
		}
	}
}

func (k *kernels) alongRGB(dst, src []byte) {
	for x, kn := range k.of {
		r, g, b := int32(half), int32(half), int32(half)
		px := src[kn.lo*3 : (kn.lo+kn.n)*3]
		for _, w := range k.fixed[kn.at : kn.at+kn.n] {
			r += w * int32(px[0])
			g += w * int32(px[1])
			b += w * int32(px[2])
			px = px[3:]
		}
		d := dst[3*x : 3*x+3]
		d[0], d[1], d[2] = clip8(r), clip8(g), clip8(b)
	}
}

func (k *kernels) acrossBytes(dst, src []byte, acc []int32, y int) {
	for x := range acc {
		acc[x] = half
	}
	kn := k.of[y]
	for i, w := range k.fixed[kn.at : kn.at+kn.n] {
		row := src[(kn.lo+i)*len(dst):][:len(acc)]
		for x, v := range row {
			acc[x] += w * int32(v)
		}
	}
	for x, v := range acc {
		dst[x] = clip8(v)
	}
}

// premultiply scales the colours by the last channel, rounding as Pillow does.
func premultiply(pix []byte, c int) {
	for i := 0; i < len(pix); i += c {
		a := uint32(pix[i+c-1])
		for ch := range c - 1 {
			t := uint32(pix[i+ch])*a + 128
			pix[i+ch] = byte((t>>8 + t) >> 8)
		}
	}
}

// unpremultiply undoes premultiply. Colours without alpha stay.
func unpremultiply(pix []byte, c int) {
	for i := 0; i < len(pix); i += c {
		a := uint32(pix[i+c-1])
		if a == 0 || a == 255 {
			continue
		}
		for ch := range c - 1 {
			pix[i+ch] = byte(min(255*uint32(pix[i+ch])/a, 255))
		}
	}
}
