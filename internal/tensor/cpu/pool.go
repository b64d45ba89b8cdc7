package cpu

import (
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// pool is the workers of a Backend. Whoever has work to share takes part in it, so that work goes on even when every worker
// is busy for somebody else.
type pool struct {
	threads int // workers and the caller
	jobs    chan *job
	wg      sync.WaitGroup
	runs    atomic.Int32 // runs going on; workers wait awake while there are any
}

// job is one piece of work of n units.
type job struct {
	fn     func(worker, unit int)
	over   func() bool // nobody wants the rest; nil for never
	n      int64
	next   atomic.Int64
	left   atomic.Int64
	done   chan struct{}
	failed atomic.Pointer[any] // what a unit panicked with
}

// spins is how often a worker looks for work before it sleeps; each look takes some 50 ns.
const spins = 600

func newPool(threads int) *pool {
	p := &pool{threads: threads, jobs: make(chan *job, threads)}
	for w := 1; w < threads; w++ {
		p.wg.Add(1)
		go p.work(w)
	}
	return p
}

func (p *pool) close() {
	close(p.jobs)
	p.wg.Wait()
}

func (p *pool) work(w int) {
	defer p.wg.Done()
	debug.SetPanicOnFault(true) // whoever gave the job gets the panic; see tensor.Guard
	for {
		for i := 0; i < spins && len(p.jobs) == 0 && p.runs.Load() > 0; i++ {
			kern.Pause()
		}
		j, ok := <-p.jobs
		if !ok {
			return
		}
		j.work(w)
	}
}

// until calls fn for each unit 0..n-1, on all threads, and returns when all are done. worker tells apart the calls that
// may run at the same time: it is below threads, and 0 on the calling goroutine. A panic of fn goes on in the caller.
// Once over says so, no further unit begins: a million of them take long even where each does nothing. nil never does.
func (p *pool) until(over func() bool, n int, fn func(worker, unit int)) {
	if n <= 1 || p.threads == 1 {
		for i := 0; i < n && (over == nil || !over()); i++ {
			fn(0, i)
		}
		return
	}
	j := &job{fn: fn, over: over, n: int64(n), done: make(chan struct{})}
	j.left.Store(j.n)
	for range min(p.threads-1, n-1) {
		select {
		case p.jobs <- j:
		default: // all are busy
		}
	}
	j.work(0)
	for i := 0; i < spins && j.left.Load() > 0; i++ {
		kern.Pause()
	}
	if j.left.Load() > 0 {
		<-j.done
	}
	if v := j.failed.Load(); v != nil {
		panic(*v)
	}
}

func (j *job) work(w int) {
	for {
		i := j.next.Add(1) - 1
		if i >= j.n {
			return
		}
		if j.over != nil && j.over() {
			j.skip()
			j.end()
			return
		}
		j.unit(w, int(i))
	}
}

// skip takes the units that nobody has begun.
func (j *job) skip() {
	if from := j.next.Swap(j.n); from < j.n {
		j.left.Add(from - j.n)
	}
}

// end says that a unit is done, or taken and skipped.
func (j *job) end() {
	if j.left.Add(-1) == 0 {
		close(j.done)
	}
}

func (j *job) unit(w, i int) {
	defer func() {
		if v := recover(); v != nil {
			j.failed.CompareAndSwap(nil, &v)
		}
		j.end()
	}()
	if j.failed.Load() == nil {
		j.fn(w, i)
	}
}
