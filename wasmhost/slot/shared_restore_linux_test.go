package slot

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestZeros(t *testing.T) {
	for _, row := range []struct {
		name string
		size int
		ones []int
		want []span
	}{
		{"nothing", 0, nil, nil},
		{"short", zeroRun - 1, []int{zeroRun - 2}, nil},
		{"in front", zeroRun + 1, []int{zeroRun}, []span{{0, zeroRun}}},
		{"between", 4 * zeroRun, []int{0, zeroBlock + zeroRun, 4*zeroRun - 1}, []span{{zeroBlock, zeroBlock + zeroRun},
			{2*zeroBlock + zeroRun, 4*zeroRun - zeroBlock}}},
		{"too little between", 2 * zeroRun, []int{0, zeroRun - 1, zeroRun, 2*zeroRun - 1}, nil},
	} {
		b := make([]byte, row.size)
		for _, i := range row.ones {
			b[i] = 1
		}
		if d := cmp.Diff(row.want, zeros(b), cmp.AllowUnexported(span{})); d != "" {
			t.Errorf("%s: %s", row.name, d)
		}
	}
}

// TestRestoreShared: whatever both processes wrote, a reset leaves the image, and keeps pages away that nobody wrote.
func TestRestoreShared(t *testing.T) {
	const imageBytes, most = 16 * pageBytes, 32 * pageBytes
	first := make([]byte, imageBytes)
	for _, at := range []int{0, 5, 3 * pageBytes, 4*pageBytes - 1, 9*pageBytes + 100, 14 * pageBytes} { // runs of zeros, and an end that is not in the file
		for i := range 3000 {
			first[at+i] = byte(i%255 + 1)
		}
	}
	img, err := newImage(first)
	if err != nil {
		t.Fatal(err)
	}
	img.zero = zeros(img.view)
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, most); err != nil {
		t.Fatal(err)
	}
	m, err := sharedMemory(fd, most, img)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Free()
	server, err := unix.Mmap(fd, 0, most, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(server)
	want := append(bytes.Clone(first), make([]byte, most-imageBytes)...)
	r := rand.New(rand.NewPCG(1, 2))
	m.limit = most
	for turn, writes := range []int{0, 1, 40, 3000, 40, 0} {
		m.size = 0
		m.Reallocate(imageBytes)
		if err := m.restore(); err != nil {
			t.Fatal(err)
		}
		if turn == 0 {
			var st unix.Stat_t
			if err := unix.Fstat(fd, &st); err != nil || st.Blocks*512 > imageBytes/2 {
				t.Errorf("%d blocks of the file after the first reset, %v", st.Blocks, err)
			}
		}
		if !bytes.Equal(m.all, want) {
			t.Fatalf("turn %d: the memory is not the image", turn)
		}
		m.Reallocate(most)
		for range writes {
			m.all[r.IntN(most)], server[r.IntN(imageBytes)] = byte(r.Uint32()), byte(r.Uint32())
		}
	}
}
