package tensor

import (
	"errors"
	"os"
	"sync"
	"testing"
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func TestArena(t *testing.T) {
	a := NewArena(1 << 20)
	x, err := a.NewShared(F32, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	x.F32()[5] = 7
	if at := uintptr(unsafe.Pointer(unsafe.SliceData(x.Bytes()))); at%uintptr(os.Getpagesize()) != 0 {
		t.Errorf("the tensor starts at %#x, which is no page", at)
	}
	if fd, ok := x.Block().File(); ok && fd <= 2 {
		t.Errorf("memory file %d", fd)
	}
	if _, err := a.NewShared(F32, 1<<20); !errors.Is(err, fault.OutOfMemory) {
		t.Errorf("past the limit: %v", err)
	}
	if _, err := a.NewShared(F32, -1); !errors.Is(err, fault.BadTensor) {
		t.Errorf("negative size: %v", err)
	}
	if _, err := a.NewShared(F32, 0, 4); err != nil {
		t.Errorf("empty: %v", err)
	}
	if a.Used() != 24 {
		t.Errorf("%d bytes used, want 24", a.Used())
	}
	if err := a.Free(x); err != nil || a.Used() != 0 {
		t.Errorf("free: %v, %d bytes used", err, a.Used())
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if _, err := a.NewShared(F32, 1); !errors.Is(err, fault.Conflict) {
		t.Errorf("after close: %v", err)
	}
}

func TestArenaHammer(t *testing.T) {
	a := NewArena(64 << 10)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				x, err := a.NewShared(F32, 4096)
				if err != nil {
					continue // others have it
				}
				x.F32()[4095]++
				if err := a.Free(x); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := a.Close(); err != nil || a.Used() != 0 {
		t.Errorf("close: %v, %d bytes used", err, a.Used())
	}
}

func TestBlockClosesOnce(t *testing.T) {
	n := 0
	b := NewBlock([]byte{1}, func() error { n++; return nil })
	if err := errors.Join(b.Close(), b.Close()); err != nil || n != 1 {
		t.Errorf("%v, freed %d times", err, n)
	}
}
