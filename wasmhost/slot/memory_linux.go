package slot

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// image is what a program is before its first call, in a sealed memory file that slots map copy-on-write.
type image struct {
	fd   int
	size int    // bytes of memory
	file int    // bytes of them in the file; the rest is zero
	view []byte // the file, to be read
	zero []span // of a shared one's view; see zeros
}

func newImage(b []byte) (*image, error) {
	size := len(b)
	for len(b) >= 4096 && allZero(b[len(b)-4096:]) {
		b = b[:len(b)-4096]
	}
	fd, err := unix.MemfdCreate("cocoon-image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memory file of an image: %w", err)
	}
	i := &image{fd: fd, size: size, file: len(b)}
	for at := 0; at < len(b); {
		n, err := unix.Pwrite(fd, b[at:], int64(at))
		if err != nil {
			_ = unix.Close(fd)
			return nil, fmt.Errorf("write an image: %w", err)
		}
		at += n
	}
	_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE|unix.F_SEAL_SEAL)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("seal an image: %w", err)
	}
	return i, i.open()
}

// open maps the file; it and the mapping go with the image.
func (i *image) open() (err error) {
	runtime.AddCleanup(i, func(fd int) { _ = unix.Close(fd) }, i.fd)
	if i.file == 0 {
		return nil
	}
	if i.view, err = unix.Mmap(i.fd, 0, i.file, unix.PROT_READ, unix.MAP_PRIVATE); err != nil {
		return fmt.Errorf("map an image: %w", err)
	}
	runtime.AddCleanup(i, func(view []byte) { _ = unix.Munmap(view) }, i.view)
	return nil
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// newMemory reserves address space for at most most bytes, over an image or zero.
func newMemory(most int, img *image) (*memory, error) {
	all, err := unix.Mmap(-1, 0, max(most, pageBytes), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("reserve %d bytes for a guest: %w", most, err)
	}
	_ = unix.Madvise(all, unix.MADV_NOHUGEPAGE) // a huge page behind a small guest would be memory for nothing
	m := &memory{all: all, image: img}
	if img != nil && img.file > 0 {
		if err := m.mapFixed(0, img.file, img.fd, unix.MAP_PRIVATE); err != nil {
			m.Free()
			return nil, err
		}
	}
	return m, nil
}

func (m *memory) free() {
	if m.all != nil {
		_ = unix.Munmap(m.all)
		m.all, m.size = nil, 0
	}
	if m.shared {
		_ = unix.Close(m.fd)
	}
}

// mapFixed maps n bytes of a file over the memory at a page's start; fd -1 maps zeros.
func (m *memory) mapFixed(at, n, fd, flags int) error {
	if fd < 0 {
		flags |= unix.MAP_ANON | unix.MAP_NORESERVE
	}
	p := unsafe.Pointer(&m.all[at])
	got, err := unix.MmapPtr(fd, 0, p, uintptr(n), unix.PROT_READ|unix.PROT_WRITE, flags|unix.MAP_FIXED)
	if err != nil {
		return fmt.Errorf("map %d bytes into a guest: %w", n, err)
	}
	if got != p {
		return fmt.Errorf("map into a guest: the system chose another address")
	}
	return nil
}

// restore puts the image back and closes windows. Pages that were written stay the slot's, if they are few, and are copied
// back; all others are dropped, and come from the image again when they are touched.
func (m *memory) restore() error {
	for len(m.windows) > 0 {
		if err := m.unmap(m.windows[0].at); err != nil {
			return err
		}
	}
	if m.shared {
		return m.restoreShared()
	}
	near := min(m.dirty, m.image.size+restAfter) // what is further behind the image is not kept
	if err := m.drop(near, m.dirty); err != nil {
		return err
	}
	m.dirty = m.image.size
	if near == 0 || m.copyBack(near) {
		return nil
	}
	return m.drop(0, near)
}

// drop gives the pages of [from, to) back.
func (m *memory) drop(from, to int) error {
	if from >= to {
		return nil
	}
	if err := unix.Madvise(m.all[from:to], unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("reset a guest's memory: %w", err)
	}
	return nil
}

// copyBack makes the first n bytes equal to the image; false when it would be too much work, or the system does not say where.
func (m *memory) copyBack(n int) bool {
	if m.scan == nil {
		m.scan = &scan{}
	}
	own, ok := m.pages.own(m.all[:n], m.scan)
	if !ok {
		return false
	}
	for _, r := range own {
		from, to := int(r.start-m.scan.start), int(r.end-m.scan.start)
		copied := 0
		if from < m.image.file {
			copied = copy(m.all[from:to], m.image.view[from:])
		}
		clear(m.all[from+copied : to])
		m.dirty = max(m.dirty, to)
	}
	runtime.KeepAlive(m.image)
	return true
}

func (m *memory) unmap(at int) error {
	for i, w := range m.windows {
		if w.at == at {
			m.windows = append(m.windows[:i], m.windows[i+1:]...)
			return m.mapFixed(w.at, w.n, -1, unix.MAP_PRIVATE)
		}
	}
	return fmt.Errorf("no window at %d", at)
}

// CanShare reports whether windows share memory on this system.
const CanShare = true

// MapIn maps n bytes of a file, in whole pages of the system, at the start of the window [at, at+size), copy-on-write. The
// range must be Windowed.
func (s *instance) MapIn(at, size, n uint32, fd int) error {
	return s.mapWindow(at, size, n, fd, unix.MAP_PRIVATE)
}

// MapOut is MapIn for a file that the guest writes.
func (s *instance) MapOut(at, size, n uint32, fd int) error {
	return s.mapWindow(at, size, n, fd, unix.MAP_SHARED)
}

func (s *instance) mapWindow(at, size, n uint32, fd, flags int) error {
	if err := s.mem.mapFixed(int(at), int(n), fd, flags); err != nil {
		return err
	}
	s.mem.windows = append(s.mem.windows, window{int(at), int(size)})
	if n <= populated { // one call for what would be a fault a page; an old system does without
		how := unix.MADV_POPULATE_READ
		if flags == unix.MAP_SHARED {
			how = unix.MADV_POPULATE_WRITE
		}
		_ = unix.Madvise(s.mem.all[at:int(at)+int(n)], how)
	}
	return nil
}

// populated is the most bytes of a window whose pages are made at once. Larger ones come page by page as they are touched, so
// that a guest that looks at a corner of a large picture does not pay for all of it.
const populated = 16 << 20

// Unmap closes the window that starts at at; its range is zero afterwards.
func (s *instance) Unmap(at uint32) error { return s.mem.unmap(int(at)) }
