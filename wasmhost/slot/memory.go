package slot

import "sync"

// pageBytes is the size of a WebAssembly page.
const pageBytes = 64 << 10

// memory is the linear memory of one slot: a reservation at a fixed address, of which the first size bytes are in use. The
// guest may grow it up to limit. It implements experimental.LinearMemory.
type memory struct {
	all     []byte // the reservation
	size    int
	limit   int // most bytes of the call at hand
	image   *image
	windows []window
	dirty   int // bytes that calls can have touched since the last reset
	shrink  bool
	shared  bool // the reservation is a file that another process maps too
	fd      int  // of a shared one: the file
	pages   pagemap
	scan    *scan // what pages found, for the next time
	freed   sync.Once
}

// window is a range of the memory that something else is mapped over.
type window struct{ at, n int }

// Reallocate makes the memory size bytes long and zeroes nothing: new pages are zero already. It gives nil when that is over
// the limit. While the slot is being reset it gives the image's size instead.
func (m *memory) Reallocate(size uint64) []byte {
	if m.shrink {
		m.size = m.image.size
		return m.all[:m.size:m.size]
	}
	if m.image != nil && m.size == 0 { // the first time, of a slot over an image
		size = uint64(m.image.size)
	}
	if size > uint64(m.limit) {
		return nil
	}
	m.size = int(size)
	m.dirty = max(m.dirty, m.size)
	return m.all[:m.size:m.size]
}

// Free gives the memory back, once: an instance is closed by its program and, with all that are left, by the machine, and the
// collector ends programs that were replaced while the machine may be closing.
func (m *memory) Free() { m.freed.Do(m.free) }

// overlaps reports whether a range touches an open window.
func (m *memory) overlaps(at, n int) bool {
	for _, w := range m.windows {
		if at < w.at+w.n && w.at < at+n {
			return true
		}
	}
	return false
}

// Windowed reports whether [at, at+n) may become a window: whole pages inside the memory, behind the image, that no other
// window covers.
func (s *instance) Windowed(at, n uint32) bool {
	m := s.mem
	from, size := int(at), int(n)
	return from%pageBytes == 0 && size%pageBytes == 0 && size > 0 && from+size <= m.size && from >= m.image.size && !m.overlaps(from, size)
}

// Grow grows the guest's memory by pages, as the guest itself may; false when that is over its limit.
func (s *instance) Grow(pages uint32) bool {
	_, ok := s.guest.Grow(pages)
	return ok
}
