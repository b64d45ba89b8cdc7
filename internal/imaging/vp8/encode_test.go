package vp8

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/vp8"
)

// pictures are drawings of a size.
var pictures = map[string]func(x, y int) color.NRGBA{
	"even":   func(int, int) color.NRGBA { return color.NRGBA{200, 30, 90, 255} },
	"slopes": func(x, y int) color.NRGBA { return color.NRGBA{uint8(3 * x), uint8(2 * y), uint8(x + y), 255} },
	"waves": func(x, y int) color.NRGBA {
		v := 128 + 100*math.Sin(float64(x)/5)*math.Cos(float64(y)/7)
		return color.NRGBA{uint8(v), uint8(255 - v), uint8(v / 2), 255}
	},
	"squares": func(x, y int) color.NRGBA {
		if (x/6+y/6)%2 == 0 {
			return color.NRGBA{255, 255, 255, 255}
		}
		return color.NRGBA{0, 0, 0, 255}
	},
	"noise": func(x, y int) color.NRGBA {
		r := rand.New(rand.NewPCG(uint64(x), uint64(y)))
		return color.NRGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), 255}
	},
}

func drawing(w, h int, at func(x, y int) color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, at(x, y))
		}
	}
	return img
}

func decode(t testing.TB, b []byte) *image.YCbCr {
	t.Helper()
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(b), len(b))
	if _, err := d.DecodeFrameHeader(); err != nil {
		t.Fatal(err)
	}
	img, err := d.DecodeFrame()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// apart is the mean squared error of decoded luma and chroma against what was sent.
func apart(e *encoder, got *image.YCbCr) (luma, chroma float64) {
	w, h := got.Rect.Dx(), got.Rect.Dy()
	for y := range h {
		for x := range w {
			d := float64(e.y.from[e.y.at(x, y)]) - float64(got.Y[got.YOffset(x, y)])
			luma += d * d
			at := e.u.at(x/2, y/2)
			du := float64(e.u.from[at]) - float64(got.Cb[got.COffset(x, y)])
			dv := float64(e.v.from[at]) - float64(got.Cr[got.COffset(x, y)])
			chroma += (du*du + dv*dv) / 2
		}
	}
	return luma / float64(w*h), chroma / float64(w*h)
}

// Decoders read what is written, and see about what was sent: the less the quality the less so, and the fewer bytes.
func TestEncode(t *testing.T) {
	for name, at := range pictures {
		for _, size := range []image.Point{{1, 1}, {16, 16}, {17, 3}, {40, 50}, {130, 70}} {
			img := drawing(size.X, size.Y, at)
			sent := &encoder{}
			sent.y, sent.u, sent.v = newPlane((size.X+15)/16*16, (size.Y+15)/16*16), newPlane((size.X+15)/16*8, (size.Y+15)/16*8), newPlane((size.X+15)/16*8, (size.Y+15)/16*8)
			sent.fill(img)
			before := math.MaxInt
			for _, quality := range []int{100, 90, 50, 1} {
				b, err := Encode(t.Context(), img, quality)
				if err != nil {
					t.Fatal(err)
				}
				got := decode(t, b)
				if got.Rect.Size() != size {
					t.Fatalf("%s %v: decoded as %v", name, size, got.Rect)
				}
				// Bounds of the error, of the worst of these pictures: noise, whose every step is lost at the least quality.
				most := map[int]float64{100: 4, 90: 60, 50: 900, 1: 8000}[quality]
				luma, chroma := apart(sent, got)
				if luma > most || chroma > most {
					t.Errorf("%s %v at %d: the error is %.1f and %.1f, want at most %.0f", name, size, quality, luma, chroma, most)
				}
				if len(b) > before {
					t.Errorf("%s %v at %d: %d bytes, more than the %d of a better quality", name, size, quality, len(b), before)
				}
				before = len(b)
			}
		}
	}
}

// The inverse of each transform gives back what went in, about.
func TestTransforms(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var in, mid, out [16]int32
		for i := range in {
			in[i] = int32(r.IntN(511)) - 255
		}
		cosines(&in, &mid)
		uncosines(&mid, &out)
		for i := range in {
			if d := in[i] - out[i]; d < -1 || d > 1 {
				t.Fatalf("%v comes back as %v", in, out)
			}
		}
		walsh(&in, &mid)
		unwalsh(&mid, &out)
		for i := range in {
			if d := in[i] - out[i]; d < -1 || d > 1 {
				t.Fatalf("sums %v come back as %v", in, out)
			}
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, side := range []int{256, 1024} {
		img := drawing(side, side, pictures["waves"])
		b.Run(fmt.Sprintf("%dx%d", side, side), func(b *testing.B) {
			b.SetBytes(int64(side * side))
			for b.Loop() {
				if _, err := Encode(b.Context(), img, 75); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Whatever the pixels are, decoders read what is written.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("some pixels"), uint8(5), uint8(75))
	f.Add([]byte{0, 255}, uint8(33), uint8(100))
	f.Fuzz(func(t *testing.T, pixels []byte, width, quality uint8) {
		w := int(width)%70 + 1
		h := len(pixels)/(4*w)%70 + 1
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		copy(img.Pix, pixels)
		b, err := Encode(t.Context(), img, int(quality)%100+1)
		if err != nil {
			t.Fatal(err)
		}
		if got := decode(t, b); got.Rect.Size() != image.Pt(w, h) {
			t.Errorf("%d×%d comes back as %v", w, h, got.Rect)
		}
	})
}
