package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"testing"
)

// white is a PNG of single bits, all of them set; a transparent one says that set bits are not to be seen.
func white(t *testing.T, w, h int, transparent bool) []byte {
	t.Helper()
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	out := appendChunk([]byte(pngSignature), "IHDR", append(header, 1, pngGray, 0, 0, 0))
	if transparent {
		out = appendChunk(out, "tRNS", []byte{0, 1})
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	for range h {
		z.Write(append([]byte{0}, bytes.Repeat([]byte{0xff}, (w+7)/8)...))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return appendChunk(appendChunk(out, "IDAT", b.Bytes()), "IEND", nil)
}

// What the reference reads was seen with files of these sizes.
func TestSingleBits(t *testing.T) {
	const padded = float32(255*256) / 65535
	for _, row := range []struct {
		name        string
		w, h        int
		transparent bool
		want        float32
	}{
		{"width of whole blocks", 64, 1, false, 1},
		{"another width", 33, 40, false, padded},
		{"least size", 16, 16, false, padded},
		{"transparent", 64, 32, true, 1},
		{"transparent, another width", 31, 31, true, padded},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := Decode(t.Context(), white(t, row.w, row.h, row.transparent), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if p.Pix[0] != row.want || p.Alpha != nil {
				t.Errorf("white is %v with alpha of %d, want %v and none", p.Pix[0], len(p.Alpha), row.want)
			}
		})
	}
}
