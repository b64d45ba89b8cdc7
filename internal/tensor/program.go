package tensor

import (
	"context"
	"fmt"
	"math"
	"runtime"
)

// Role says where a program's value comes from.
type Role uint8

// The roles.
const (
	Temp   Role = iota // computed by an op
	Input              // given at each run
	Weight             // a tensor the program was recorded with
)

// Value is one value of a program: single assignment, known shape.
type Value struct {
	Role  Role
	DType DType
	Shape Shape
	Data  *Tensor // of a Weight
	Name  string  // of an Input; for messages elsewhere
}

// Program is a recorded computation: a flat list of ops in an order in which they can run. It is immutable once recorded.
type Program struct {
	Values  []Value // by ID
	Ops     []Op
	Inputs  []ID // in the order that Run takes them
	Outputs []ID // in the order that Run gives them
}

// Backend compiles programs for a device. It is safe for concurrent use.
type Backend interface {
	// Name is the device as people know it: "cpu", "cuda:0".
	Name() string
	// Compile plans a program: memory, order, fusion. It allocates no temporaries yet; Executable.Bytes says how much a
	// run will need. It fails with fault.Unsupported when the device lacks one of the kinds.
	Compile(p *Program) (Executable, error)
	// Memory is how many bytes the device has free and in all.
	Memory() (free, total int64)
}

// Executable is a compiled program. It runs one call at a time.
type Executable interface {
	// Run computes the outputs for inputs of the program's shapes and dtypes. The outputs are new tensors, the caller's to
	// keep. It stops between ops when ctx ends, and fails with fault.OutOfMemory when the device has no room.
	Run(ctx context.Context, inputs ...*Tensor) ([]*Tensor, error)
	// Bytes is the memory that a run needs beyond weights, inputs and outputs.
	Bytes() int64
	// Close gives back what the executable holds.
	Close() error
}

// stoppable is an ability of a Backend: a Compile that ends with ctx.
type stoppable interface {
	CompileFor(ctx context.Context, p *Program) (Executable, error)
}

func compileFor(ctx context.Context, b Backend, p *Program) (Executable, error) {
	if s, ok := b.(stoppable); ok {
		return s.CompileFor(ctx, p)
	}
	return b.Compile(p)
}

// RunOnce compiles p on b, runs it and closes it again.
func RunOnce(ctx context.Context, b Backend, p *Program, inputs ...*Tensor) ([]*Tensor, error) {
	exe, err := compileFor(ctx, b, p)
	if err != nil {
		return nil, fmt.Errorf("compile for %s: %w", b.Name(), err)
	}
	defer exe.Close()
	defer runtime.KeepAlive(inputs) // a backend may hold their memory only, which goes with them
	return exe.Run(ctx, inputs...)
}

// CheckInputs reports whether tensors fit the program's inputs in number, dtype and shape.
func (p *Program) CheckInputs(inputs []*Tensor) error {
	if len(inputs) != len(p.Inputs) {
		return bad("%d inputs for a program of %d", len(inputs), len(p.Inputs))
	}
	for i, id := range p.Inputs {
		v := p.Values[id]
		if inputs[i].DType() != v.DType || !inputs[i].Shape().Equal(v.Shape) {
			return bad("input %d %q is %v, not %v %v", i, v.Name, inputs[i], v.DType, v.Shape)
		}
	}
	return nil
}

// Check proves a program that came from outside: every id defined before use, arities, attributes, shapes and dtypes as
// the rules of each kind say.
func (p *Program) Check() error {
	defined, err := p.checkValues()
	if err != nil {
		return err
	}
	known := func(id ID) bool { return id >= 0 && int(id) < len(defined) && defined[id] }
	for i := range p.Ops {
		o := &p.Ops[i]
		for _, a := range o.Args {
			if !known(a) {
				return bad("op %d (%v) uses value %d before it is defined", i, o.Kind, a)
			}
		}
		if o.Out < 0 || int(o.Out) >= len(defined) || defined[o.Out] {
			return bad("op %d (%v) defines value %d again", i, o.Kind, o.Out)
		}
		dt, s, err := p.infer(o, p.Values[o.Out].Shape)
		if err != nil {
			return fmt.Errorf("op %d: %w", i, err)
		}
		if out := p.Values[o.Out]; out.DType != dt || !out.Shape.Equal(s) {
			return bad("op %d (%v) gives %v %v, not %v %v", i, o.Kind, dt, s, out.DType, out.Shape)
		}
		defined[o.Out] = true
	}
	for _, id := range append(p.Inputs[:len(p.Inputs):len(p.Inputs)], p.Outputs...) {
		if !known(id) {
			return bad("value %d is not defined", id)
		}
	}
	return nil
}

// Bounds that keep every product of sizes and constants inside an int.
const (
	maxElems = 1 << (27 + 13*(math.MaxUint>>63))
	maxAttr  = 1 << (27 + 4*(math.MaxUint>>63)) // of an integer constant and of one dimension
)

// checkValues proves the values on their own and says which are there before the first op.
func (p *Program) checkValues() (defined []bool, err error) {
	defined = make([]bool, len(p.Values))
	for _, id := range p.Inputs {
		if id < 0 || int(id) >= len(p.Values) || p.Values[id].Role != Input || defined[id] {
			return nil, bad("value %d is not one input", id)
		}
		defined[id] = true
	}
	for i, v := range p.Values {
		if !shapeFits(v.Shape) || v.DType.Size() == 0 {
			return nil, bad("value %d has dtype %v and shape %v", i, v.DType, v.Shape)
		}
		if v.Role > Weight || (v.Role == Input && !defined[i]) {
			return nil, bad("value %d comes from nowhere", i)
		}
		if v.Role != Weight {
			continue
		}
		if defined[i] = true; v.Data == nil || v.Data.DType() != v.DType || !v.Data.Shape().Equal(v.Shape) {
			return nil, bad("weight %d does not match its tensor", i)
		}
	}
	return defined, nil
}

func shapeFits(s Shape) bool {
	for _, d := range s {
		if d > maxAttr {
			return false
		}
	}
	n, ok := s.TryElems()
	return ok && n <= maxElems && len(s) <= MaxDims
}

func (p *Program) infer(o *Op, want Shape) (DType, Shape, error) {
	r, ok := rules[o.Kind]
	if !ok {
		return 0, nil, bad("unknown kind %d", o.Kind)
	}
	if len(o.Args) < r.min || (r.max >= 0 && len(o.Args) > r.max) || len(o.Attr.I) < r.ints || len(o.Attr.F) < r.floats {
		return 0, nil, bad("%s has %d arguments, %d integers and %d numbers", r.name, len(o.Args), len(o.Attr.I), len(o.Attr.F))
	}
	for _, i := range o.Attr.I {
		if i < -maxAttr || i > maxAttr {
			return 0, nil, bad("%s has the integer %d", r.name, i)
		}
	}
	args := make([]Value, len(o.Args))
	for i, a := range o.Args {
		args[i] = p.Values[a]
	}
	dt, s, err := r.infer(o, args, want)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", r.name, err)
	}
	if !shapeFits(s) {
		return 0, nil, bad("%s: result shape %v", r.name, s)
	}
	return dt, s, nil
}
