package slot

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRestore makes calls that write anywhere, grow and map, and wants the image back after each of them: from a system that
// says which pages were written, and from one that does not.
func TestRestore(t *testing.T) {
	const imageBytes, most = 4 * pageBytes, 2*restAfter + 16*pageBytes
	first := make([]byte, imageBytes)
	for i := range first[:imageBytes-3*4096] { // the end is not in the file
		first[i] = byte(i*7 + i>>12)
	}
	want := append(bytes.Clone(first), make([]byte, most-imageBytes)...)
	told := openPagemap()
	defer told.close()
	for _, row := range []struct {
		name   string
		pages  pagemap
		writes int // of a call, at most
		grows  int // bytes, at most
	}{
		{"few writes", told, 20, 4 * pageBytes},
		{"many writes", told, 3000, most - imageBytes},
		{"far writes", told, 40, most - imageBytes},
		{"few writes, read", pagemap{told.f, true}, 20, 4 * pageBytes},
		{"many writes, read", pagemap{told.f, true}, 3000, most - imageBytes},
		{"far writes, read", pagemap{told.f, true}, 40, most - imageBytes},
		{"system says nothing", pagemap{}, 40, most - imageBytes},
	} {
		t.Run(row.name, func(t *testing.T) {
			img, err := newImage(first)
			if err != nil {
				t.Fatal(err)
			}
			m, err := newMemory(most, img)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Free()
			m.pages, m.limit = row.pages, most
			m.Reallocate(0) // as an engine does first: the size is the image's
			rng := rand.New(rand.NewPCG(1, uint64(row.writes)))
			for call := range 60 {
				scribble(t, m, rng, row.writes, imageBytes+rng.IntN(row.grows+1))
				if err := m.restore(); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(m.all[:most], want) {
					t.Fatalf("call %d left something", call)
				}
			}
		})
	}
}

// scribble is a call on a memory of size bytes: it reads, writes, and opens a window.
func scribble(t *testing.T, m *memory, rng *rand.Rand, writes, size int) {
	size = (size + pageBytes - 1) / pageBytes * pageBytes
	if m.Reallocate(uint64(size)) == nil {
		t.Fatalf("no room for %d bytes", size)
	}
	seen := byte(0)
	for range rng.IntN(writes + 1) {
		seen += m.all[rng.IntN(size)]
		m.all[rng.IntN(size)] = byte(rng.Uint32()) | seen
	}
	if size > m.image.size && rng.IntN(2) == 0 {
		at := m.image.size + rng.IntN((size-m.image.size)/pageBytes)*pageBytes
		if err := m.mapFixed(at, pageBytes, m.image.fd, unix.MAP_PRIVATE); err != nil {
			t.Fatal(err)
		}
		m.windows = append(m.windows, window{at, pageBytes})
		m.all[at+5] = 1
	}
}

// TestFewPagesAreKept: what a call wrote is copied back and not dropped, and a call that wrote much gives it back.
func TestFewPagesAreKept(t *testing.T) {
	told := openPagemap()
	defer told.close()
	if told.f == nil {
		t.Skip("this system does not say which pages were written")
	}
	for _, row := range []struct {
		name         string
		pages        pagemap
		writes, want int
	}{
		{"few", told, 5, 5}, {"all that may stay", told, keptPages - 1, keptPages - 1}, {"too many", told, keptPages + 1, 0},
		{"few, read", pagemap{told.f, true}, 5, 5}, {"too many, read", pagemap{told.f, true}, keptPages + 1, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			img, err := newImage(bytes.Repeat([]byte{1}, 16*pageBytes))
			if err != nil {
				t.Fatal(err)
			}
			m, err := newMemory(16*pageBytes, img)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Free()
			m.pages, m.limit = row.pages, 16*pageBytes
			m.Reallocate(16 * pageBytes)
			page := unix.Getpagesize()
			for i := range row.writes {
				m.all[i*page] = 2
			}
			if err := m.restore(); err != nil {
				t.Fatal(err)
			}
			got := 0
			own, _ := row.pages.own(m.all[:m.size], &scan{})
			for _, r := range own {
				got += int(r.end-r.start) / page
			}
			if got != row.want {
				t.Errorf("%d pages are the slot's, want %d", got, row.want)
			}
		})
	}
}
