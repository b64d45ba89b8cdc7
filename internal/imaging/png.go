package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"

	"github.com/cocoonhq/cocoon/internal/fault"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngFile is what the chunks of a PNG hold; every slice points into the file.
type pngFile struct {
	w, h         int
	depth, color byte     // bits a channel, colour type
	header       []byte   // IHDR's body
	palette      []byte   // PLTE's body
	transparent  []byte   // tRNS's body, nil when there is none
	still        [][]byte // IDAT's bodies
	turn         turn
	animated     bool // acTL before the pixels
	frames       []pngFrame
}

// pngFrame is a frame of an animation.
type pngFrame struct {
	x, y, w, h     int
	dispose, blend byte
	parts          [][]byte // the bodies of its IDAT, or of its fdAT without their number
}

// The colour types of PNG.
const (
	pngGray      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGrayAlpha = 4
	pngRGBA      = 6
)

// pngChunks calls fn for each chunk until it reports false. A chunk that the data cuts short is left out.
func pngChunks(data []byte, fn func(id string, body []byte) bool) {
	data = data[len(pngSignature):]
	for len(data) >= 12 {
		size := int64(binary.BigEndian.Uint32(data))
		if size > int64(len(data)-12) {
			return
		}
		if !fn(string(data[4:8]), data[8:8+size]) {
			return
		}
		data = data[12+size:]
	}
}

func parsePNG(data []byte) *pngFile {
	f := &pngFile{turn: upright}
	pngChunks(data, func(id string, body []byte) bool {
		switch id {
		case "IHDR":
			if len(body) == 13 && f.header == nil {
				f.header = body
				f.w, f.h = int(binary.BigEndian.Uint32(body)), int(binary.BigEndian.Uint32(body[4:]))
				f.depth, f.color = body[8], body[9]
			}
		case "PLTE":
			f.palette = body
		case "tRNS":
			f.transparent = body
		case "eXIf":
			f.turn = exifTurn(body).rotation()
		case "acTL":
			f.animated = f.animated || f.still == nil
		case "fcTL":
			f.frame(body)
		case "IDAT":
			f.still = append(f.still, body)
			f.part(body)
		case "fdAT":
			if len(body) >= 4 && f.still != nil {
				f.part(body[4:])
			}
		}
		return id != "IEND"
	})
	return f
}

func (f *pngFile) frame(body []byte) {
	if len(body) != 26 {
		return
	}
	at := func(i int) int { return int(binary.BigEndian.Uint32(body[i:])) }
	f.frames = append(f.frames, pngFrame{w: at(4), h: at(8), x: at(12), y: at(16), dispose: body[24], blend: body[25]})
}

// part adds pixels to the frame that they follow. An IDAT before the first frame is not part of the animation.
func (f *pngFile) part(body []byte) {
	if n := len(f.frames); n > 0 {
		f.frames[n-1].parts = append(f.frames[n-1].parts, body)
	}
}

// bilevel reports whether the pixels are single bits of black and white.
func (f *pngFile) bilevel() bool { return f.color == pngGray && f.depth == 1 }

// kind follows the pixel format that ffmpeg gives the file: three or four bytes, or a palette, are plain. Compat: so are single
// bits if the reference need not pad them, which makes bytes of them first.
func (f *pngFile) kind() kind {
	if f.bilevel() && f.w%32 == 0 {
		return plain
	}
	if f.color == pngPalette || f.depth == 8 && (f.color == pngRGB || f.color == pngRGBA) {
		return plain
	}
	return planar
}

// hasAlpha reports whether the picture has a mask. Compat: single bits have none, even if one of them is said to be transparent.
func (f *pngFile) hasAlpha() bool {
	if f.bilevel() {
		return false
	}
	switch f.color {
	case pngPalette, pngGrayAlpha, pngRGBA:
		return true
	}
	return f.transparent != nil
}

func readPNG(ctx context.Context, data []byte, lim Limits) (*film, error) {
	f := parsePNG(data)
	if f.header == nil {
		return nil, fault.New(fault.BadFile, "the PNG file is broken: it has no header; save it again, or upload it once more")
	}
	if err := lim.check(1, f.w, f.h); err != nil {
		return nil, err
	}
	if f.animated && len(f.frames) > 0 {
		return f.animation(ctx, lim)
	}
	img, err := decodePNG(data, lim)
	if err != nil {
		return nil, err
	}
	return single(f.raster(img), f.kind(), f.hasAlpha(), f.turn), nil
}

// raster copies the pixels. Compat: for greys of two or four bits the reference takes what tRNS says for a byte, not for so many
// bits, so that only black is ever clear.
func (f *pngFile) raster(img image.Image) *raster {
	r := rasterOf(img)
	if f.color != pngGray || f.depth != 2 && f.depth != 4 || len(f.transparent) != 2 {
		return r
	}
	clear := binary.BigEndian.Uint16(f.transparent)
	for i := 0; i < len(r.b); i += 4 {
		if r.b[i+3] = 255; uint16(r.b[i]) == clear {
			r.b[i+3] = 0
		}
	}
	return r
}

func decodePNG(data []byte, lim Limits) (image.Image, error) {
	return still(data, lim, "PNG",
		func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return png.Decode(ended(wholeChunks(b), pngEnd)) })
}

// pngEnd is the chunk at the end of every PNG file.
const pngEnd = "\x00\x00\x00\x00IEND\xaeB`\x82"

// wholeChunks leaves out what stands behind the last chunk that is there as a whole.
func wholeChunks(data []byte) []byte {
	end := len(pngSignature)
	pngChunks(data, func(_ string, body []byte) bool {
		end += 12 + len(body)
		return true
	})
	return data[:end]
}

// The ways a frame of an animated PNG is drawn and disposed of.
const (
	apngBackground = 1 // dispose: clear its place
	apngPrevious   = 2 // dispose: as it was before
	apngOver       = 1 // blend: over what is there
)

func (f *pngFile) animation(ctx context.Context, lim Limits) (*film, error) {
	if err := lim.check(len(f.frames), f.w, f.h); err != nil {
		return nil, err
	}
	c := newCanvas(f.w, f.h, f.depth == 16)
	out := &film{w: f.w, h: f.h, kind: f.kind(), hasAlpha: f.hasAlpha(), turn: f.turn}
	var kept *raster
	for i := range f.frames {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fr := &f.frames[i]
		if fr.w > f.w-fr.x || fr.h > f.h-fr.y || fr.w < 1 || fr.h < 1 {
			return nil, fault.New(fault.BadFile, "frame %d of the PNG file lies outside of its canvas", i)
		}
		img, err := decodePNG(f.alone(fr), lim)
		if err != nil {
			return nil, err
		}
		dispose := fr.dispose
		if dispose == apngPrevious && i == 0 {
			dispose = apngBackground
		}
		if dispose == apngPrevious {
			kept = c.snapshot()
		}
		c.draw(f.raster(img), fr.x, fr.y, fr.blend == apngOver)
		out.frames = append(out.frames, c.snapshot())
		switch dispose {
		case apngBackground:
			c.clear(fr.x, fr.y, fr.w, fr.h)
		case apngPrevious:
			c.restore(kept)
		}
	}
	return out, nil
}

// alone writes a frame as a PNG of its own.
func (f *pngFile) alone(fr *pngFrame) []byte {
	header := append([]byte(nil), f.header...)
	binary.BigEndian.PutUint32(header, uint32(fr.w))
	binary.BigEndian.PutUint32(header[4:], uint32(fr.h))
	out := appendChunk([]byte(pngSignature), "IHDR", header)
	if f.palette != nil {
		out = appendChunk(out, "PLTE", f.palette)
	}
	if f.transparent != nil {
		out = appendChunk(out, "tRNS", f.transparent)
	}
	for _, p := range fr.parts {
		out = appendChunk(out, "IDAT", p)
	}
	return appendChunk(out, "IEND", nil)
}

// appendChunk adds a PNG chunk. The body is under 2 GiB.
func appendChunk(dst []byte, id string, body []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(body)))
	start := len(dst)
	dst = append(dst, id...)
	dst = append(dst, body...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}
