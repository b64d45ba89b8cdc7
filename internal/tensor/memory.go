package tensor

// Block is a piece of memory outside the Go heap: an anonymous mapping or a mapped file. Whatever holds slices of it must
// keep it reachable; it is unmapped when it is closed or collected.
type Block struct {
	data []byte
	free func() error
	fd   int // memory file behind the block, -1 for none
}

// Bytes is the whole block.
func (b *Block) Bytes() []byte { return b.data }
