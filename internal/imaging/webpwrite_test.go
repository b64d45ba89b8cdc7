package imaging

import (
	"bytes"
	"errors"
	"image"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// TestEncodeWebP: noise that the encoder cannot write is an error; whatever is written can be read.
func TestEncodeWebP(t *testing.T) {
	refused, written := 0, 0
	for _, side := range []int{1, 64, 512} {
		for _, opaque := range []bool{true, false} {
			img := image.NewNRGBA(image.Rect(0, 0, side, side))
			state := uint32(side)
			for i := range img.Pix {
				state = state*1664525 + 1013904223
				if img.Pix[i] = uint8(state >> 24); opaque && i%4 == 3 {
					img.Pix[i] = 255
				}
			}
			var out bytes.Buffer
			err := EncodeWebP(&out, img)
			if errors.Is(err, fault.Unsupported) {
				refused++
				continue
			}
			if err != nil {
				t.Fatalf("side %d, opaque %v: %v", side, opaque, err)
			}
			written++
			if b, format, err := image.Decode(&out); err != nil || format != "webp" || b.Bounds() != img.Bounds() {
				t.Errorf("side %d, opaque %v: read back as %s: %v", side, opaque, format, err)
			}
		}
	}
	if refused == 0 || written == 0 {
		t.Errorf("%d refused and %d written; the pictures are to be of both sorts", refused, written)
	}
}
