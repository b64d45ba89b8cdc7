package tensor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func mapAnonymous(n int) ([]byte, func() error, error) {
	if n == 0 {
		return nil, func() error { return nil }, nil
	}
	data, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return nil, nil, fmt.Errorf("mmap: %w", err)
	}
	if n >= 4<<20 {
		_ = unix.Madvise(data, unix.MADV_HUGEPAGE) // only speed
	}
	return data, func() error { return unix.Munmap(data) }, nil
}

// allocateFile makes a zeroed Block of n bytes in a memory file.
func allocateFile(n int) (*Block, error) {
	if n == 0 {
		return Allocate(0)
	}
	fd, err := unix.MemfdCreate("cocoon-tensor", unix.MFD_CLOEXEC)
	if err != nil {
		return Allocate(n) // a system without memory files
	}
	if err := unix.Ftruncate(fd, int64(n)); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("memory file: %w", err)
	}
	data, err := unix.Mmap(fd, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("memory file: mmap: %w", err)
	}
	return newBlock(data, fd, func() error {
		err := unix.Munmap(data)
		if e := unix.Close(fd); err == nil {
			err = e
		}
		return err
	}), nil
}
