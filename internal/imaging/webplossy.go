package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/draw"
	"io"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging/vp8"
)

// EncodeLossyWebP writes a picture as a WebP of a quality of 1 to 100, its alpha without a loss. Errors: ctx's;
// fault.Unsupported for pictures that are too large for the format. Source: RFC 9649.
func EncodeLossyWebP(ctx context.Context, w io.Writer, img image.Image, quality int) error {
	size := img.Bounds().Size()
	if size.X < 1 || size.Y < 1 || size.X > vp8.MaxSide || size.Y > vp8.MaxSide {
		return fault.New(fault.Unsupported, "a picture of %d×%d pixels cannot be written as a WebP: %d are the most to a side", size.X, size.Y, vp8.MaxSide)
	}
	coded, err := vp8.Encode(ctx, img, quality)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fault.Wrap(err, fault.Unsupported, "this picture cannot be written as a WebP")
	}
	var chunks []byte
	if alpha := alphaOf(img); alpha != nil {
		chunks = appendRIFF(chunks, "VP8X", extended(size))
		chunks = appendRIFF(chunks, "ALPH", packedAlpha(alpha))
	}
	chunks = appendRIFF(chunks, "VP8 ", coded)
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len("WEBP")+len(chunks)))
	if _, err := w.Write(append(head, "WEBP"...)); err != nil {
		return err
	}
	_, err = w.Write(chunks)
	return err
}

// appendRIFF adds a chunk of a RIFF file.
func appendRIFF(b []byte, name string, data []byte) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, name...), uint32(len(data)))
	b = append(b, data...)
	if len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// extended is the chunk that says that a picture has alpha.
func extended(size image.Point) []byte {
	const hasAlpha = 0x10
	w, h := uint32(size.X-1), uint32(size.Y-1)
	return []byte{hasAlpha, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)}
}

// alphaOf is the alpha of a picture as its green; nil when it hides nothing.
func alphaOf(img image.Image) *image.NRGBA {
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		return nil
	}
	b := img.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Bounds(), img, b.Min, draw.Src)
	if out.Opaque() {
		return nil
	}
	for i := 0; i < len(out.Pix); i += 4 {
		out.Pix[i], out.Pix[i+1], out.Pix[i+2], out.Pix[i+3] = 0, out.Pix[i+3], 0, 0xff
	}
	return out
}

// packedAlpha is the chunk of alpha: packed as a lossless picture without its head, or as it is when that cannot be or is not
// shorter.
func packedAlpha(alpha *image.NRGBA) []byte {
	const (
		asItIs, packed = 0, 1
		riff           = 12 // bytes before the first chunk
		chunk          = 8  // bytes before its data
		head           = 5  // bytes of a lossless picture before its stream
	)
	var b bytes.Buffer
	if err := EncodeWebP(&b, alpha); err == nil {
		file := b.Bytes()
		if len(file) > riff+chunk+head && string(file[riff:riff+4]) == "VP8L" {
			if n := int(binary.LittleEndian.Uint32(file[riff+4:])); n > head && n <= min(len(file)-riff-chunk, len(alpha.Pix)/4) {
				return append([]byte{packed}, file[riff+chunk+head:riff+chunk+n]...)
			}
		}
	}
	out := make([]byte, 1, 1+len(alpha.Pix)/4)
	out[0] = asItIs
	for i := 1; i < len(alpha.Pix); i += 4 {
		out = append(out, alpha.Pix[i])
	}
	return out
}
