package cpu

import (
	"context"
	"time"
)

// look is after how many elements, or as many multiplications, a unit looks whether its run is over: some 10 to 100 µs.
const look = 32 << 10

// lookSums is the same for sums that run in registers: these are some 20 times as quick.
const lookSums = 512 << 10

// over reports whether nobody waits for the run's result any more. A deadline is held against the clock: the timer that ends
// the context may find no processor, while kernels have them all.
func (r *run) over() bool {
	return r.ctx.Err() != nil || r.timed && time.Since(r.began) >= r.left
}

// ended is the error of a run that is over, else nil.
func (r *run) ended() error {
	if err := r.ctx.Err(); err != nil {
		return stopped(err)
	}
	if r.over() {
		return stopped(context.DeadlineExceeded)
	}
	return nil
}

// clock starts the run's time.
func (r *run) clock() {
	if end, ok := r.ctx.Deadline(); ok {
		r.began = time.Now()
		r.timed, r.left = true, end.Sub(r.began)
	}
	if r.timed || r.ctx.Done() != nil {
		r.stop = r.over
	}
}

// goes reports whether a loop over elements in pieces goes on at from: at the start, and until the run is over.
func (r *run) goes(from int) bool { return from == 0 || !r.over() }

// copy copies as many elements as dst has.
func (r *run) copy(dst, src []float32) {
	if len(dst) <= look {
		copy(dst, src)
		return
	}
	for from := 0; from < len(dst) && r.goes(from); from += look {
		to := min(from+look, len(dst))
		copy(dst[from:to], src[from:to])
	}
}

// clear sets elements to 0.
func (r *run) clear(dst []float32) {
	if len(dst) <= look {
		clear(dst)
		return
	}
	for from := 0; from < len(dst) && r.goes(from); from += look {
		to := min(from+look, len(dst))
		clear(dst[from:to])
	}
}

// counter says when a unit has done so much that it looks.
type counter int

// add counts work and reports whether the run is over, which it asks at most once in most of work.
func (c *counter) add(r *run, work, most int) bool {
	*c += counter(work)
	return *c >= counter(most) && c.look(r)
}

func (c *counter) look(r *run) bool {
	*c = 0
	return r.over()
}

// pieces calls fn for parts [from, to) of each of rows rows of cols elements of the given cost, in parallel: short rows come
// several to a unit, long ones are cut.
func (r *run) pieces(rows, cols, cost int, fn func(row, from, to int)) {
	const grain = 16 << 10
	per := max(grain/max(cost, 1), 1) // elements
	if cols <= per {
		r.ranges(rows, cols*cost, func(from, to int) {
			for row := from; row < to; row++ {
				fn(row, 0, cols)
			}
		})
		return
	}
	parts := (cols + per - 1) / per
	r.b.pool.until(r.stop, rows*parts, func(_, u int) {
		row, from := u/parts, u%parts*per
		fn(row, from, min(from+per, cols))
	})
}
