//go:build unix

package weights

import (
	"os"
	"syscall"
)

// mapFile maps size bytes of f for reading. free ends the mapping; it must be called at most once.
func mapFile(f *os.File, size int) (data []byte, free func() error, err error) {
	data, err = syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, nil, err
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}
