package slot

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// span is a range of a memory.
type span struct{ from, to int }

// zeroRun is the least zeros that are worth a question to the system.
const zeroRun = 4 * zeroBlock

// zeroBlock is what is looked at at once.
const zeroBlock = 4 << 10

// zeros gives the long runs of zeros in b, in order.
func zeros(b []byte) []span {
	var out []span
	from := 0
	for at := 0; at < len(b); at += zeroBlock {
		to := min(at+zeroBlock, len(b))
		if to < len(b) && allZero(b[at:to]) { // an image does not end with zeros
			continue
		}
		if at-from >= zeroRun {
			out = append(out, span{from, at})
		}
		from = to
	}
	return out
}

// sharedMemory maps n bytes of a memory file, which it does not take.
func sharedMemory(fd, n int, img *image) (*memory, error) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("keep a guest's memory file: %w", err)
	}
	all, err := unix.Mmap(own, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		_ = unix.Close(own)
		return nil, fmt.Errorf("map a guest's memory: %w", err)
	}
	return &memory{all: all, image: img, shared: true, fd: own}, nil
}

// restoreShared copies the image back and gives back what is behind it. Where the image is zero for long, only what is in the file is
// cleared: both processes write there, and the file has no page where neither did.
func (m *memory) restoreShared() error {
	view, at := m.image.view, 0
	for _, z := range m.image.zero {
		copy(m.all[at:z.from], view[at:])
		m.clearWritten(z)
		at = z.to
	}
	copy(m.all[at:], view[at:])
	from, page := len(view), unix.Getpagesize()
	if m.dirty > from {
		next := min((from+page-1)/page*page, m.dirty)
		clear(m.all[from:next])
		if next < m.dirty {
			if err := unix.Madvise(m.all[next:m.dirty], unix.MADV_REMOVE); err != nil {
				return fmt.Errorf("reset a guest's memory: %w", err)
			}
		}
	}
	m.dirty = m.image.size
	runtime.KeepAlive(m.image)
	return nil
}

// clearWritten makes a range zero; pages that the file does not have are zero, and stay away.
func (m *memory) clearWritten(z span) {
	for at, end := int64(z.from), int64(z.to); at < end; {
		from, err := unix.Seek(m.fd, at, unix.SEEK_DATA)
		if err == unix.ENXIO || err == nil && from >= end {
			return
		}
		to := end
		if err == nil {
			to, err = unix.Seek(m.fd, from, unix.SEEK_HOLE)
		}
		if err != nil { // the system does not say
			from, to = at, end
		}
		at = min(to, end)
		clear(m.all[from:at])
	}
}
