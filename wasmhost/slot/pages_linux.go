package slot

import (
	"encoding/binary"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// keptPages is how many pages of its own a slot may keep from one call to the next. To copy a page back from the image takes
// some 0.1 µs; to drop it and have the next call fault it in again takes 1 µs, and several in a virtual machine.
const keptPages = 128

// pagemap asks the system which pages of this process are not the mapped file's any more. It is nothing where the system does not
// say.
type pagemap struct {
	f     *os.File
	reads bool // a word a page: the way of Linux before 6.7, which has no call for it
}

// openPagemap gives one that was seen to tell a page that was written from one that was not.
func openPagemap() pagemap {
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return pagemap{}
	}
	for _, p := range []pagemap{{f, false}, {f, true}} {
		if p.tells() {
			return p
		}
	}
	_ = f.Close()
	return pagemap{}
}

// tells tries it: of four pages, two of a file and two of nothing, the second and the fourth are written.
func (p pagemap) tells() bool {
	page := unix.Getpagesize()
	img, err := newImage(append(make([]byte, 2*page-1), 1))
	if err != nil {
		return false
	}
	m, err := newMemory(4*page, img)
	if err != nil {
		return false
	}
	defer m.Free()
	read := m.all[0] + m.all[2*page]
	m.all[page], m.all[3*page] = read+1, 1
	got, ok := p.own(m.all[:4*page], &scan{})
	at := func(i int) uint64 { return uint64(uintptr(unsafe.Pointer(&m.all[0]))) + uint64(i*page) }
	covers := func(i int) bool {
		for _, r := range got {
			if r.start <= at(i) && at(i+1) <= r.end {
				return true
			}
		}
		return false
	}
	return ok && covers(1) && covers(3) && !covers(0)
}

func (p pagemap) close() {
	if p.f != nil {
		_ = p.f.Close()
	}
}

// region and scan are Linux's struct page_region and struct pm_scan_arg, with room for what it finds.
type region struct{ start, end, categories uint64 }

type scan struct {
	size, flags, start, end, walkEnd, vec, vecLen, maxPages uint64
	inverted, mask, anyOf, wanted                           uint64
	regions                                                 [keptPages]region
	words                                                   []byte // of pages that were read
}

// Numbers of linux/fs.h.
const (
	pagemapScan   = 0xc0606610 // _IOWR('f', 16, struct pm_scan_arg)
	scanBytes     = 96         // of the struct
	pageIsFile    = 1 << 2
	pageIsPresent = 1 << 3
	pageIsSwapped = 1 << 4
)

// own gives the ranges of b, by their addresses, whose pages are there, in memory or in swap, and are not the file's: those that
// were written, and perhaps some that were only looked at. It is false when they are too many or the system does not say.
func (p pagemap) own(b []byte, s *scan) ([]region, bool) {
	if p.f == nil || len(b) == 0 {
		return nil, false
	}
	at := uint64(uintptr(unsafe.Pointer(&b[0])))
	if s.start = at; p.reads {
		return p.read(b, s)
	}
	s.size, s.start, s.end, s.walkEnd = scanBytes, at, at+uint64(len(b)), 0
	s.vec, s.vecLen, s.maxPages = uint64(uintptr(unsafe.Pointer(&s.regions))), keptPages, keptPages
	s.inverted, s.mask, s.anyOf, s.wanted = pageIsFile, pageIsFile, pageIsPresent|pageIsSwapped, pageIsPresent
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, p.f.Fd(), pagemapScan, uintptr(unsafe.Pointer(s)))
	if errno != 0 || s.walkEnd != s.end || n > keptPages {
		return nil, false
	}
	return s.regions[:n], true
}

// Of a page's word; the numbers are of Documentation/admin-guide/mm/pagemap.rst.
const (
	wordIsFile  = 1 << 61
	wordIsThere = 1<<62 | 1<<63 // in swap, or in memory
)

// mostWords is how many pages are looked at one by one.
const mostWords = 8 << 10

// read is own by a word a page.
func (p pagemap) read(b []byte, s *scan) ([]region, bool) {
	page := unix.Getpagesize()
	n := len(b) / page
	if n > mostWords {
		return nil, false
	}
	s.words = slices.Grow(s.words[:0], 8*n)[:8*n]
	if got, err := p.f.ReadAt(s.words, int64(s.start)/int64(page)*8); err != nil || got != len(s.words) {
		return nil, false
	}
	kept, own := 0, s.regions[:0]
	for i := range n {
		if w := binary.NativeEndian.Uint64(s.words[8*i:]); w&wordIsThere == 0 || w&wordIsFile != 0 {
			continue
		}
		if kept++; kept > keptPages {
			return nil, false
		}
		from := s.start + uint64(i*page)
		if last := len(own) - 1; last >= 0 && own[last].end == from {
			own[last].end += uint64(page)
			continue
		}
		own = append(own, region{start: from, end: from + uint64(page)})
	}
	return own, true
}
