package picture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
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

// now does work at once.
func now(work func()) { work() }

// TestWriteStopsWaiting: an encoder that does not stop is not waited for, and what it meets with is told who does.
func TestWriteStopsWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	var late sync.WaitGroup
	err := Write(ctx, io.Discard, noise(16, 3), Form{Format: "webp"}, func(work func()) {
		late.Go(func() {
			<-release
			work()
		})
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(release)
	late.Wait()
	for _, x := range []struct{ h, w int }{{1, maxWebP + 1}, {4096, 4097}} {
		if err := Write(t.Context(), io.Discard, tensor.New(tensor.F32, 1, x.h, x.w, 1), Form{Format: "webp"}, now); fault.CodeOf(err) != fault.Unsupported {
			t.Errorf("%v: %v", x, err)
		}
	}
}

// TestWriteNoise: a picture that an encoder cannot write is refused; others are written.
func TestWriteNoise(t *testing.T) {
	for _, row := range []struct {
		name    string
		side, c int
		form    Form
	}{
		{"png", 64, 4, Form{Format: "png", level: 4}}, {"jpeg", 64, 3, Form{Format: "jpeg", quality: 90}},
		{"webp of colours", 64, 3, Form{Format: "webp"}}, {"webp with alpha", 512, 4, Form{Format: "webp"}},
	} {
		if err := Write(t.Context(), io.Discard, noise(row.side, row.c), row.form, now); err != nil && fault.CodeOf(err) != fault.Unsupported {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// TestWriteStops: an encoder ends with its context, and by the clock where no timer says so.
func TestWriteStops(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	past := deadlined{t.Context(), time.Now().Add(-time.Second)}
	for _, form := range []Form{{Format: "png", level: 4}, {Format: "jpeg", quality: 90}, {Format: "webp"}} {
		for name, ctx := range map[string]context.Context{"cancelled": cancelled, "late": past} {
			err := Write(ctx, io.Discard, noise(512, 3), form, now)
			if name == "late" && form.Format == "png" {
				continue // by the timer alone
			}
			if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: %v", form.Format, name, err)
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

// TestRead: a form is one that can be written.
func TestRead(t *testing.T) {
	many := map[string]any{}
	for i := range maxTexts + 1 {
		many[fmt.Sprint(i)] = "x"
	}
	for _, x := range []struct {
		name string
		m    abi.Map
		want Form // none is refused
	}{
		{"nothing said", abi.Map{}, Form{Format: "png", quality: 90, level: 4}},
		{"a jpeg", abi.Map{"format": "jpeg", "quality": int64(1)}, Form{Format: "jpeg", quality: 1, level: 4}},
		{"texts, the prompt first", abi.Map{"level": int64(0), "text": map[string]any{"a": "1", "prompt": "2"}},
			Form{Format: "png", quality: 90, text: []imaging.Text{{Key: "prompt", Value: "2"}, {Key: "a", Value: "1"}}}},
		{"another format", abi.Map{"format": "gif"}, Form{}},
		{"too good", abi.Map{"quality": int64(101)}, Form{}},
		{"too well packed", abi.Map{"level": int64(10)}, Form{}},
		{"less than nothing", abi.Map{"level": int64(-1 << 40)}, Form{}},
		{"texts in a jpeg", abi.Map{"format": "jpeg", "text": map[string]any{"a": "1"}}, Form{}},
		{"many texts", abi.Map{"text": many}, Form{}},
		{"a text that is none", abi.Map{"text": map[string]any{"a": int64(1)}}, Form{}},
		{"a text without a key", abi.Map{"text": map[string]any{"": "1"}}, Form{}},
	} {
		got, err := Read(x.m)
		if d := cmp.Diff(x.want, got, cmp.AllowUnexported(Form{})); d != "" || (err == nil) != (x.want.Format != "") || err != nil && fault.CodeOf(err) != fault.Unsupported {
			t.Errorf("%s: %v %s", x.name, err, d)
		}
	}
}
