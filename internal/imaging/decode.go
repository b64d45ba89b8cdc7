package imaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Limits bound what a file may make us allocate.
type Limits struct {
	MaxPixels int // of all frames together; 0 means DefaultMaxPixels. A pixel costs up to 24 bytes while a file is read
}

// DefaultMaxPixels is a picture of 11585×11585.
const DefaultMaxPixels = 1 << 27

// check refuses n frames of w×h pixels that are empty or over the bound.
func (l Limits) check(n, w, h int) error {
	most := l.MaxPixels
	if most == 0 {
		most = DefaultMaxPixels
	}
	if n < 1 || w < 1 || h < 1 {
		return fault.New(fault.BadFile, "the picture has no pixels: %d frames of %d×%d", n, w, h)
	}
	if w > most || h > most/w || n > most/(w*h) {
		return fault.New(fault.TooLarge, "the picture is too large: %d frames of %d×%d, at most %d pixels are allowed", n, w, h, most)
	}
	return nil
}

// Decode reads a picture file of any format we know. Errors: ctx's; fault.BadFile for bytes that are none or are broken;
// fault.TooLarge; fault.Unsupported for kinds of a known format that we do not read.
//
// Compat: the values follow ComfyUI's LoadImage, which reads files with ffmpeg: formats of three or four plain bytes a pixel,
// palettes and JPEG give byte/255, all others go through 16 bits and give byte·256/65535.
func Decode(ctx context.Context, data []byte, lim Limits) (*Picture, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	read := reader(data)
	if read == nil {
		return nil, fault.New(fault.BadFile, "not a picture: it must be a PNG, JPEG, GIF, BMP, WebP or TIFF file")
	}
	f, err := read(ctx, data, lim)
	if err != nil {
		return nil, err
	}
	return f.picture(ctx)
}

type readFunc func(ctx context.Context, data []byte, lim Limits) (*film, error)

// reader finds the decoder by the first bytes; nil when no format has them.
func reader(data []byte) readFunc {
	is := func(s string) bool { return bytes.HasPrefix(data, []byte(s)) }
	switch {
	case is(pngSignature):
		return readPNG
	case is("\xff\xd8\xff"):
		return readJPEG
	case is("GIF87a"), is("GIF89a"):
		return readGIF
	case is("RIFF") && len(data) >= 12 && string(data[8:12]) == "WEBP":
		return readWebP
	case is("BM"):
		return readBMP
	case is("II*\x00"), is("MM\x00*"):
		return readTIFF
	}
	return nil
}

// still runs a decoder of single pictures: first its header, then the rest.
func still(data []byte, lim Limits, name string, config func([]byte) (image.Config, error),
	decode func([]byte) (image.Image, error)) (img image.Image, err error) {
	defer func() {
		// The decoders are not ours; a slip of theirs on a made-up file must not stop the server.
		if r := recover(); r != nil {
			img, err = nil, fault.New(fault.BadFile, "the %s file is broken: %v", name, r)
		}
	}()
	c, err := config(data)
	if err != nil {
		return nil, broken(err, name)
	}
	if err := lim.check(1, c.Width, c.Height); err != nil {
		return nil, err
	}
	if img, err = decode(data); err != nil {
		return nil, broken(err, name)
	}
	return img, nil
}

// broken turns a decoder's error into a fault.
func broken(err error, name string) error {
	var f *fault.Error
	var pngErr png.UnsupportedError
	var jpegErr jpeg.UnsupportedError
	var tiffErr tiff.UnsupportedError
	switch {
	case errors.As(err, &f):
		return err
	case errors.As(err, &pngErr), errors.As(err, &jpegErr), errors.As(err, &tiffErr), errors.Is(err, bmp.ErrUnsupported):
		return fault.Wrap(err, fault.Unsupported, "this kind of %s file is not supported", name)
	}
	return fault.Wrap(err, fault.BadFile, "the %s file is broken or cut short; save it again, or upload it once more", name)
}

// kind is how channel values become floats.
type kind uint8

const (
	plain  kind = iota // byte/255
	planar             // 16-bit value/65535, where a byte b counts as b·256
)

// minPlanar is the least side of a planar picture whose width is not a multiple of 32.
//
// Compat: the reference pads those to multiples of 32 by repeating the border and fails when the border is over half.
const minPlanar = 16

func (k kind) check(w, h int) error {
	if k == planar && w%32 != 0 && (w < minPlanar || h < minPlanar) {
		return fault.New(fault.Unsupported, "a picture of this format must be at least %d×%d pixels, not %d×%d; save it as an RGB PNG",
			minPlanar, minPlanar, w, h)
	}
	return nil
}

// film is decoded frames on their way to floats.
type film struct {
	w, h     int
	kind     kind
	hasAlpha bool
	packed   bool // planar, and the file's pixels are four bytes each
	turn     turn
	frames   []*raster
}

// single makes a film of one picture.
func single(r *raster, k kind, hasAlpha bool, t turn) *film {
	return &film{w: r.w, h: r.h, kind: k, hasAlpha: hasAlpha, turn: t, frames: []*raster{r}}
}

func (f *film) picture(ctx context.Context) (*Picture, error) {
	if err := f.kind.check(f.w, f.h); err != nil {
		return nil, err
	}
	to := f.turn.place(f.w, f.h)
	p := &Picture{N: len(f.frames), W: to.w, H: to.h}
	size := f.w * f.h
	p.Pix = make([]float32, p.N*size*3)
	if f.hasAlpha {
		p.Alpha = make([]float32, p.N*size)
	}
	for i, r := range f.frames {
		out := floats{pix: p.Pix[i*size*3 : (i+1)*size*3], to: to, kind: f.kind, fineAlpha: f.packed && f.w%32 == 0}
		if f.hasAlpha {
			out.alpha = p.Alpha[i*size : (i+1)*size]
		}
		if err := out.fill(ctx, r); err != nil {
			return nil, fmt.Errorf("decode picture: %w", err)
		}
		f.frames[i] = nil // free it early: animations are large
	}
	return p, nil
}
