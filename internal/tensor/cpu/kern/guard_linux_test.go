package kern

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// guarded gives n float32s that end, and another n that begin, right at memory that cannot be touched.
func guarded(t *testing.T, n int) (last, first []float32) {
	t.Helper()
	page := unix.Getpagesize()
	size := (n*4 + page - 1) / page * page
	if size == 0 {
		size = page
	}
	m, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(m) })
	for _, at := range []int{0, page + size} {
		if err := unix.Mprotect(m[at:at+page], unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	all := unsafe.Slice((*float32)(unsafe.Pointer(&m[page])), size/4)
	return all[len(all)-n:], all[:n]
}
