package wasmhost

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/HugoSmits86/nativewebp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

const (
	maxPictureFile = 256 * mib
	// decodeCost is what a pixel of a file may cost while it is read: see imaging.Limits.
	decodeCost = 24
	maxWebP    = 16383 // pixels of a side
	maxTexts   = 64
	// webpWork is what a pixel of a WebP costs: half a microsecond, in which its encoder does not look at the clock, is more than
	// twice as much, but a route may answer with a picture of half a megapixel.
	webpWork = 500
)

// assetImage decodes a picture file. What it gives counts as the call's output.
func (c *call) assetImage(h int64, part uint32) int64 {
	f := c.asset(h)
	size := f.Size()
	switch {
	case part > 1 || size < 0:
		return int64(abi.EUNSUP)
	case size > maxPictureFile:
		return int64(abi.ETOOBIG)
	}
	c.work(size)
	left := min((c.limits.OutputBytes-c.outBytes)/decodeCost, (c.limits.HostBytes-c.hostBytes)/decodeCost, imaging.DefaultMaxPixels)
	if left <= 0 {
		return int64(abi.ELIMIT)
	}
	var p *imaging.Picture
	var err error
	ctx, cancel := c.timed()
	defer cancel()
	c.aside(func() { p, err = decodePicture(ctx, f, size, int(left)) })
	switch code := fault.CodeOf(err); {
	case err == nil:
	case c.Err() != nil:
		return int64(abi.ECANCEL)
	case code == fault.TooLarge:
		return int64(abi.ELIMIT)
	case code == fault.BadFile:
		c.note(err)
		return int64(abi.EUNSUP)
	default:
		return c.refuse(err)
	}
	c.work(decodeCost * int64(p.N*p.H*p.W))
	t := tensor.FromF32(p.Pix, p.N, p.H, p.W, 3)
	v, kind := any(value.Image{Tensor: t}), abi.KindImage
	if part == 1 {
		pix, n, hh, ww := p.Mask()
		t = tensor.FromF32(pix, n, hh, ww)
		v, kind = value.Mask{Tensor: t}, abi.KindMask
	}
	if !c.claim(int64(t.Elems()) * 4) {
		return int64(abi.ELIMIT)
	}
	return c.put(uint32(kind), v)
}

func decodePicture(ctx context.Context, f File, size int64, most int) (*imaging.Picture, error) {
	data := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), data); err != nil {
		return nil, err
	}
	return imaging.Decode(ctx, data, imaging.Limits{MaxPixels: most})
}

// pictureForm is how a picture is written.
type pictureForm struct {
	format  string // "png", "jpeg", "webp"
	quality int    // of a jpeg
	level   int    // of a png
	text    []imaging.Text
}

// readPictureForm reads format, quality, level and text.
func readPictureForm(m abi.Map) (pictureForm, error) {
	p := pictureForm{format: m.Text("format"), quality: int(m.Int("quality")), level: 4}
	bad := func(format string, args ...any) (pictureForm, error) {
		return pictureForm{}, fault.New(fault.Unsupported, format, args...)
	}
	if p.format == "" {
		p.format = "png"
	}
	if p.quality == 0 {
		p.quality = 90
	}
	if n, ok := m["level"].(int64); ok {
		p.level = int(min(max(n, -1), 10))
	}
	texts := m.Map("text")
	switch {
	case !slices.Contains([]string{"png", "jpeg", "webp"}, p.format):
		return bad("no picture is written as %q", p.format)
	case p.quality < 1 || p.quality > 100 || p.level < 0 || p.level > 9:
		return bad("quality is 1 to 100, level 0 to 9")
	case len(texts) > 0 && p.format != "png", len(texts) > maxTexts:
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

// encodePicture writes one picture of a batch. Errors: fault.Unsupported for what is no picture or has none of that number.
func (c *call) encodePicture(w io.Writer, v any, index int, p pictureForm) error {
	img, ok := v.(value.Image)
	if !ok || img.Tensor == nil {
		return fault.New(fault.Unsupported, "a picture is written from an IMAGE")
	}
	s := img.Shape()
	if index < 0 || index >= s[0] {
		return fault.New(fault.Unsupported, "there is no picture %d in a batch of %d", index, s[0])
	}
	c.work(int64(s[1]) * int64(s[2]) * int64(s[3]) * 8) // as floats, as bytes, and packed
	if p.format == "webp" {
		c.work(int64(s[1]) * int64(s[2]) * webpWork)
	}
	one := img.Slice(0, index, index+1)
	var err error
	ctx, cancel := c.timed()
	defer cancel()
	c.aside(func() { err = writePicture(ctx, w, one, p) })
	return err
}

func writePicture(ctx context.Context, w io.Writer, t *tensor.Tensor, p pictureForm) error {
	d := t.Dense()
	s := d.Shape()
	b, err := imaging.ToBytes(ctx, d.F32(), s[1], s[2], s[3])
	if err != nil {
		return err
	}
	switch p.format {
	case "png":
		return imaging.EncodePNG(ctx, w, b, imaging.PNGOptions{Level: p.level, Text: p.text})
	case "jpeg":
		return writeJPEG(ctx, w, b, p.quality)
	}
	if max(b.W, b.H) > maxWebP {
		return fault.New(fault.Unsupported, "a WebP has sides of up to %d pixels", maxWebP)
	}
	pix, err := spread(ctx, b, false)
	if err != nil {
		return err
	}
	return writeWebP(w, &image.NRGBA{Pix: pix, Stride: 4 * b.W, Rect: image.Rect(0, 0, b.W, b.H)})
}

// writeWebP refuses pictures that the encoder cannot write: the lengths of its codes do not fit noise, and it panics.
func writeWebP(w io.Writer, img image.Image) (err error) {
	defer func() {
		if v, ok := recover().(string); ok {
			err = fault.New(fault.Unsupported, "this picture cannot be written as a WebP: %s", v)
		}
	}()
	return nativewebp.Encode(w, img, nil)
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

func (c *call) imageSave(ptr, n, out, limit uint32) int64 {
	m := c.message(ptr, n)
	c.bytes(out, limit)
	x, _ := m["image"].(abi.Handle)
	e, ok := c.entry(x)
	img, isImage := e.val.(value.Image)
	if !ok || !isImage {
		return int64(abi.EUNSUP)
	}
	p, err := readPictureForm(m)
	if err != nil {
		return c.refuse(err)
	}
	name := strings.TrimSuffix(m.Text("name"), path.Ext(m.Text("name")))
	name += map[string]string{"png": ".png", "jpeg": ".jpg", "webp": ".webp"}[p.format]
	if e := c.maySave(name); e != 0 {
		return int64(e)
	}
	files := []any{}
	for i := range img.Shape()[0] {
		f, e := c.saveOne(img, i, name, p)
		if e != 0 {
			return e
		}
		files = append(files, fileMessage(f))
	}
	return c.outValue(files, out, limit)
}

func (c *call) saveOne(img value.Image, i int, name string, p pictureForm) (node.File, int64) {
	var b bytes.Buffer
	if err := c.encodePicture(&b, img, i, p); err != nil {
		c.alive()
		return node.File{}, c.refuse(err)
	}
	if !c.claim(int64(b.Len())) {
		return node.File{}, int64(abi.ELIMIT)
	}
	return c.saved(name, &b)
}
