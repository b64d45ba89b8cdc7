package resample

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func TestRefused(t *testing.T) {
	in := Planes{N: 1, C: 5, T: 1, H: 2, W: 2, Pix: make([]float32, 20)}
	for _, row := range []struct {
		name   string
		w, h   int
		method Method
		crop   Crop
		want   error
	}{
		{"no width", 0, 1, Area, Disabled, fault.BadRequest},
		{"negative", 1, -1, Area, Disabled, fault.BadRequest},
		{"huge", 1 << 20, 1 << 20, Area, Disabled, fault.TooLarge},
		{"method", 1, 1, "sharp", Disabled, fault.BadRequest},
		{"crop", 1, 1, Area, "left", fault.BadRequest},
		{"nothing left", 100, 1, Area, Center, fault.BadRequest},
		{"lanczos of latents", 1, 1, Lanczos, Disabled, fault.Unsupported},
	} {
		if _, err := To(t.Context(), in, row.w, row.h, row.method, row.crop); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := To(ctx, in, 9, 9, Bilinear, Disabled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestPlanesDoNotMix compares a picture large enough for many ranges with its parts resized alone.
func TestPlanesDoNotMix(t *testing.T) {
	in := Planes{N: 2, C: 3, T: 2, H: 50, W: 70}
	in.Pix = make([]float32, in.N*in.C*in.T*in.H*in.W)
	for i := range in.Pix {
		in.Pix[i] = float32(i*7919%1009) / 1009
	}
	for _, m := range []Method{Nearest, NearestExact, Bilinear, Area, Bicubic, Lanczos} {
		whole, err := To(t.Context(), in, 91, 33, m, Center)
		if err != nil {
			t.Fatal(err)
		}
		size := in.H * in.W
		for p := range in.planes() {
			one, err := To(t.Context(), Planes{1, 1, 1, in.H, in.W, in.Pix[p*size : (p+1)*size]}, 91, 33, m, Center)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(one.Pix, whole.Pix[p*91*33:(p+1)*91*33]); diff != "" {
				t.Fatalf("%s, plane %d: -alone +together:\n%s", m, p, diff)
			}
		}
	}
}

func BenchmarkTo(b *testing.B) {
	in := Planes{N: 1, C: 3, T: 1, H: 1024, W: 1024, Pix: make([]float32, 3<<20)}
	for _, m := range []Method{NearestExact, Bilinear, Area, Bicubic, Bislerp, Lanczos} {
		for _, side := range []int{512, 1536} {
			b.Run(fmt.Sprintf("%s/1024-%d", m, side), func(b *testing.B) {
				for b.Loop() {
					if _, err := To(b.Context(), in, side, side, m, Disabled); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
