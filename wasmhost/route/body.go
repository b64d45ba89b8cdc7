package route

import (
	"io"
	"os"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Body is the body of a request that a route answers, or a file of its form.
type Body struct {
	R     io.Reader // what is left of it
	Taken bool      // by who reads it from another goroutine

	size int64 // -1 when it is not known
	file *os.File
	path string // of a file that may still have its name
	once sync.Once
}

// NewBody is a stream of size bytes; -1 when that is not known.
func NewBody(r io.Reader, size int64) *Body { return &Body{R: r, size: size} }

// Again reports whether ReadAt reads the body: whether it is a file.
func (b *Body) Again() bool { return b.file != nil }

// Size is its bytes; -1 when they are not known.
func (b *Body) Size() int64 { return b.size }

// ReadAt reads a file of a form; others are fault.Unsupported.
func (b *Body) ReadAt(p []byte, at int64) (int, error) {
	if b.file == nil {
		return 0, fault.New(fault.Unsupported, "a body is read from its start to its end")
	}
	return b.file.ReadAt(p, at)
}

// Close lets go of a form's file. The body of a request is the server's to close.
func (b *Body) Close() (err error) {
	if b.file != nil {
		b.once.Do(func() {
			err = b.file.Close()
			if b.path != "" {
				_ = os.Remove(b.path)
			}
		})
	}
	return err
}
