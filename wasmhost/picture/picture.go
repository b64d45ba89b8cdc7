// Package picture writes pictures as guests ask for them: PNG, JPEG and WebP, within bounds, and with texts where those go. Encoders
// end when the time of who asked is over.
package picture

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

const (
	maxWebP  = 16383 // pixels of a side
	webpArea = 4096 * 4096
	maxTexts = 64
)

// Form is how a picture is written.
type Form struct {
	Format  string // "png", "jpeg", "webp"
	quality int    // of a jpeg
	level   int    // of a png
	text    []imaging.Text
}

// Read reads {format, quality, level, text}. Errors: fault.Unsupported.
func Read(m abi.Map) (Form, error) {
	p := Form{Format: m.Text("format"), quality: int(m.Int("quality")), level: 4}
	bad := func(format string, args ...any) (Form, error) {
		return Form{}, fault.New(fault.Unsupported, format, args...)
	}
	if p.Format == "" {
		p.Format = "png"
	}
	if p.quality == 0 {
		p.quality = 90
	}
	if n, ok := m["level"].(int64); ok {
		p.level = int(min(max(n, -1), 10))
	}
	texts := m.Map("text")
	switch {
	case !slices.Contains([]string{"png", "jpeg", "webp"}, p.Format):
		return bad("no picture is written as %q", p.Format)
	case p.quality < 1 || p.quality > 100 || p.level < 0 || p.level > 9:
		return bad("quality is 1 to 100, level 0 to 9")
	case len(texts) > 0 && p.Format != "png", len(texts) > maxTexts:
		return bad("texts go into a png, up to %d of them", maxTexts)
	}
	for _, key := range textKeys(texts) {
		s, ok := texts[key].(string)
		if !ok || key == "" || len(key) > 79 {
			return bad("the text %q has no key or no value", key)
		}
		p.text = append(p.text, imaging.Text{Key: key, Value: s})
	}
	return p, nil
}

// textKeys puts the prompt first, as pictures of built-in nodes have it.
func textKeys(m abi.Map) []string {
	keys := slices.Sorted(maps.Keys(m))
	if i := slices.Index(keys, "prompt"); i > 0 {
		keys = slices.Insert(slices.Delete(keys, i, i+1), 0, "prompt")
	}
	return keys
}

// Write writes a picture: t is [1, h, w, c]. It ends with ctx, and with its time. Errors: fault.Unsupported for what has no such form.
// beside runs work on a goroutine that Write may not wait for: an encoder that cannot be stopped, of a picture of bounded size.
func Write(ctx context.Context, w io.Writer, t *tensor.Tensor, p Form, beside func(work func())) error {
	d := t.Dense()
	s := d.Shape()
	b, err := imaging.ToBytes(ctx, d.F32(), s[1], s[2], s[3])
	if err != nil {
		return err
	}
	switch p.Format {
	case "png":
		return imaging.EncodePNG(ctx, w, b, imaging.PNGOptions{Level: p.level, Text: p.text})
	case "jpeg":
		return writeJPEG(ctx, w, b, p.quality)
	}
	return writeWebP(ctx, w, b, beside)
}

func writeWebP(ctx context.Context, w io.Writer, b imaging.Bytes, beside func(work func())) error {
	if max(b.W, b.H) > maxWebP || b.W*b.H > webpArea {
		return fault.New(fault.Unsupported, "a WebP has sides of up to %d pixels, and up to %d in all", maxWebP, webpArea)
	}
	pix, err := spread(ctx, b, false)
	if err != nil {
		return err
	}
	type outcome struct {
		err   error
		panic any
	}
	var out bytes.Buffer
	done := make(chan outcome, 1)
	beside(func() {
		var o outcome
		defer func() {
			o.panic = recover() // it is the caller's, if it still waits
			done <- o
		}()
		o.err = imaging.EncodeWebP(&out, &image.NRGBA{Pix: pix, Stride: 4 * b.W, Rect: image.Rect(0, 0, b.W, b.H)})
	})
	select {
	case o := <-done:
		if o.panic != nil {
			panic(o.panic)
		}
		if o.err != nil {
			return o.err
		}
		_, err = w.Write(out.Bytes())
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over is the error of a context that has ended or whose time is over, which its timer may be late to say; else nil.
func over(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && time.Now().After(end) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// stopWriter ends an encoder that does not stop for errors: its panic is writeJPEG's to catch.
type stopWriter struct {
	w   io.Writer
	ctx context.Context
}

// stopping is what a stopWriter panics with.
type stopping struct{ err error }

// Write writes.
func (s *stopWriter) Write(p []byte) (int, error) {
	if err := over(s.ctx); err != nil {
		panic(stopping{err})
	}
	return s.w.Write(p)
}

func writeJPEG(ctx context.Context, w io.Writer, b imaging.Bytes, quality int) (err error) {
	pix, err := spread(ctx, b, true)
	if err != nil {
		return err
	}
	defer func() {
		switch v := recover().(type) {
		case nil:
		case stopping:
			err = v.err
		default:
			panic(v)
		}
	}()
	return jpeg.Encode(&stopWriter{w, ctx}, &image.RGBA{Pix: pix, Stride: 4 * b.W, Rect: image.Rect(0, 0, b.W, b.H)}, &jpeg.Options{Quality: quality})
}

// spread gives bytes as red, green, blue and alpha: of 1 or 2 channels the first is grey, the last of 2 or 4 is alpha.
func spread(ctx context.Context, b imaging.Bytes, opaque bool) ([]uint8, error) {
	const step = 64 << 10 // pixels between two looks at the clock
	out := make([]uint8, 4*b.W*b.H)
	for i := range b.W * b.H {
		if i%step == step-1 {
			if err := over(ctx); err != nil {
				return nil, err
			}
		}
		p, q := b.Pix[i*b.C:][:b.C], out[4*i:][:4]
		for k := range 3 {
			if q[k] = p[0]; b.C > 2 {
				q[k] = p[k]
			}
		}
		if q[3] = 255; !opaque && b.C%2 == 0 {
			q[3] = p[b.C-1]
		}
	}
	return out, nil
}
