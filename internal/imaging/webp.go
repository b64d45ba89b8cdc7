package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"

	"golang.org/x/image/webp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// webpFile is what the chunks of a WebP hold; every slice points into the file.
type webpFile struct {
	w, h     int // of the canvas
	hasAlpha bool
	turn     turn
	still    webpBits
	frames   []webpFrame // of an animation
}

// webpBits is one encoded picture.
type webpBits struct {
	alpha    []byte // ALPH chunk's body, nil when there is none
	bits     []byte // VP8 or VP8L chunk's body
	lossless bool
}

// webpFrame is a frame of an animation and where it goes.
type webpFrame struct {
	webpBits
	x, y, w, h     int
	replace, clear bool // do not blend; clear the place after the frame
}

// webpChunks calls fn for each chunk, until it reports false. Chunks that the data cuts short are left out.
func webpChunks(data []byte, fn func(id string, body []byte) bool) {
	for len(data) >= 8 {
		size := int64(binary.LittleEndian.Uint32(data[4:]))
		if size > int64(len(data)-8) {
			return
		}
		if !fn(string(data[:4]), data[8:8+size]) {
			return
		}
		data = data[min(int64(len(data)), 8+size+size&1):]
	}
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func (b *webpBits) add(id string, body []byte) {
	switch id {
	case "ALPH":
		b.alpha = body
	case "VP8 ", "VP8L":
		if b.bits == nil {
			b.bits, b.lossless = body, id == "VP8L"
		}
	}
}

func parseWebP(data []byte) *webpFile {
	f := &webpFile{turn: upright}
	webpChunks(data[12:], func(id string, body []byte) bool {
		switch id {
		case "VP8X":
			if len(body) >= 10 {
				f.hasAlpha = body[0]&0x10 != 0
				f.w, f.h = uint24(body[4:])+1, uint24(body[7:])+1
			}
		case "ANMF":
			if len(body) < 16 {
				return true
			}
			fr := webpFrame{
				x: 2 * uint24(body), y: 2 * uint24(body[3:]), w: uint24(body[6:]) + 1, h: uint24(body[9:]) + 1,
				replace: body[15]&2 != 0, clear: body[15]&1 != 0,
			}
			webpChunks(body[16:], func(id string, body []byte) bool { fr.add(id, body); return true })
			f.frames = append(f.frames, fr)
		case "EXIF":
			f.turn = exifTurn(body)
		default:
			f.still.add(id, body)
		}
		return true
	})
	return f
}

func readWebP(ctx context.Context, data []byte, lim Limits) (*film, error) {
	f := parseWebP(data)
	if len(f.frames) > 0 {
		return f.animation(ctx, lim)
	}
	r, err := f.still.decode(lim)
	if err != nil {
		return nil, err
	}
	// Compat: a lossless picture counts as having alpha, a lossy one only when it does.
	out := single(r, planar, f.still.lossless || f.still.alpha != nil, f.turn.rotation())
	out.packed = f.still.lossless
	return out, nil
}

// animation composes the frames. Compat: ffmpeg gives up on these and Pillow reads them, so all is plain and EXIF may mirror.
func (f *webpFile) animation(ctx context.Context, lim Limits) (*film, error) {
	if err := lim.check(len(f.frames), f.w, f.h); err != nil {
		return nil, err
	}
	c := newCanvas(f.w, f.h, false)
	out := &film{w: f.w, h: f.h, kind: plain, hasAlpha: f.hasAlpha, turn: f.turn}
	for i := range f.frames {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fr := &f.frames[i]
		if fr.x+fr.w > f.w || fr.y+fr.h > f.h {
			return nil, fault.New(fault.BadFile, "frame %d of the WebP file lies outside of its canvas", i)
		}
		r, err := fr.decode(Limits{MaxPixels: fr.w * fr.h})
		if err != nil {
			return nil, err
		}
		if r.w != fr.w || r.h != fr.h {
			return nil, fault.New(fault.BadFile, "frame %d of the WebP file is not of the size it says", i)
		}
		c.draw(r, fr.x, fr.y, !fr.replace)
		out.frames = append(out.frames, c.snapshot())
		if fr.clear {
			c.clear(fr.x, fr.y, fr.w, fr.h)
		}
	}
	return out, nil
}

// file writes the bits as a WebP of their own; the extended header says that there is alpha and how large the picture is.
func (b *webpBits) file(w, h int) []byte {
	var out bytes.Buffer
	chunk := func(id string, body []byte) {
		out.WriteString(id)
		out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(body))))
		out.Write(body)
		if len(body)%2 == 1 {
			out.WriteByte(0)
		}
	}
	out.WriteString("RIFF\x00\x00\x00\x00WEBP")
	if b.alpha != nil && !b.lossless && w > 0 {
		w, h := w-1, h-1
		chunk("VP8X", []byte{0x10, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
		chunk("ALPH", b.alpha)
	}
	if b.lossless {
		chunk("VP8L", b.bits)
	} else {
		chunk("VP8 ", b.bits)
	}
	binary.LittleEndian.PutUint32(out.Bytes()[4:], uint32(out.Len()-8))
	return out.Bytes()
}

func (b *webpBits) decode(lim Limits) (*raster, error) {
	if b.bits == nil {
		return nil, fault.New(fault.BadFile, "the WebP file has no picture")
	}
	var size image.Config
	img, err := still(nil, lim, "WebP",
		func([]byte) (c image.Config, err error) {
			size, err = webp.DecodeConfig(bytes.NewReader(b.file(0, 0)))
			return size, err
		},
		func([]byte) (image.Image, error) {
			return webp.Decode(bytes.NewReader(b.file(size.Width, size.Height)))
		})
	if err != nil {
		return nil, err
	}
	switch m := img.(type) {
	case *image.YCbCr:
		return studioRaster(m), nil
	case *image.NYCbCrA:
		r := studioRaster(&m.YCbCr)
		for y := range r.h {
			for x := range r.w {
				r.b[4*(y*r.w+x)+3] = m.A[y*m.AStride+x]
			}
		}
		return r, nil
	}
	return rasterOf(img), nil
}

// studioRaster converts BT.601 colours of studio range, as lossy WebP has them; image.YCbCr's own conversion takes them for
// JPEG's. The constants are 14-bit fixed point. Chroma is interpolated as libwebp does it, and ffmpeg for sizes it has padded.
func studioRaster(m *image.YCbCr) *raster {
	r := newRaster(m.Rect.Dx(), m.Rect.Dy(), false)
	c := newChroma(m, false)
	for y := range r.h {
		c.row(y)
		row := r.b[y*r.w*4 : (y+1)*r.w*4]
		luma := m.Y[y*m.YStride:]
		for x := range r.w {
			l, u, v := int32(luma[x])*19077, int32(c.cb[x]), int32(c.cr[x])
			row[4*x] = clip14(l + 26149*v - 14234<<8)
			row[4*x+1] = clip14(l - 6419*u - 13320*v + 8708<<8)
			row[4*x+2] = clip14(l + 33050*u - 17685<<8)
			row[4*x+3] = 255
		}
	}
	return r
}

func clip14(v int32) byte {
	return byte(min(max(v>>14, 0), 255))
}
