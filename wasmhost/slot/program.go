package slot

import (
	"context"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
)

// program is a compiled module with its image.
type program struct {
	machine  *Machine
	compiled wazero.CompiledModule
	meta     *fuel.Result
	depth    int32
	most     int // bytes of address space of a slot
	image    *image
	globals  []uint64 // values of the image, as meta.Globals

	mu     sync.Mutex
	idle   []*instance
	closed bool
	live   int // slots, idle ones too
	keep   int // idle slots
}

// Options of a program.
type Options struct {
	Depth    int32 // as the module was rewritten with
	MostPage int   // pages that a slot can ever have
	Keep     int   // idle slots that are kept
	// SetupPages bounds the memory while the program is set up.
	SetupPages int
	// Code gives the engine's file of compiled code, for engines in other processes; nil, or a name of "", lets them compile.
	Code func() (file string, code []byte, err error)
	// Show puts the engine's file of compiled code where an engine of this process looks for it; forget takes it back. Between
	// them no other module is compiled. nil lets the engine compile.
	Show func() (forget func(), err error)
	// Begin is told the slot that the program is set up in, before it runs.
	Begin func(Slot)
}

// Compile compiles a rewritten module and sets it up: data, start function and _initialize, under the Meter in ctx, with
// slice units of fuel to begin with.
func (m *Machine) Compile(ctx context.Context, r *fuel.Result, o Options, slice int64) (Program, error) {
	compiled, err := m.compile(context.WithoutCancel(ctx), r, o)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	p := &program{machine: m, compiled: compiled, meta: r, depth: o.Depth, most: o.MostPage * pageBytes, keep: o.Keep}
	if err := p.setUp(ctx, o, slice); err != nil {
		_ = compiled.Close(ctx)
		return nil, err
	}
	return p, nil
}

// compile compiles one module at a time: wazero shows the code of a module to others that have the same one before it is whole.
func (m *Machine) compile(ctx context.Context, r *fuel.Result, o Options) (wazero.CompiledModule, error) {
	m.compiling.Lock()
	defer m.compiling.Unlock()
	if o.Show != nil {
		forget, err := o.Show()
		if err != nil {
			return nil, err
		}
		defer forget()
	}
	return m.rt.CompileModule(ctx, r.Bytes)
}

func (p *program) setUp(ctx context.Context, o Options, slice int64) error {
	s, err := p.instantiate(ctx, min(o.SetupPages*pageBytes, p.most))
	if err != nil {
		return err
	}
	defer s.close(ctx)
	s.fuel.Set(uint64(slice))
	if o.Begin != nil {
		o.Begin(s)
	}
	if err := s.initialize(ctx); err != nil {
		return err
	}
	p.globals = s.values()
	p.image, err = newImage(s.Memory())
	return err
}

// instantiate makes a slot over the image, or over nothing while there is none.
func (p *program) instantiate(ctx context.Context, limit int) (*instance, error) {
	mem, err := newMemory(p.most, p.image)
	if err != nil {
		return nil, err
	}
	mem.limit, mem.pages = limit, p.machine.pagemap()
	return p.over(ctx, mem)
}

// over makes a slot with a memory, which it takes.
func (p *program) over(ctx context.Context, mem *memory) (*instance, error) {
	alloc := experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory { return mem })
	cfg := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	inst, err := p.machine.rt.InstantiateModule(experimental.WithMemoryAllocator(ctx, alloc), p.compiled, cfg)
	if err != nil {
		mem.Free()
		return nil, fmt.Errorf("instantiate: %w", err)
	}
	s := &instance{program: p, inst: inst, mem: mem, guest: inst.Memory()}
	s.fuel = inst.ExportedGlobal(fuel.FuelGlobal).(api.MutableGlobal)
	s.deep = inst.ExportedGlobal(fuel.DepthGlobal).(api.MutableGlobal)
	for _, g := range p.meta.Globals {
		s.globals = append(s.globals, inst.ExportedGlobal(g.Name()).(api.MutableGlobal))
	}
	s.abi, s.buf, s.call = inst.ExportedFunction("cocoon_abi"), inst.ExportedFunction("cocoon_buf"), inst.ExportedFunction("cocoon_call")
	return s, nil
}

// fresh is instantiate for a slot that counts.
func (p *program) fresh(ctx context.Context, limit int) (*instance, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, fmt.Errorf("the program is closed")
	}
	p.live++
	p.mu.Unlock()
	s, err := p.instantiate(ctx, limit)
	if err != nil {
		p.gone(ctx)
	}
	return s, err
}

// gone counts a slot that ended. The code goes with the last one.
func (p *program) gone(ctx context.Context) {
	p.mu.Lock()
	p.live--
	last := p.closed && p.live == 0
	p.mu.Unlock()
	if last {
		_ = p.compiled.Close(ctx)
	}
}

// Get gives a slot that is as the image, with at most pages of memory.
func (p *program) Get(ctx context.Context, pages int) (Slot, error) {
	limit := min(pages*pageBytes, p.most)
	if limit < p.image.size {
		return nil, fmt.Errorf("the guest has %d bytes of memory at the start, more than the %d of its limit", p.image.size, limit)
	}
	p.mu.Lock()
	var s *instance
	if n := len(p.idle); n > 0 {
		s, p.idle = p.idle[n-1], p.idle[:n-1]
	}
	p.mu.Unlock()
	if s == nil {
		s = p.machine.reaper.give(p)
	}
	if s == nil {
		var err error
		if s, err = p.fresh(ctx, limit); err != nil {
			return nil, err
		}
	}
	s.mem.limit = limit
	if err := s.reset(); err != nil {
		s.close(ctx)
		p.gone(ctx)
		return nil, err
	}
	return s, nil
}

// restAfter is how many bytes an idle slot may hold beyond its image before they are given back at once.
const restAfter = 1 << 20

// Put gives a slot back. spoilt says that it must not be used again.
func (p *program) Put(ctx context.Context, slot Slot, spoilt bool) {
	s := slot.(*instance)
	if spoilt = spoilt || !p.meta.Resettable; !p.machine.reaper.take(p, s, spoilt) {
		p.rest(ctx, s, spoilt)
	}
}

// rest makes a slot idle, or ends it.
func (p *program) rest(ctx context.Context, s *instance, spoilt bool) {
	if !spoilt && (s.mem.dirty <= p.image.size+restAfter && len(s.mem.windows) == 0 || s.reset() == nil) {
		p.mu.Lock()
		if !p.closed && len(p.idle) < p.keep {
			p.idle = append(p.idle, s)
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
	s.close(ctx)
	p.gone(ctx)
}

// ImageBytes is the size of the image.
func (p *program) ImageBytes() int { return p.image.size }

// Idle is how many slots wait.
func (p *program) Idle() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

// Close ends the idle slots; slots in use end when they are put back.
func (p *program) Close(ctx context.Context) {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.live++ // of this call, so that the last one is seen once
	p.mu.Unlock()
	for _, s := range idle {
		s.close(ctx)
		p.gone(ctx)
	}
	p.gone(ctx)
}
