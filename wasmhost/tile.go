package wasmhost

import (
	"slices"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// writable is the tensor behind a handle that may be written: this call made it and nothing else has seen it.
func (c *call) writable(h int64) (*tensor.Tensor, bool) {
	t := c.tensorOf(h)
	return t, c.handle(h).own
}

// dense gives a tensor's bytes in row-major order; a view is copied, and charged.
func (c *call) dense(t *tensor.Tensor) []byte {
	if !t.Contiguous() {
		t = c.clone(t)
	}
	return t.Bytes()
}

const (
	// viewWork is how much longer copying a view takes than copying bytes.
	viewWork = 4
	// cloneStep is how many bytes of a view are copied between two looks at the clock.
	cloneStep = 1 << 20
)

// clone copies a view, and charges for it.
func (c *call) clone(t *tensor.Tensor) *tensor.Tensor {
	n := t.Elems() * t.DType().Size()
	c.work(int64(n) * viewWork)
	axis := slices.IndexFunc(t.Shape(), func(d int) bool { return d > 1 })
	if n <= cloneStep || axis < 0 {
		return t.Clone()
	}
	out, at := tensor.New(t.DType(), t.Shape()...), 0
	rows := t.Shape()[axis]
	step := max(1, cloneStep/(n/rows))
	for from := 0; from < rows; from += step {
		at += copy(out.Bytes()[at:], t.Slice(axis, from, min(from+step, rows)).Clone().Bytes())
		c.alive()
	}
	return out
}

func (c *call) tRead(h, at int64, ptr, n uint32) int64 {
	dst, t := c.bytes(ptr, n), c.tensorOf(h)
	src := c.dense(t)
	if at < 0 || at > int64(len(src)) {
		return int64(abi.ENOENT)
	}
	c.work(int64(n))
	return int64(copy(dst, src[at:]))
}

func (c *call) tWrite(h, at int64, ptr, n uint32) int64 {
	src := c.bytes(ptr, n)
	t, ok := c.writable(h)
	if !ok {
		return int64(abi.EPERM)
	}
	dst := t.Bytes()
	if at < 0 || at > int64(len(dst)) || int64(n) > int64(len(dst))-at {
		return int64(abi.ETOOBIG)
	}
	c.work(int64(n))
	return int64(copy(dst[at:], src))
}

// rect is a rectangle of one picture: its rows start at first and lie stride apart, all in bytes.
type rect struct{ first, stride, row, rows int }

// rectOf finds a rectangle in [b, h, w, c]; false outside of it.
func rectOf(t *tensor.Tensor, item, y, x, height, width uint32) (rect, bool) {
	s := t.Shape()
	if len(s) != 4 || int64(item) >= int64(s[0]) || int64(y)+int64(height) > int64(s[1]) || int64(x)+int64(width) > int64(s[2]) {
		return rect{}, false
	}
	pixel := s[3] * t.DType().Size()
	line := s[2] * pixel
	return rect{int(item)*s[1]*line + int(y)*line + int(x)*pixel, line, int(width) * pixel, int(height)}, true
}

func (c *call) tReadRect(h int64, item, y, x, height, width, ptr, n uint32) int64 {
	dst, t := c.bytes(ptr, n), c.tensorOf(h)
	r, ok := rectOf(t, item, y, x, height, width)
	if !ok {
		return int64(abi.ENOENT)
	}
	if int64(r.row)*int64(r.rows) > int64(n) {
		return int64(abi.ETOOBIG)
	}
	src := c.dense(t)
	c.work(int64(r.row * r.rows))
	for i := range r.rows {
		copy(dst[i*r.row:(i+1)*r.row], src[r.first+i*r.stride:])
	}
	return int64(r.row * r.rows)
}

func (c *call) tWriteRect(h int64, item, y, x, height, width, ptr, n uint32) int64 {
	src := c.bytes(ptr, n)
	t, own := c.writable(h)
	r, ok := rectOf(t, item, y, x, height, width)
	switch {
	case !own:
		return int64(abi.EPERM)
	case !ok:
		return int64(abi.ENOENT)
	case int64(r.row)*int64(r.rows) != int64(n):
		return int64(abi.ETOOBIG)
	}
	dst := t.Bytes()
	c.work(int64(n))
	for i := range r.rows {
		copy(dst[r.first+i*r.stride:], src[i*r.row:(i+1)*r.row])
	}
	return int64(n)
}
