package imaging

import (
	"compress/flate"
	"context"
	"encoding/binary"
	"hash/adler32"
	"io"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// PNGOptions say how a PNG is written.
type PNGOptions struct {
	Level int    // of compression, 0 (none) to 9
	Text  []Text // written before the pixels, in this order
}

// EncodePNG writes a picture of 1 to 4 channels. Rows are filtered and packed on all cores, in strips whose length does not
// depend on their number, so that the same picture gives the same bytes everywhere. Errors: ctx's; w's; fault.BadRequest for
// a level, size or key that PNG does not know; fault.TooLarge.
func EncodePNG(ctx context.Context, w io.Writer, b Bytes, o PNGOptions) error {
	if b.C < 1 || b.C > 4 || b.W < 1 || b.H < 1 || b.W > 1<<24 || b.H > 1<<24 || len(b.Pix) != b.W*b.H*b.C {
		return fault.New(fault.BadRequest, "cannot write %d bytes as a PNG of %d×%d with %d channels", len(b.Pix), b.W, b.H, b.C)
	}
	if o.Level < 0 || o.Level > 9 {
		return fault.New(fault.BadRequest, "the compression level of a PNG is 0 to 9, not %d", o.Level)
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(b.W))
	header = binary.BigEndian.AppendUint32(header, uint32(b.H))
	header = append(header, 8, [...]byte{1: pngGray, 2: pngGrayAlpha, 3: pngRGB, 4: pngRGBA}[b.C], 0, 0, 0)
	out := appendChunk([]byte(pngSignature), "IHDR", header)
	var err error
	for _, t := range o.Text {
		if out, err = appendText(out, t); err != nil {
			return err
		}
	}
	strips, err := packStrips(ctx, b, o.Level)
	if err != nil {
		return err
	}
	for _, s := range strips {
		out = appendChunk(out, "IDAT", s)
		if _, err := w.Write(out); err != nil {
			return err
		}
		out = out[:0]
	}
	_, err = w.Write(appendChunk(out, "IEND", nil))
	return err
}

// stripBytes is about how many bytes of pixels are packed at once.
const stripBytes = 256 << 10

// window is how far back deflate looks.
const window = 32 << 10

// packStrips gives the bodies of the IDAT chunks, one zlib stream together.
func packStrips(ctx context.Context, b Bytes, level int) ([][]byte, error) {
	row := b.W * b.C
	perStrip := max(1, stripBytes/(row+1))
	filtered := make([]byte, (row+1)*b.H)
	err := rows.Do(ctx, b.H, 8*row, func(lo, hi int) {
		f := newFilterer(row, b.C, level)
		for y := lo; y < hi; y++ {
			var up []byte
			if y > 0 {
				up = b.Pix[(y-1)*row : y*row]
			}
			f.filter(filtered[y*(row+1):(y+1)*(row+1)], b.Pix[y*row:(y+1)*row], up)
		}
	})
	if err != nil {
		return nil, err
	}
	n := (b.H + perStrip - 1) / perStrip
	strips := make([][]byte, n)
	var sum uint32
	err = rows.Do(ctx, n+1, 1<<30, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			if i == n {
				sum = adler32.Checksum(filtered)
				continue
			}
			from, to := i*perStrip*(row+1), min((i+1)*perStrip*(row+1), len(filtered))
			strips[i] = packStrip(filtered, from, to, level)
		}
	})
	if err != nil {
		return nil, err
	}
	strips[0] = slices.Insert(strips[0], 0, zlibHeader(level)...)
	strips[n-1] = binary.BigEndian.AppendUint32(strips[n-1], sum)
	return strips, nil
}

// zlibHeader names the method, the window and about the level.
func zlibHeader(level int) []byte {
	switch {
	case level < 2:
		return []byte{0x78, 0x01}
	case level < 6:
		return []byte{0x78, 0x5e}
	case level == 6:
		return []byte{0x78, 0x9c}
	}
	return []byte{0x78, 0xda}
}

// packStrip deflates data[from:to], which may refer to the window before it. All but the last strip end at a byte.
func packStrip(data []byte, from, to, level int) []byte {
	var out sliceWriter
	// The only errors are those of the level, which is checked, and of the writer, which has none.
	z, _ := flate.NewWriterDict(&out, level, data[max(0, from-window):from])
	_, _ = z.Write(data[from:to])
	if to == len(data) {
		_ = z.Close()
	} else {
		_ = z.Flush()
	}
	return out
}

type sliceWriter []byte

func (s *sliceWriter) Write(p []byte) (int, error) {
	*s = append(*s, p...)
	return len(p), nil
}
