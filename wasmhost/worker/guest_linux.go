package worker

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// guest is a slot.Program that runs in workers.
type guest struct {
	pool    *Pool
	meta    *fuel.Result
	o       slot.Options
	module  int // file of the rewritten module
	image   *slot.Image
	globals []uint64

	mu     sync.Mutex
	live   int // slots in use
	closed bool
}

// setUp sets the module up in the worker of ctx's key, and takes the image.
func (g *guest) setUp(ctx context.Context, slice int64) error {
	s, err := g.get(ctx, g.o.SetupPages)
	if err != nil {
		return err
	}
	defer g.Put(ctx, s, true)
	if g.o.Begin != nil {
		g.o.Begin(s)
		g.o.Begin = nil
	}
	s.fuel = slice
	values, err := s.do(ctx, begin, nil)
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	if len(values) != len(g.meta.Globals) {
		return fmt.Errorf("set up: the worker tells %d globals of %d", len(values), len(g.meta.Globals))
	}
	image, err := slot.NewImage(s.Memory())
	if err != nil {
		return err
	}
	s.worker.forget(g) // what it loaded has no image
	g.image, g.globals = image, append([]uint64(nil), values...)
	return nil
}

// order is what a worker is told of the program.
func (g *guest) order(id int) (*program, []int) {
	o := &program{ID: id, Module: len(g.meta.Bytes), Resettable: g.meta.Resettable, Depth: g.o.Depth, MostPages: g.o.MostPage}
	for _, x := range g.meta.Globals {
		o.Globals = append(o.Globals, global{x.Index, byte(x.Type)})
	}
	files := []int{g.module}
	if g.image != nil {
		o.Image, o.Size, o.File, o.Values = true, g.image.Size(), g.image.File(), g.globals
		files = append(files, g.image.FD())
	}
	return o, files
}

// Get implements slot.Program.
func (g *guest) Get(ctx context.Context, pages int) (slot.Slot, error) {
	limit := min(pages, g.o.MostPage) << 16
	if limit < g.image.Size() {
		return nil, fmt.Errorf("the guest has %d bytes of memory at the start, more than the %d of its limit", g.image.Size(), limit)
	}
	s, err := g.get(ctx, pages)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (g *guest) get(ctx context.Context, pages int) (*remote, error) {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return nil, fmt.Errorf("the program is closed")
	}
	g.live++
	g.mu.Unlock()
	s, err := g.pool.slot(ctx, g)
	if err != nil {
		g.gone()
		return nil, err
	}
	s.limit = min(pages, g.o.MostPage) << 16
	return s, nil
}

// slot gives a slot of a program in the worker of ctx's key. A worker that has just ended is replaced, once.
func (p *Pool) slot(ctx context.Context, g *guest) (*remote, error) {
	for try := 0; ; try++ {
		w, err := p.take(ctx, p.c.Key(ctx))
		if err != nil {
			return nil, err
		}
		s, err := w.slot(g)
		if err == nil {
			return s, nil
		}
		p.leave(w)
		if !w.dead.Load() || try > 0 {
			return nil, err
		}
	}
}

// gone counts a slot that is not in use any more.
func (g *guest) gone() {
	g.mu.Lock()
	g.live--
	last := g.closed && g.live == 0
	g.mu.Unlock()
	if last {
		g.unload()
	}
}

// Put implements slot.Program.
func (g *guest) Put(_ context.Context, x slot.Slot, spoilt bool) {
	s := x.(*remote)
	g.mu.Lock()
	spoilt = spoilt || g.closed || !g.meta.Resettable || s.broken
	g.mu.Unlock()
	if spoilt || !s.worker.keep(g, s) {
		s.end()
	}
	g.pool.leave(s.worker)
	g.gone()
}

// ImageBytes implements slot.Program.
func (g *guest) ImageBytes() int { return g.image.Size() }

// Idle implements slot.Program.
func (g *guest) Idle() (n int) {
	for _, w := range g.pool.all() {
		w.mu.Lock()
		n += len(w.idle[g])
		w.mu.Unlock()
	}
	return n
}

// Close implements slot.Program.
func (g *guest) Close(context.Context) {
	g.mu.Lock()
	done := g.closed
	g.closed = true
	last := g.live == 0 && !done
	g.mu.Unlock()
	if last {
		g.unload()
	}
}

// unload makes all workers forget the program.
func (g *guest) unload() {
	for _, w := range g.pool.all() {
		w.forget(g)
	}
	_ = unix.Close(g.module)
}

func (p *Pool) all() []*process {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*process, 0, len(p.byKey))
	for _, w := range p.byKey {
		out = append(out, w)
	}
	return out
}

// slot gives an idle slot of a program, or opens one.
func (w *process) slot(g *guest) (*remote, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.idle[g]); n > 0 {
		s := w.idle[g][n-1]
		w.idle[g] = w.idle[g][:n-1]
		return s, nil
	}
	id, err := w.load(g)
	if err != nil {
		return nil, err
	}
	return w.open(g, id)
}

// keep makes a slot idle; false when there are enough.
func (w *process) keep(g *guest, s *remote) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.idle == nil || len(w.idle[g]) >= g.o.Keep || w.loaded[g] == 0 {
		return false
	}
	w.idle[g] = append(w.idle[g], s)
	return true
}

// forget ends a program's idle slots and unloads it.
func (w *process) forget(g *guest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.idle[g] {
		s.end()
	}
	delete(w.idle, g)
	if id, ok := w.loaded[g]; ok {
		delete(w.loaded, g)
		_, _ = w.tell(order{Unload: id}) // of a worker that does not answer the next call hears
	}
}
