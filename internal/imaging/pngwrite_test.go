package imaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// scene is a smooth picture with some noise, as photographs are.
func scene(w, h, c int) Bytes {
	r := rand.New(rand.NewPCG(1, 2))
	b := Bytes{W: w, H: h, C: c, Pix: make([]byte, w*h*c)}
	for i := range b.Pix {
		x, y := i/c%w, i/c/w
		b.Pix[i] = byte((x*3+y*2+i%c*40)/4 + r.IntN(6))
	}
	return b
}

// pixelsOf gives the bytes of a decoded picture in the layout of Bytes.
func pixelsOf(img image.Image, c int) []byte {
	r := rasterOf(img)
	out := make([]byte, 0, r.w*r.h*c)
	for i := 0; i < len(r.b); i += 4 {
		px := r.b[i : i+4]
		out = append(out, [...][]byte{1: px[:1], 2: {px[0], px[3]}, 3: px[:3], 4: px}[c]...)
	}
	return out
}

func TestEncodePNG(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 2}, {640, 700}, {100_000, 3}} {
		for c := 1; c <= 4; c++ {
			for _, level := range []int{0, 1, 4, 9} {
				b := scene(size[0], size[1], c)
				var out bytes.Buffer
				if err := EncodePNG(t.Context(), &out, b, PNGOptions{Level: level}); err != nil {
					t.Fatal(err)
				}
				img, err := png.Decode(bytes.NewReader(out.Bytes()))
				if err != nil {
					t.Fatalf("%v, %d channels, level %d: %v", size, c, level, err)
				}
				if !bytes.Equal(pixelsOf(img, c), b.Pix) {
					t.Errorf("%v, %d channels, level %d: other pixels come back", size, c, level)
				}
			}
		}
	}
}

func TestEncodePNGRefuses(t *testing.T) {
	ok := scene(2, 2, 3)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name string
		ctx  context.Context
		b    Bytes
		o    PNGOptions
		want error
	}{
		{"five channels", t.Context(), scene(2, 2, 5), PNGOptions{}, fault.BadRequest},
		{"too few bytes", t.Context(), Bytes{W: 2, H: 2, C: 3, Pix: ok.Pix[:11]}, PNGOptions{}, fault.BadRequest},
		{"empty", t.Context(), Bytes{C: 3}, PNGOptions{}, fault.BadRequest},
		{"level", t.Context(), ok, PNGOptions{Level: 10}, fault.BadRequest},
		{"no key", t.Context(), ok, PNGOptions{Text: []Text{{"", "x"}}}, fault.BadRequest},
		{"key not Latin-1", t.Context(), ok, PNGOptions{Text: []Text{{"日", "x"}}}, fault.BadRequest},
		{"long key", t.Context(), ok, PNGOptions{Text: []Text{{strings.Repeat("k", 80), "x"}}}, fault.BadRequest},
		{"cancelled", cancelled, ok, PNGOptions{}, context.Canceled},
	} {
		if err := EncodePNG(row.ctx, io.Discard, row.b, row.o); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
}

func TestTextComesBack(t *testing.T) {
	want := []Text{
		{"prompt", `{"1": "a cat"}`},
		{"workflow", strings.Repeat("long ", 100_000)},
		{"latin", "café ÿ"},
		{"wide", "日本語 🙂"},
		{"empty", ""},
		{"prompt", "twice"},
	}
	var out bytes.Buffer
	if err := EncodePNG(t.Context(), &out, scene(9, 9, 3), PNGOptions{Level: 4, Text: want}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadText(bytes.NewReader(out.Bytes()), 1<<20)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	for _, row := range []struct {
		id   string
		want int
	}{{"tEXt", 5}, {"iTXt", 1}} {
		if got := bytes.Count(out.Bytes(), []byte(row.id)); got != row.want {
			t.Errorf("%d %s chunks, want %d", got, row.id, row.want)
		}
	}
	cut := out.Bytes()[:out.Len()/2]
	if got, err := ReadText(bytes.NewReader(cut), 1<<20); err != nil || len(got) != 1 {
		t.Errorf("cut short: %d texts, %v", len(got), err)
	}
}

// BenchmarkEncodePNG writes what SaveImage writes (level 4) and what a preview would.
func BenchmarkEncodePNG(b *testing.B) {
	for _, side := range []int{512, 1024} {
		for _, level := range []int{1, 4} {
			b.Run(fmt.Sprintf("%d level %d", side, level), func(b *testing.B) {
				pic := scene(side, side, 3)
				b.SetBytes(int64(len(pic.Pix)))
				for b.Loop() {
					if err := EncodePNG(b.Context(), io.Discard, pic, PNGOptions{Level: level}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
