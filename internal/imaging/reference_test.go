package imaging

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReferenceFiles reads files as other programs write them, and compares some of their pixels with those that the reference
// gives: testdata/reference/values.json has, by file, the size, the mask's size, and rows of y, x, red, green, blue and mask.
func TestReferenceFiles(t *testing.T) {
	dir := filepath.Join("testdata", "reference")
	text, err := os.ReadFile(filepath.Join(dir, "values.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]struct {
		N, H, W int
		Mask    [3]int
		Pix     [][6]float64
	}
	if err := json.Unmarshal(text, &files); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			p, err := Decode(t.Context(), data, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			mask, n, h, w := p.Mask()
			if p.N != want.N || p.H != want.H || p.W != want.W || [3]int{n, h, w} != want.Mask {
				t.Fatalf("%d×%d×%d, mask %d×%d×%d; want %+v", p.N, p.H, p.W, n, h, w, want)
			}
			tolerance := 0.001 // the reference rounds greys of 16 bits in more than one way
			if strings.HasSuffix(name, ".jpg") {
				tolerance = 4.0 / 255 // the decoders transform blocks in different whole numbers
			}
			for _, row := range want.Pix {
				y, x := int(row[0]), int(row[1])
				var got [4]float32
				copy(got[:3], p.Pix[3*(y*p.W+x):])
				if h == p.H && w == p.W {
					got[3] = mask[y*w+x]
				}
				for c, v := range got {
					if d := math.Abs(float64(v) - row[2+c]); d > tolerance {
						t.Errorf("pixel %d, %d, channel %d: %.4f, want %.4f", x, y, c, v, row[2+c])
					}
				}
			}
		})
	}
}
