//go:build !linux

package slot

import "fmt"

// image is what a program is before its first call.
type image struct {
	b    []byte
	size int
}

func newImage(b []byte) (*image, error) {
	return &image{b: append([]byte(nil), b...), size: len(b)}, nil
}

// pagemap is not there: the whole image is copied.
type pagemap struct{}

type scan struct{}

func openPagemap() pagemap { return pagemap{} }

func (pagemap) close() {}

func newMemory(most int, img *image) (*memory, error) {
	m := &memory{all: make([]byte, max(most, pageBytes)), image: img}
	if img != nil {
		copy(m.all, img.b)
	}
	return m, nil
}

func (m *memory) free() { m.all, m.size = nil, 0 }

// restore copies the image back and zeroes what is behind it.
func (m *memory) restore() error {
	copy(m.all, m.image.b)
	if m.dirty > m.image.size {
		clear(m.all[m.image.size:m.dirty])
	}
	m.windows, m.dirty = nil, m.image.size
	return nil
}

// CanShare reports whether windows share memory on this system.
const CanShare = false

// MapIn is not there: the caller copies.
func (s *instance) MapIn(_, _, _ uint32, _ int) error {
	return fmt.Errorf("this system has no windows")
}

// MapOut is not there: the caller copies.
func (s *instance) MapOut(_, _, _ uint32, _ int) error {
	return fmt.Errorf("this system has no windows")
}

// Unmap zeroes a window's range.
func (s *instance) Unmap(at uint32) error {
	for i, w := range s.mem.windows {
		if w.at == int(at) {
			clear(s.mem.all[w.at : w.at+w.n])
			s.mem.windows = append(s.mem.windows[:i], s.mem.windows[i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("no window at %d", at)
}
