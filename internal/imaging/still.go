package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func readJPEG(_ context.Context, data []byte, lim Limits) (*film, error) {
	img, err := still(data, lim, "JPEG", jpegConfig, jpegDecode)
	if errors.Is(err, fault.Unsupported) {
		if split, known, splitErr := readSplit(data, lim); known {
			img, err = split, splitErr
		}
	}
	if err != nil {
		return nil, err
	}
	// Compat: the usual three subsamplings are plain; grey, CMYK and the rare ones are not, and CMYK counts as having alpha.
	turn := jpegTurn(data).rotation()
	m, ok := img.(*image.YCbCr)
	if !ok {
		_, isCMYK := img.(*image.CMYK)
		return single(rasterOf(img), planar, isCMYK, turn), nil
	}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio444:
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		if m.Rect.Dx()%2 == 1 || m.Rect.Dy()%2 == 1 { // Compat: chroma is repeated for even sizes, interpolated for odd ones
			return single(smoothRaster(m), plain, false, turn), nil
		}
	default:
		return single(rasterOf(img), planar, false, turn), nil
	}
	return single(rasterOf(img), plain, false, turn), nil
}

func jpegConfig(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) }

func jpegDecode(b []byte) (image.Image, error) { return jpeg.Decode(ended(b, "\xff\xd9")) }

// ended reads a file and then the mark of its end, which many files lack. It does not matter where it is there.
func ended(file []byte, mark string) io.Reader {
	return io.MultiReader(bytes.NewReader(file), strings.NewReader(mark))
}

func readTIFF(_ context.Context, data []byte, lim Limits) (*film, error) {
	img, err := still(data, lim, "TIFF",
		func(b []byte) (image.Config, error) { return tiff.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return tiff.Decode(bytes.NewReader(b)) })
	if err != nil {
		return nil, err
	}
	k, hasAlpha := planar, false
	switch m := img.(type) {
	case *image.RGBA:
		k, hasAlpha = plain, !m.Opaque()
	case *image.NRGBA:
		k, hasAlpha = plain, true
	case *image.Paletted:
		k, hasAlpha = plain, true
	case *image.NRGBA64:
		hasAlpha = true
	case *image.Gray:
		if depth, ok := tiffShort(data, tiffBits); (!ok || depth == 1) && m.Rect.Dx()%32 == 0 {
			k = plain // Compat: as single bits of PNG files
		}
		invertFax(m, data)
	}
	return single(rasterOf(img), k, hasAlpha, exifTurn(data).rotation()), nil
}

// Tags of TIFF files, and what they say of fax pictures.
const (
	tiffBits        = 258
	tiffCompression = 259
	tiffPhotometric = 262
	tiffFax1D       = 2
	tiffFaxG4       = 4
	tiffZeroIsBlack = 1
)

// invertFax mends fax pictures that call 0 black: the library takes what their code calls white for white, where all other
// readers count its bits, which are 0.
func invertFax(m *image.Gray, data []byte) {
	c, _ := tiffShort(data, tiffCompression)
	if p, _ := tiffShort(data, tiffPhotometric); c < tiffFax1D || c > tiffFaxG4 || p != tiffZeroIsBlack {
		return
	}
	for i, v := range m.Pix {
		m.Pix[i] = 255 - v
	}
}

func readBMP(_ context.Context, data []byte, lim Limits) (*film, error) {
	img, err := still(data, lim, "BMP",
		func(b []byte) (image.Config, error) { return bmp.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return bmp.Decode(bytes.NewReader(b)) })
	if err != nil {
		return nil, err
	}
	r := rasterOf(img)
	k, hasAlpha := planar, false
	switch img.(type) {
	case *image.Paletted:
		k, hasAlpha = plain, true
	case *image.NRGBA:
		hasAlpha = bmpAlpha(r, data)
	}
	out := single(r, k, hasAlpha, upright)
	out.packed = k == planar
	return out, nil
}

// bmpAlpha reports whether a BMP, read as one of 32 bits a pixel, has alpha, and copies the fourth byte of its pixels. Compat: it
// counts as alpha also where the format calls it reserved, unless it is 0 everywhere.
func bmpAlpha(r *raster, data []byte) bool {
	const header = 34 // up to the compression
	if len(data) < header || binary.LittleEndian.Uint16(data[28:]) != 32 {
		return false
	}
	start := uint64(binary.LittleEndian.Uint32(data[10:]))
	size := uint64(4 * r.w * r.h)
	if start+size > uint64(len(data)) {
		return true
	}
	pix := data[start : start+size]
	bottomUp := int32(binary.LittleEndian.Uint32(data[22:])) > 0
	some := byte(0)
	for y := range r.h {
		row := y
		if bottomUp {
			row = r.h - 1 - y
		}
		for x := range r.w {
			a := pix[4*(row*r.w+x)+3]
			some |= a
			r.b[4*(y*r.w+x)+3] = a
		}
	}
	if some == 0 {
		for i := 3; i < len(r.b); i += 4 {
			r.b[i] = 255
		}
	}
	return some != 0
}
