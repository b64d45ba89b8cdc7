package server

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"net/url"
	"strconv"
	"strings"

	xdraw "golang.org/x/image/draw"

	// The formats that image.Decode knows.
	_ "image/gif"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging"
)

// variant is a form of a picture that a client asks for instead of the file.
type variant struct {
	channel string // "", "rgb" or "a"
	format  string // "", "webp" or "jpeg"
	quality int
	side    int // longest side in pixels; 0 keeps the size
}

func variantOf(q url.Values) variant {
	v := variant{}
	channel := q.Get("channel")
	if !q.Has("channel") {
		channel = "rgba"
	}
	if q.Has("preview") {
		format, rest, _ := strings.Cut(q.Get("preview"), ";")
		// Compat: a channel with alpha that is asked for by name makes WebP.
		if format != "jpeg" || strings.Contains(q.Get("channel"), "a") {
			format = "webp"
		}
		v.format, v.quality = format, 90
		if i := strings.LastIndexByte(rest, ';'); i >= 0 {
			rest = rest[i+1:]
		}
		if n, err := strconv.ParseUint(rest, 10, 16); err == nil {
			v.quality = int(min(max(n, 1), 100))
		}
		if channel == "rgb" {
			v.channel = "rgb"
		}
		return v
	}
	if channel == "rgb" || channel == "a" {
		v.channel = channel
	} else if n, err := strconv.Atoi(q.Get("res")); err == nil && n > 0 && !q.Has("channel") {
		v.side = n
	}
	return v
}

func (v variant) original() bool { return v == variant{} }

// String tells variants of one file apart.
func (v variant) String() string {
	return fmt.Sprintf("%s%s%d.%d", v.channel, v.format, v.quality, v.side)
}

// render makes the variant of a picture. b is nil when the file stays as it is: a size was asked for, and it is small
// already or no picture.
func (s *Server) render(ctx context.Context, f io.ReadSeeker, size int64, v variant) (b []byte, contentType string, err error) {
	if v.side > 0 && !shrinks(f) {
		_, err := f.Seek(0, io.SeekStart)
		return nil, "", err
	}
	img, format, err := s.decode(f, size)
	if err != nil {
		if _, serr := f.Seek(0, io.SeekStart); v.side > 0 && serr == nil {
			return nil, "", nil
		}
		return nil, "", badPicture(err)
	}
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	switch {
	case v.side > 0:
		return shrunk(f, img, format, v.side)
	case v.format == "jpeg":
		err = jpeg.Encode(&out, opaque(img), &jpeg.Options{Quality: v.quality})
		return out.Bytes(), "image/jpeg", err
	case v.format == "webp":
		if v.channel == "rgb" {
			img = opaque(img)
		}
		err = imaging.EncodeLossyWebP(ctx, &out, img, v.quality)
		return out.Bytes(), "image/webp", err
	case v.channel == "rgb":
		img = opaque(img)
	case v.channel == "a":
		a := alphaOnly(img)
		b := imaging.Bytes{W: a.Rect.Dx(), H: a.Rect.Dy(), C: 4, Pix: a.Pix}
		err = imaging.EncodePNG(ctx, &out, b, imaging.PNGOptions{Level: 1})
		return out.Bytes(), "image/png", err
	}
	err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, img)
	return out.Bytes(), "image/png", err
}

// shrinks reports whether a file is of a format that is made smaller when a size is asked for: PNG or JPEG. Others, which may move,
// stay as they are. It leaves the file at its beginning.
func shrinks(f io.ReadSeeker) bool {
	_, format, err := image.DecodeConfig(f)
	_, back := f.Seek(0, io.SeekStart)
	return err == nil && back == nil && (format == "png" || format == "jpeg")
}

// shrunk is a PNG or JPEG as a JPEG of at most side pixels, the right way up. A JPEG that is small already stays as it is.
func shrunk(f io.ReadSeeker, img image.Image, format string, side int) ([]byte, string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, "", err
	}
	if max(img.Bounds().Dx(), img.Bounds().Dy()) <= side && format == "jpeg" {
		return nil, "", nil
	}
	small := fit(img, side)
	if format == "jpeg" {
		const exif = 256 << 10 // bytes; a block has 64 KiB at the most and stands at the beginning
		beginning, err := io.ReadAll(io.LimitReader(f, exif))
		if err != nil {
			return nil, "", err
		}
		small = imaging.Upright(small, beginning)
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, flatten(small), &jpeg.Options{Quality: 85})
	return out.Bytes(), "image/jpeg", err
}

// decode reads a picture after it has checked that its pixels fit the bound.
func (s *Server) decode(f io.ReadSeeker, size int64) (image.Image, string, error) {
	const maxFile = 1 << 30 // bytes
	if size > maxFile {
		return nil, "", fault.New(fault.TooLarge, "the file has %d bytes; pictures of up to %d are decoded", size, maxFile)
	}
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return nil, "", err
	}
	if c.Width <= 0 || c.Height <= 0 || c.Width > s.c.MaxPixels/c.Height {
		return nil, "", fault.New(fault.TooLarge, "the picture has %d × %d pixels; up to %d are decoded", c.Width, c.Height, s.c.MaxPixels)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, "", err
	}
	return image.Decode(f)
}

// fit makes a picture at most side pixels wide and high; a small one stays.
func fit(img image.Image, side int) image.Image {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	longest := max(w, h)
	if longest <= side {
		return img
	}
	out := image.NewNRGBA(image.Rect(0, 0, max(1, w*side/longest), max(1, h*side/longest)))
	xdraw.ApproxBiLinear.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// nrgba is the picture with straight alpha.
func nrgba(img image.Image) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out
}

// opaque drops the alpha and keeps the colours under it.
func opaque(img image.Image) image.Image {
	out := nrgba(img)
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = 0xff
	}
	return out
}

// flatten puts the picture onto black.
func flatten(img image.Image) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Bounds(), image.Black, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
	return out
}

// alphaOnly is black with the picture's alpha; a picture without alpha gives 255 everywhere.
func alphaOnly(img image.Image) *image.NRGBA {
	out := nrgba(img)
	for i := 0; i < len(out.Pix); i += 4 {
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = 0, 0, 0
	}
	return out
}
