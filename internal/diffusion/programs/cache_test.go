package programs

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
)

// counting is a backend that counts, and has as much memory as it says.
type counting struct {
	interp.Backend
	free, bytes      int64
	mu               sync.Mutex
	compiled, closed int
}

func (c *counting) Memory() (int64, int64) { return c.free, c.free }

func (c *counting) Compile(p *tensor.Program) (tensor.Executable, error) {
	exe, err := c.Backend.Compile(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.compiled++
	return &countingExe{exe, c}, err
}

type countingExe struct {
	tensor.Executable
	c *counting
}

func (e *countingExe) Bytes() int64 { return e.c.bytes }

func (e *countingExe) Close() error {
	e.c.mu.Lock()
	defer e.c.mu.Unlock()
	e.c.closed++
	return e.Executable.Close()
}

func double(n int) Spec {
	return Spec{Key: n, Width: 2048, Height: 1024, Record: func(g *tensor.Graph) {
		g.Output(g.Affine(g.Input("x", tensor.F32, n), 2, 0))
	}}
}

func run(t *testing.T, c *Cache, n int) {
	t.Helper()
	x := tensor.New(tensor.F32, n)
	x.F32()[0] = 21
	out, err := c.Run(t.Context(), double(n), x)
	if err != nil || out[0].F32()[0] != 42 {
		t.Errorf("%v %v", out, err)
	}
}

func TestCacheKeepsTheLastUsed(t *testing.T) {
	b := &counting{free: 100}
	c := New(b)
	run(t, c, 1)
	for n := 2; n <= limit; n++ {
		run(t, c, n)
		run(t, c, 1)
	}
	if b.compiled != limit || b.closed != 0 {
		t.Errorf("%d compiled and %d closed, want %d and 0", b.compiled, b.closed, limit)
	}
	run(t, c, limit+1) // drops 2, the oldest
	run(t, c, 1)
	if b.compiled != limit+1 || b.closed != 1 {
		t.Errorf("%d compiled and %d closed, want %d and 1", b.compiled, b.closed, limit+1)
	}
	run(t, c, 2)
	if b.compiled != limit+2 {
		t.Errorf("%d compiled, want %d", b.compiled, limit+2)
	}
	c.Close()
	if b.closed != b.compiled {
		t.Errorf("%d closed of %d", b.closed, b.compiled)
	}
	run(t, c, 1) // works still, and is not kept
	if b.closed != b.compiled {
		t.Errorf("after Close: %d closed of %d", b.closed, b.compiled)
	}
}

func TestOutOfMemory(t *testing.T) {
	b := &counting{free: 7_800_000_000, bytes: 9_400_000_000}
	_, err := New(b).Run(t.Context(), double(3), tensor.New(tensor.F32, 3))
	const want = "2048 × 1024 needs 9.4 GB of memory, 7.8 GB are free. Try 1856 × 896 or smaller."
	if !errors.Is(err, fault.OutOfMemory) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	b.free = 1000
	_, err = New(b).Run(t.Context(), double(3), tensor.New(tensor.F32, 3))
	if !errors.Is(err, fault.OutOfMemory) || !strings.Contains(err.Error(), "smaller model") {
		t.Errorf("%v", err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(&counting{free: 1}).Run(ctx, double(1), tensor.New(tensor.F32, 1)); !errors.Is(err, context.Canceled) || !errors.Is(err, fault.Cancelled) {
		t.Error(err)
	}
}

// TestHammer runs few programs from many goroutines while others trim and close.
func TestHammer(t *testing.T) {
	b := &counting{free: 1 << 30}
	c := New(b)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 60 {
				run(t, c, 1+(n*7+i)%12)
				if n%10 == i {
					c.Trim()
				}
			}
		})
	}
	wg.Wait()
	c.Close()
	if b.closed != b.compiled {
		t.Errorf("%d closed of %d", b.closed, b.compiled)
	}
}
