package vp8

import (
	"image"
	"image/draw"
)

// fill makes the planes of a picture, whose last pixels are repeated to whole squares. Source: ITU-R BT.601, of a picture's range.
func (e *encoder) fill(img image.Image) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	rows := image.NewNRGBA(image.Rect(0, 0, w, 2))
	for y := 0; y < e.y.h; y += 2 {
		for j := range 2 {
			from := image.Pt(b.Min.X, b.Min.Y+min(y+j, h-1))
			draw.Draw(rows, image.Rect(0, j, w, j+1), img, from, draw.Src)
		}
		for x := 0; x < e.y.w; x += 2 {
			var r, g, bl int32
			for i := range 4 {
				at := rows.PixOffset(min(x+i%2, w-1), i/2)
				cr, cg, cb := int32(rows.Pix[at]), int32(rows.Pix[at+1]), int32(rows.Pix[at+2])
				e.y.from[e.y.at(x+i%2, y+i/2)] = clamp((16839*cr + 33059*cg + 6420*cb + 16<<16 + 1<<15) >> 16)
				r, g, bl = r+cr, g+cg, bl+cb
			}
			at := e.u.at(x/2, y/2)
			e.u.from[at] = clamp((-9719*r - 19081*g + 28800*bl + 128<<18 + 1<<17) >> 18)
			e.v.from[at] = clamp((28800*r - 24116*g - 4684*bl + 128<<18 + 1<<17) >> 18)
		}
	}
}

// difference gives a block of 4×4 of a square at (x, y), which stands at (dx, dy) in it, less its prediction.
func (p *plane) difference(guess []uint8, side, x, y, dx, dy int, out *[16]int32) {
	for j := range 4 {
		at := p.at(x+dx, y+dy+j)
		for i := range 4 {
			out[4*j+i] = int32(p.from[at+i]) - int32(guess[(dy+j)*side+dx+i])
		}
	}
}

// restore writes such a block as decoders will see it.
func (p *plane) restore(guess []uint8, side, x, y, dx, dy int, in *[16]int32) {
	for j := range 4 {
		at := p.at(x+dx, y+dy+j)
		for i := range 4 {
			p.seen[at+i] = clamp(int32(guess[(dy+j)*side+dx+i]) + in[4*j+i])
		}
	}
}
