package tensor

import (
	"runtime"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Block is a piece of memory outside the Go heap: an anonymous mapping or a mapped file. Whatever holds slices of it must
// keep it reachable; it is unmapped when it is closed or collected.
type Block struct {
	data []byte
	fd   int // memory file behind the block, -1 for none
	once *sync.Once
	free func() error
}

// NewBlock takes charge of foreign memory, such as a mapped file: free, which must not refer to the Block, is called once,
// when the Block is closed or collected.
func NewBlock(data []byte, free func() error) *Block { return newBlock(data, -1, free) }

// Allocate makes a zeroed, page-aligned Block of n bytes, which the system fills page by page as it is written.
func Allocate(n int) (*Block, error) {
	if n < 0 || n > maxElems*8 {
		return nil, fault.New(fault.OutOfMemory, "%d bytes of memory asked for", n)
	}
	data, free, err := mapAnonymous(n)
	if err != nil {
		return nil, fault.Wrap(err, fault.OutOfMemory, "the system has no %d bytes of memory", n)
	}
	return newBlock(data, -1, free), nil
}

func newBlock(data []byte, fd int, free func() error) *Block {
	b := &Block{data: data, fd: fd, once: new(sync.Once), free: free}
	once := b.once
	runtime.AddCleanup(b, func(free func() error) { once.Do(func() { _ = free() }) }, free)
	return b
}

// Bytes is the whole block.
func (b *Block) Bytes() []byte { return b.data }

// File is the descriptor of the memory file behind the block, which a guest's memory can map too; ok is false when the
// block has none. The block owns it.
func (b *Block) File() (fd int, ok bool) { return b.fd, b.fd >= 0 }

// Close gives the memory back; no slice of it may be used afterwards. Closing twice does nothing.
func (b *Block) Close() (err error) {
	b.once.Do(func() {
		b.data = nil
		err = b.free()
	})
	return err
}
