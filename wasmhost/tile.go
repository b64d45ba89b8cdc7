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
	// copyStep is how many bytes are copied between two looks at the clock: into fresh memory that takes up to a millisecond.
	copyStep = 256 << 10
	// cloneStep is the same of a view, whose elements lie apart.
	cloneStep = copyStep / viewWork
	// rowWork is what beginning a row of a rectangle counts beside its bytes.
	rowWork = 64
)

// copied copies as copy does, and looks at the clock.
func (c *call) copied(dst, src []byte) int {
	n := min(len(dst), len(src))
	for from := 0; from < n; from += copyStep {
		if from > 0 {
			c.alive()
		}
		copy(dst[from:n], src[from:min(from+copyStep, n)])
	}
	return n
}

// moved counts bytes of a row that was copied for a rectangle, of which a look comes now and then.
func (c *call) moved(n int) { c.look(int64(n+rowWork) * (lookEvery / copyStep)) }

// cleared zeroes bytes, and looks at the clock.
func (c *call) cleared(b []byte) {
	for from := 0; from < len(b); from += copyStep {
		if from > 0 {
			c.alive()
		}
		clear(b[from:min(from+copyStep, len(b))])
	}
}

// clone copies a view, and charges for it.
func (c *call) clone(t *tensor.Tensor) *tensor.Tensor {
	n := t.Elems() * t.DType().Size()
	c.work(int64(n) * viewWork)
	if n <= cloneStep {
		return t.Clone()
	}
	out := tensor.New(t.DType(), t.Shape()...)
	c.cloneInto(out.Bytes(), t, n)
	return out
}

// cloneInto copies a view of n bytes: in parts of its outermost axis, and of those within where they are still long.
func (c *call) cloneInto(dst []byte, t *tensor.Tensor, n int) {
	axis := slices.IndexFunc(t.Shape(), func(d int) bool { return d > 1 })
	if n <= cloneStep || axis < 0 {
		copy(dst, t.Clone().Bytes())
		c.alive()
		return
	}
	rows := t.Shape()[axis]
	row := n / rows
	step := max(1, cloneStep/row)
	for from := 0; from < rows; from += step {
		to := min(from+step, rows)
		c.cloneInto(dst[from*row:to*row], t.Slice(axis, from, to), (to-from)*row)
	}
}

func (c *call) tRead(h, at int64, ptr, n uint32) int64 {
	dst, t := c.bytes(ptr, n), c.tensorOf(h)
	src := c.dense(t)
	if at < 0 || at > int64(len(src)) {
		return int64(abi.ENOENT)
	}
	c.work(int64(n))
	return int64(c.copied(dst, src[at:]))
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
	return int64(c.copied(dst[at:], src))
}

// rect is a rectangle of one picture: its rows start at first and lie stride apart, all in bytes.
type rect struct{ first, stride, row, rows int }

// work is what copying the rectangle costs; it has no rows when they are empty.
func (r *rect) work() int64 {
	if r.row == 0 {
		r.rows = 0
	}
	return int64(r.row+rowWork) * int64(r.rows)
}

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
	c.work(r.work())
	for i := range r.rows {
		c.copied(dst[i*r.row:(i+1)*r.row], src[r.first+i*r.stride:])
		c.moved(r.row)
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
	c.work(r.work())
	for i := range r.rows {
		c.copied(dst[r.first+i*r.stride:], src[i*r.row:(i+1)*r.row])
		c.moved(r.row)
	}
	return int64(n)
}
