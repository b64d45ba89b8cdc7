package imaging

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/golden"
)

func encoded(t testing.TB, img image.Image, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, img)
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "gif":
		err = gif.Encode(&b, img, nil)
	case "bmp":
		err = bmp.Encode(&b, img)
	case "tiff":
		err = tiff.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// jpegWith is a JPEG file with a byte of its frame header, counted from the marker's first, set to v.
func jpegWith(t *testing.T, at int, v byte) []byte {
	t.Helper()
	data := encoded(t, image.NewRGBA(image.Rect(0, 0, 16, 16)), "jpeg")
	i := bytes.Index(data, []byte{0xff, 0xc0})
	if i < 0 {
		t.Fatal("no frame header")
	}
	data[i+at] = v
	return data
}

func TestDecodeRefuses(t *testing.T) {
	big := image.NewRGBA(image.Rect(0, 0, 40, 40))
	gray := image.NewGray(image.Rect(0, 0, 40, 10))
	header := encoded(t, big, "png")[:33]
	huge := append([]byte(nil), header...)
	copy(huge[16:], "\x7f\xff\xff\xff\x7f\xff\xff\xff")
	for _, row := range []struct {
		name string
		data []byte
		lim  Limits
		want error
	}{
		{"nothing", nil, Limits{}, fault.BadFile},
		{"text", []byte("hello, this is no picture"), Limits{}, fault.BadFile},
		{"PNG header alone", header, Limits{}, fault.BadFile},
		{"PNG without header", []byte(pngSignature), Limits{}, fault.BadFile},
		{"PNG of a size that is a lie", huge, Limits{}, fault.TooLarge},
		{"GIF cut short", encoded(t, big, "gif")[:20], Limits{}, fault.BadFile},
		{"JPEG cut short", encoded(t, big, "jpeg")[:50], Limits{}, fault.BadFile},
		{"WebP without picture", []byte("RIFF\x04\x00\x00\x00WEBP"), Limits{}, fault.BadFile},
		{"PNG too large", encoded(t, big, "png"), Limits{MaxPixels: 1599}, fault.TooLarge},
		{"JPEG too large", encoded(t, big, "jpeg"), Limits{MaxPixels: 1599}, fault.TooLarge},
		{"GIF too large", encoded(t, big, "gif"), Limits{MaxPixels: 1599}, fault.TooLarge},
		{"BMP too large", encoded(t, big, "bmp"), Limits{MaxPixels: 1599}, fault.TooLarge},
		{"TIFF too large", encoded(t, big, "tiff"), Limits{MaxPixels: 1599}, fault.TooLarge},
		{"just small enough", encoded(t, big, "png"), Limits{MaxPixels: 1600}, nil},
		{"JPEG of 12 bits", jpegWith(t, 4, 12), Limits{}, fault.Unsupported},
		{"JPEG with arithmetic coding", jpegWith(t, 1, 0xc9), Limits{}, fault.Unsupported},
		{"JPEG without loss", jpegWith(t, 1, 0xc3), Limits{}, fault.Unsupported},
		{"low and grey", encoded(t, gray, "png"), Limits{}, fault.Unsupported},
	} {
		_, err := Decode(t.Context(), row.data, row.lim)
		if row.want == nil && err != nil || row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Decode(ctx, encoded(t, big, "png"), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestTurns shows each orientation of a picture of 3×2 pixels, numbered by row.
func TestTurns(t *testing.T) {
	want := map[turn]string{
		1: "123/456", 2: "321/654", 3: "654/321", 4: "456/123", 5: "14/25/36", 6: "41/52/63", 7: "63/52/41", 8: "36/25/14",
	}
	for o, want := range want {
		p := o.place(3, 2)
		out := make([]byte, 6)
		for y := range 2 {
			for x := range 3 {
				out[p.origin+x*p.dx+y*p.dy] = "123456"[3*y+x]
			}
		}
		got := string(out[:p.w])
		for i := p.w; i < 6; i += p.w {
			got += "/" + string(out[i:i+p.w])
		}
		if got != want {
			t.Errorf("orientation %d: %s, want %s", o, got, want)
		}
	}
}

// TestGIFDisposal draws three frames of one pixel on a canvas of 20×20 and looks at two places.
func TestGIFDisposal(t *testing.T) {
	pal := color.Palette{color.NRGBA{1, 2, 3, 255}, color.NRGBA{100, 0, 0, 255}, color.NRGBA{0, 100, 0, 255}}
	at := func(r image.Rectangle, c uint8) *image.Paletted {
		m := image.NewPaletted(r, pal)
		for i := range m.Pix {
			m.Pix[i] = c
		}
		return m
	}
	all, dot := image.Rect(0, 0, 20, 20), image.Rect(3, 3, 4, 4)
	for _, row := range []struct {
		name     string
		disposal byte
		want     [2]byte // red of the dot in frames 2 and 3
	}{
		{"none", gif.DisposalNone, [2]byte{100, 100}},
		{"background", gif.DisposalBackground, [2]byte{100, 1}},
		{"previous", gif.DisposalPrevious, [2]byte{100, 0}},
	} {
		g := &gif.GIF{
			Image:    []*image.Paletted{at(all, 2), at(dot, 1), at(image.Rect(9, 9, 10, 10), 1)},
			Delay:    []int{1, 1, 1},
			Disposal: []byte{gif.DisposalNone, row.disposal, gif.DisposalNone},
			Config:   image.Config{ColorModel: pal, Width: 20, Height: 20},
		}
		var b bytes.Buffer
		if err := gif.EncodeAll(&b, g); err != nil {
			t.Fatal(err)
		}
		f, err := readGIF(t.Context(), b.Bytes(), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		i := 4 * (3*20 + 3)
		got := [2]byte{f.frames[1].b[i], f.frames[2].b[i]}
		if got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

func TestDrawRow(t *testing.T) {
	for _, row := range []struct {
		name           string
		dst, src, want []byte
		over           bool
	}{
		{"replace", []byte{9, 9, 9, 255}, []byte{1, 2, 3, 0}, []byte{1, 2, 3, 0}, false},
		{"clear over", []byte{9, 9, 9, 255}, []byte{1, 2, 3, 0}, []byte{9, 9, 9, 255}, true},
		{"opaque over", []byte{9, 9, 9, 255}, []byte{1, 2, 3, 255}, []byte{1, 2, 3, 255}, true},
		{"half over opaque", []byte{0, 100, 200, 255}, []byte{100, 100, 0, 51}, []byte{20, 100, 160, 255}, true},
		{"half over nothing", []byte{9, 9, 9, 0}, []byte{1, 2, 3, 51}, []byte{1, 2, 3, 51}, true},
	} {
		drawRow(row.dst, row.src, row.over, 255)
		if diff := cmp.Diff(row.want, row.dst); diff != "" {
			t.Errorf("%s: -want +got:\n%s", row.name, diff)
		}
	}
}

// seeds are the recorded files, small and of all formats.
func seeds(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join(golden.Dir(f, "nodes-io"), "files", "*"))
	more, _ := filepath.Glob(filepath.Join("testdata", "reference", "*"))
	for _, path := range slices.Concat(files, more) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(t.Context(), data, Limits{MaxPixels: 1 << 14})
		if err != nil {
			if c := fault.CodeOf(err); c != fault.BadFile && c != fault.TooLarge && c != fault.Unsupported {
				t.Fatalf("%v: %v", c, err)
			}
			return
		}
		if n := p.N * p.H * p.W; n < 1 || n > 1<<14 || len(p.Pix) != 3*n || p.Alpha != nil && len(p.Alpha) != n {
			t.Fatalf("%d×%d×%d with %d and %d values", p.N, p.H, p.W, len(p.Pix), len(p.Alpha))
		}
	})
}

func FuzzEXIF(f *testing.F) {
	seeds(f)
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := exifTurn(data); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
		if len(data) > 2 {
			if o := jpegTurn(data); o < 1 || o > 8 {
				t.Fatalf("orientation %d", o)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	img := image.NewRGBA(image.Rect(0, 0, 1024, 1024))
	pic := scene(1024, 1024, 4)
	copy(img.Pix, pic.Pix)
	for _, format := range []string{"png", "jpeg"} {
		data := encoded(b, img, format)
		b.Run(format+" 1024", func(b *testing.B) {
			for b.Loop() {
				if _, err := Decode(b.Context(), data, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
