package resample

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestBilinearBits compares with hashes of what torch 2.8 gives on a CPU with fused products, down to the last bit. A row of the
// file is channels, height and width, height and width after, the three numbers of the source below, whether it is a mask of zeros
// and ones, the hash of the result's little-endian floats, and how many round to 1.
func TestBilinearBits(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "bilinear.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][11]any
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		var n [8]int
		for i := range n {
			n[i] = int(row[i].(float64))
		}
		c, h, w, height, width, a, b, m := n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]
		in := Planes{N: 1, C: c, T: 1, H: h, W: w, Pix: make([]float32, c*h*w)}
		for i := range in.Pix {
			v := (i*a + i/w*b) % m
			switch {
			case !row[8].(bool):
				in.Pix[i] = float32(v) / float32(m)
			case 2*v < m:
				in.Pix[i] = 1
			}
		}
		out, err := To(t.Context(), in, width, height, Bilinear, Disabled)
		if err != nil {
			t.Fatal(err)
		}
		var bytes []byte
		for _, v := range out.Pix {
			bytes, _ = binary.Append(bytes, binary.LittleEndian, v)
		}
		if sum := sha256.Sum256(bytes); hex.EncodeToString(sum[:]) != row[9] {
			t.Errorf("%v: other values", row[:9])
		}
	}
}
