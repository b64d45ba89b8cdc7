package imaging

import (
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// gifScan walks a GIF's blocks and gives its canvas, the number of frames, and the pixels of all frames, so that they can be
// refused before they are decoded.
func gifScan(data []byte) (w, h, frames, pixels int) {
	if len(data) < 13 {
		return 0, 0, 0, 0
	}
	w, h = int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:]))
	rest := data[13:]
	skip := func(n int) { rest = rest[min(n, len(rest)):] }
	table := func(flags byte) {
		if flags&0x80 != 0 {
			skip(3 << (flags&7 + 1))
		}
	}
	table(data[10])
	for len(rest) > 0 {
		kind := rest[0]
		switch kind {
		case 0x21:
			skip(2)
		case 0x2c:
			if len(rest) < 10 {
				return w, h, frames, pixels
			}
			frames++
			pixels += int(binary.LittleEndian.Uint16(rest[5:])) * int(binary.LittleEndian.Uint16(rest[7:]))
			flags := rest[9]
			skip(10)
			table(flags)
			skip(1)
		default:
			return w, h, frames, pixels
		}
		for len(rest) > 0 && rest[0] != 0 { // sub-blocks
			skip(1 + int(rest[0]))
		}
		skip(1)
	}
	return w, h, frames, pixels
}

// readGIF composes all frames. Compat: as ffmpeg does; there is always alpha, and what is transparent is white.
func readGIF(ctx context.Context, data []byte, lim Limits) (_ *film, err error) {
	w, h, frames, pixels := gifScan(data)
	if err := lim.check(max(frames, 1), w, h); err != nil {
		return nil, err
	}
	if err := lim.check(1, max(pixels, 1), 1); err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil { // a slip of the decoder on a made-up file must not stop the server
			err = fault.New(fault.BadFile, "the GIF file is broken: %v", r)
		}
	}()
	g, err := gif.DecodeAll(ended(data, "\x3b"))
	if err != nil {
		return nil, broken(err, "GIF")
	}
	out := &film{w: w, h: h, kind: planar, hasAlpha: true, packed: true, turn: upright}
	c := newCanvas(w, h, false)
	c.fillGIF(g)
	var kept *raster
	for i, m := range g.Image {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !m.Rect.In(image.Rect(0, 0, w, h)) {
			return nil, fault.New(fault.BadFile, "frame %d of the GIF file lies outside of its canvas", i)
		}
		if g.Disposal[i] == gif.DisposalPrevious {
			kept = c.snapshot()
		}
		c.drawPaletted(m)
		out.frames = append(out.frames, c.snapshot())
		switch g.Disposal[i] {
		case gif.DisposalPrevious:
			c.restore(kept)
		case gif.DisposalBackground:
			c.fill(m.Rect, gifBackground(g, m))
		}
	}
	return out, nil
}

// gifClear is the colour of what is transparent.
var gifClear = color.NRGBA{255, 255, 255, 0}

// fillGIF paints the ground of the first frame: the background colour, or nothing when that frame has transparency.
func (c *canvas) fillGIF(g *gif.GIF) {
	ground := gifClear
	if len(g.Image) > 0 && transparentIndex(g.Image[0]) < 0 {
		if p, ok := g.Config.ColorModel.(color.Palette); ok && int(g.BackgroundIndex) < len(p) {
			ground = color.NRGBAModel.Convert(p[g.BackgroundIndex]).(color.NRGBA)
		}
	}
	c.fill(image.Rect(0, 0, c.w, c.h), ground)
}

// gifBackground is what a disposed frame leaves.
func gifBackground(g *gif.GIF, m *image.Paletted) color.NRGBA {
	p, ok := g.Config.ColorModel.(color.Palette)
	if !ok || int(g.BackgroundIndex) >= len(p) || transparentIndex(m) == int(g.BackgroundIndex) {
		return gifClear
	}
	return color.NRGBAModel.Convert(p[g.BackgroundIndex]).(color.NRGBA)
}

func transparentIndex(m *image.Paletted) int {
	for i, c := range m.Palette {
		if _, _, _, a := c.RGBA(); a == 0 {
			return i
		}
	}
	return -1
}

func (c *canvas) fill(r image.Rectangle, v color.NRGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := c.b[4*(y*c.w+r.Min.X) : 4*(y*c.w+r.Max.X)]
		for i := 0; i < len(row); i += 4 {
			row[i], row[i+1], row[i+2], row[i+3] = v.R, v.G, v.B, v.A
		}
	}
}

// drawPaletted draws the pixels that are not transparent.
func (c *canvas) drawPaletted(m *image.Paletted) {
	var colors [256]color.NRGBA
	for i, p := range m.Palette {
		colors[i] = color.NRGBAModel.Convert(p).(color.NRGBA)
	}
	r := m.Rect
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := c.b[4*(y*c.w+r.Min.X):]
		for x, v := range m.Pix[(y-r.Min.Y)*m.Stride:][:r.Dx()] {
			if p := colors[v]; p.A != 0 {
				row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = p.R, p.G, p.B, p.A
			}
		}
	}
}
