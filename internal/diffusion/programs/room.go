package programs

import (
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor/sysmem"
)

// makeRoom sees to it that a program's memory fits what the device has free, dropping others that are not running.
func (c *Cache) makeRoom(e *entry, s Spec) error {
	need := e.exe.Bytes()
	free, total := c.backend.Memory()
	if total <= 0 {
		return nil // the device does not know
	}
	if need > free {
		c.Trim()
		free, _ = c.backend.Memory()
	}
	if need <= free {
		return nil
	}
	return fault.New(fault.OutOfMemory, "%s", shortage(s, need, free))
}

// Room reports whether a run of the program would fit the memory now, with the error that the run would give.
func (c *Cache) Room(s Spec) error {
	e := c.acquire(s.Key)
	defer c.release(e)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := c.prepare(e, s); err != nil || e.ran {
		return err
	}
	return c.makeRoom(e, s)
}

// shortage says what is needed, what there is, and what would fit.
func shortage(s Spec, need, free int64) string {
	what := "This"
	if s.Width > 0 {
		what = fmt.Sprintf("%d × %d", s.Width, s.Height)
	}
	text := fmt.Sprintf("%s needs %s of memory, %s are free.", what, sysmem.Spell(need), sysmem.Spell(free))
	w, h := smaller(s.Width, s.Height, float64(free)/float64(need))
	if w == 0 {
		return text + " Close other programs or use a smaller model."
	}
	return text + fmt.Sprintf(" Try %d × %d or smaller.", w, h)
}

// smaller is the largest size of about the same shape, in steps of 64, whose area is within share of w × h: memory grows
// with the area or faster. 0 when none is.
func smaller(w, h int, share float64) (int, int) {
	side := math.Sqrt(max(0, share))
	sw, sh := int(float64(w)*side)/64*64, int(float64(h)*side)/64*64
	if sw < 64 || sh < 64 {
		return 0, 0
	}
	return sw, sh
}
