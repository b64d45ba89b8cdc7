package wasmhost

import (
	"bytes"
	"context"
	"io"
	"path"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/picture"
)

const (
	maxPictureFile = 256 * mib
	// decodeCost is what a pixel of a file may cost while it is read: see imaging.Limits.
	decodeCost = 24
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
	c.labour(func(ctx context.Context) { p, err = decodePicture(ctx, f, size, int(left)) })
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

// encodePicture writes one picture of a batch. Errors: fault.Unsupported for what is no picture or has none of that number.
func (c *call) encodePicture(w io.Writer, v any, index int, p picture.Form) error {
	img, ok := v.(value.Image)
	if !ok || img.Tensor == nil {
		return fault.New(fault.Unsupported, "a picture is written from an IMAGE")
	}
	s := img.Shape()
	if index < 0 || index >= s[0] {
		return fault.New(fault.Unsupported, "there is no picture %d in a batch of %d", index, s[0])
	}
	c.work(int64(s[1]) * int64(s[2]) * int64(s[3]) * 8) // as floats, as bytes, and packed
	if p.Format == "webp" {
		c.work(int64(s[1]) * int64(s[2]) * webpWork)
	}
	one := img.Slice(0, index, index+1)
	var err error
	c.labour(func(ctx context.Context) { err = picture.Write(ctx, w, one, p, c.beside) })
	return err
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
	p, err := picture.Read(m)
	if err != nil {
		return c.refuse(err)
	}
	name := strings.TrimSuffix(m.Text("name"), path.Ext(m.Text("name")))
	name += map[string]string{"png": ".png", "jpeg": ".jpg", "webp": ".webp"}[p.Format]
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

func (c *call) saveOne(img value.Image, i int, name string, p picture.Form) (node.File, int64) {
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
