//go:build !linux

package tensor

import "unsafe"

// pageSize is the alignment of blocks where the system's own is not asked for.
const pageSize = 16 << 10

// mapAnonymous takes page-aligned memory from the Go heap.
func mapAnonymous(n int) ([]byte, func() error, error) {
	raw := make([]byte, n+pageSize)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(raw))) & (pageSize - 1)
	return raw[skip : int(skip)+n], func() error { return nil }, nil
}

func allocateFile(n int) (*Block, error) { return Allocate(n) }
