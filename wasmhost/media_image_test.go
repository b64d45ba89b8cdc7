package wasmhost

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// noise is a picture whose pixels have nothing in common.
func noise(side, channels int) *tensor.Tensor {
	t := tensor.New(tensor.F32, 1, side, side, channels)
	state := uint32(1)
	for i := range t.F32() {
		state = state*1664525 + 1013904223
		t.F32()[i] = float32(state>>8) / (1 << 24)
	}
	return t
}

// TestWriteNoise: a picture that an encoder cannot write is refused; others are written.
func TestWriteNoise(t *testing.T) {
	for _, row := range []struct {
		name    string
		side, c int
		form    pictureForm
	}{
		{"png", 64, 4, pictureForm{format: "png", level: 4}}, {"jpeg", 64, 3, pictureForm{format: "jpeg", quality: 90}},
		{"webp of colours", 64, 3, pictureForm{format: "webp"}}, {"webp with alpha", 512, 4, pictureForm{format: "webp"}},
	} {
		if err := writePicture(t.Context(), io.Discard, noise(row.side, row.c), row.form); err != nil && fault.CodeOf(err) != fault.Unsupported {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// TestWriteStops: an encoder ends with its context, and by the clock where no timer says so.
func TestWriteStops(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	past := deadlined{t.Context(), time.Now().Add(-time.Second)}
	for _, form := range []pictureForm{{format: "png", level: 4}, {format: "jpeg", quality: 90}, {format: "webp"}} {
		for name, ctx := range map[string]context.Context{"cancelled": cancelled, "late": past} {
			err := writePicture(ctx, io.Discard, noise(512, 3), form)
			if name == "late" && form.format == "png" {
				continue // by the timer alone
			}
			if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: %v", form.format, name, err)
			}
		}
	}
}

// deadlined is a context whose time is over and whose timer has not said so.
type deadlined struct {
	context.Context
	end time.Time
}

// Deadline is in the past.
func (d deadlined) Deadline() (time.Time, bool) { return d.end, true }
