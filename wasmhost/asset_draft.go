package wasmhost

import (
	"bytes"
	"io"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// draftPiece is how a draft grows: nothing is copied when it does.
const draftPiece = 1 << 20

// draft is a file in the making, in memory: its bytes count as output of the call. It is a File so that no draft gets on a
// link.
type draft struct {
	name   string
	pieces [][]byte
	size   int64
}

// Size is the bytes so far.
func (d *draft) Size() int64 { return d.size }

// ReadAt refuses: a draft is no file yet.
func (d *draft) ReadAt([]byte, int64) (int, error) {
	return 0, fault.New(fault.Unsupported, "a file in the making is not read")
}

// Close forgets the bytes.
func (d *draft) Close() error {
	d.pieces = nil
	return nil
}

func (d *draft) add(b []byte) {
	d.size += int64(len(b))
	for len(b) > 0 {
		last := len(d.pieces) - 1
		if last < 0 || len(d.pieces[last]) == cap(d.pieces[last]) {
			d.pieces = append(d.pieces, make([]byte, 0, draftPiece))
			last++
		}
		p := d.pieces[last]
		n := min(len(b), cap(p)-len(p))
		d.pieces[last] = append(p, b[:n]...)
		b = b[n:]
	}
}

func (d *draft) reader() io.Reader {
	rs := make([]io.Reader, len(d.pieces))
	for i, p := range d.pieces {
		rs[i] = bytes.NewReader(p)
	}
	return io.MultiReader(rs...)
}

func (c *call) draftOf(h int64) *draft {
	d, ok := c.handle(h).val.(*draft)
	if !ok {
		c.trap("handle %#x is no file in the making", h)
	}
	return d
}

func (c *call) assetCreate(name, nameLen uint32) int64 {
	filename := c.text(name, nameLen)
	if e := c.maySave(filename); e != 0 {
		return int64(e)
	}
	if !c.claim(draftPiece) {
		return int64(abi.ELIMIT)
	}
	return c.put(abi.KindDraft, &draft{name: filename})
}

func (c *call) assetWrite(h int64, ptr, n uint32) int64 {
	d, b := c.draftOf(h), c.bytes(ptr, n)
	if !c.claim(int64(n)) {
		return int64(abi.ELIMIT)
	}
	c.work(int64(n))
	d.add(b)
	return int64(n)
}

func (c *call) assetCommit(h int64, out, limit uint32) int64 {
	d := c.draftOf(h)
	c.bytes(out, limit)
	f, e := c.saved(d.name, d.reader())
	if e != 0 {
		return e
	}
	c.hDrop(h)
	return c.outValue(fileMessage(f), out, limit)
}

// metered counts what is read and fails over its bound.
type metered struct {
	r    io.Reader
	left int64
	n    int64
}

// Read reads.
func (m *metered) Read(p []byte) (int, error) {
	if int64(len(p)) > m.left+1 {
		p = p[:m.left+1]
	}
	n, err := m.r.Read(p)
	if m.n += int64(n); int64(n) > m.left {
		return n, fault.New(fault.TooLarge, "the stream is over its bound")
	}
	m.left -= int64(n)
	return n, err
}

func (c *call) assetStore(h int64, name, nameLen, out, limit uint32) int64 {
	filename := c.text(name, nameLen)
	c.bytes(out, limit)
	r, size := c.source(h)
	if r == nil {
		return int64(abi.EUNSUP)
	}
	if e := c.maySave(filename); e != 0 {
		return int64(e)
	}
	left := max(c.limits.HostBytes-c.hostBytes, 0)
	if size > left {
		return int64(abi.ETOOBIG)
	}
	m := &metered{r: r, left: left}
	f, e := c.saved(filename, m)
	c.work(min(m.n, left))
	if e != 0 {
		return e
	}
	return c.outValue(fileMessage(f), out, limit)
}
