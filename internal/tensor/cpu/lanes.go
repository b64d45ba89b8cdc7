package cpu

import (
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// lanes is scratch memory for the units of a step: a part for each worker, or for each unit where there are fewer units.
type lanes struct {
	v     val
	units int
	size  int // bytes of a part
}

func (c *compiler) lanes(units, bytes int) lanes {
	l := lanes{units: units, size: int(roundUp(int64(bytes)))}
	l.v = c.temp(tensor.U8, max(min(units, c.b.pool.threads), 1), l.size)
	return l
}

// of is the scratch of a unit that a worker computes.
func (l *lanes) of(r *run, worker, unit int) []byte {
	if l.units <= r.b.pool.threads {
		worker = unit
	}
	return r.base[l.v.buf][worker*l.size : (worker+1)*l.size : (worker+1)*l.size]
}

// cut takes n elements off the front of scratch memory; parts stay aligned for eight bytes.
func cut[T any](b *[]byte, n int) []T {
	if n == 0 {
		return nil
	}
	var zero T
	size := (n*int(unsafe.Sizeof(zero)) + 7) &^ 7
	p := (*b)[:size]
	*b = (*b)[size:]
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(p))), n)
}

// units calls fn for each unit, in parallel, and stops early when the run's context ends.
func (r *run) units(n int, fn func(worker, unit int)) error {
	r.b.pool.until(r.stop, n, fn)
	return r.ended()
}

// chunk is how many of n things of the given cost in elements make a unit, and how many units that is.
func chunk(n, cost int) (per, units int) {
	const grain = 16 << 10
	per = max(grain/max(cost, 1), 1)
	return per, (n + per - 1) / per
}
