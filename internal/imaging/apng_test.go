package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// cel is a frame of one RGBA colour.
type cel struct {
	x, y, w, h     int
	color          [4]byte
	dispose, blend byte
}

// apng writes cels as an animated PNG of w×h; withStill puts a picture before them that is not part of the animation.
func apng(t *testing.T, w, h int, withStill bool, cels ...cel) []byte {
	t.Helper()
	pixels := func(c cel) []byte {
		b := Bytes{W: c.w, H: c.h, C: 4, Pix: bytes.Repeat(c.color[:], c.w*c.h)}
		strips, err := packStrips(t.Context(), b, 1)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Join(strips, nil)
	}
	word := binary.BigEndian.AppendUint32
	header := append(word(word(nil, uint32(w)), uint32(h)), 8, pngRGBA, 0, 0, 0)
	out := appendChunk([]byte(pngSignature), "IHDR", header)
	out = appendChunk(out, "acTL", word(word(nil, uint32(len(cels))), 0))
	if withStill {
		out = appendChunk(out, "IDAT", pixels(cel{w: w, h: h}))
	}
	for i, c := range cels {
		ctl := word(word(word(word(word(nil, 0), uint32(c.w)), uint32(c.h)), uint32(c.x)), uint32(c.y))
		out = appendChunk(out, "fcTL", append(ctl, 0, 1, 0, 10, c.dispose, c.blend))
		if i == 0 && !withStill {
			out = appendChunk(out, "IDAT", pixels(c))
		} else {
			out = appendChunk(out, "fdAT", append(word(nil, 0), pixels(c)...))
		}
	}
	return appendChunk(out, "IEND", nil)
}

func TestAnimatedPNG(t *testing.T) {
	red, blue, none := [4]byte{200, 0, 0, 255}, [4]byte{0, 0, 200, 255}, [4]byte{}
	full := func(c [4]byte, dispose, blend byte) cel { return cel{0, 0, 4, 3, c, dispose, blend} }
	dot := func(c [4]byte, dispose, blend byte) cel { return cel{1, 1, 1, 1, c, dispose, blend} }
	for _, row := range []struct {
		name  string
		still bool
		cels  []cel
		want  [][4]byte // of the dot, a frame each
	}{
		{"stays", false, []cel{full(red, 0, 0), dot(blue, 0, 0), dot(none, 0, 1)}, [][4]byte{red, blue, blue}},
		{"replaced", false, []cel{full(red, 0, 0), dot(none, 0, 0)}, [][4]byte{red, none}},
		{"cleared", false, []cel{full(red, 0, 0), dot(blue, 1, 0), dot(none, 0, 1)}, [][4]byte{red, blue, none}},
		{"restored", false, []cel{full(red, 0, 0), dot(blue, 2, 0), dot(none, 0, 1)}, [][4]byte{red, blue, red}},
		{"first one restored", false, []cel{full(red, 2, 0), dot(none, 0, 1)}, [][4]byte{red, none}},
		{"still left out", true, []cel{full(red, 0, 0)}, [][4]byte{red}},
	} {
		f, err := readPNG(t.Context(), apng(t, 4, 3, row.still, row.cels...), Limits{})
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		var got [][4]byte
		for _, r := range f.frames {
			got = append(got, [4]byte(r.b[4*(4+1):]))
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", row.name, diff)
		}
	}
	for _, row := range []struct {
		name string
		cel  cel
		lim  int
		want error
	}{
		{"outside", cel{x: 4, w: 1, h: 1}, 0, fault.BadFile},
		{"too many pixels", full(red, 0, 0), 23, fault.TooLarge},
	} {
		_, err := readPNG(t.Context(), apng(t, 4, 3, true, full(red, 0, 0), row.cel), Limits{MaxPixels: row.lim})
		if !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
}
