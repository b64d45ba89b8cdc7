package fuel

import (
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// rewriter turns one module into its metered form.
type rewriter struct {
	m      *wasm.Module
	o      Options
	r      Result
	refuel uint32 // function indices in the rewritten module
	slow   uint32
	deep   uint32
	paid   uint32
	fill   uint32
	copy   uint32
	init   uint32
	fuel   uint32 // global indices
	depth  uint32
	back   map[uint64]bool // calls that close a cycle: caller<<32 | callee

	data    []wasm.Data // as the rewritten module has it
	planner planner
	code    wasm.Code
	// Of the function at hand.
	body   []ins
	temp   uint32 // local, i64: what is left of the fuel, in a function that caches it
	entry  uint32 // local, i32: how deep the function may call
	cached bool   // it has loops: the fuel is in temp between calls
	counts bool   // it makes calls that count their depth
}

// Rewrite meters a module. It fails with fault.Unsupported on a module that reads a data segment which was copied at the
// start, which no compiler writes.
func Rewrite(m *wasm.Module, o Options) (*Result, error) {
	w := &rewriter{m: m, o: o, data: merged(m.Data)}
	w.r.Resettable = true
	n := uint32(len(m.Imports))
	w.refuel = n
	w.slow = n + 1 + uint32(len(m.Funcs))
	w.deep, w.paid, w.fill, w.copy, w.init = w.slow+1, w.slow+2, w.slow+3, w.slow+4, w.slow+5
	w.fuel = uint32(len(m.Globals))
	w.depth = w.fuel + 1
	if err := w.graph(); err != nil {
		return nil, err
	}
	if err := w.write(); err != nil {
		return nil, err
	}
	return &w.r, nil
}

// index is where a function of the original stands in the rewritten module.
func (w *rewriter) index(f uint32) uint32 {
	if f >= uint32(len(w.m.Imports)) {
		return f + 1
	}
	return f
}

// decode reads a body into w.body.
func (w *rewriter) decode(b wasm.Body) error {
	w.body = w.body[:0]
	w.code.Open(b)
	var in wasm.Instr
	for w.code.More() {
		if err := w.code.Next(&in); err != nil {
			return err
		}
		w.body = append(w.body, ins{in.Op, int32(in.Start), int32(in.End), in.A, in.B})
	}
	return nil
}

// function appends a rewritten body of function number i among the defined ones.
func (w *rewriter) function(out []byte, i int) ([]byte, error) {
	b := w.m.Bodies[i]
	if err := w.decode(b); err != nil {
		return nil, err
	}
	self := uint32(len(w.m.Imports) + i)
	w.survey(self)
	t := w.m.Types[w.m.Funcs[i]]
	w.temp = uint32(len(t.Params))
	out = asm.U(out, uint32(len(b.Locals)+2))
	for _, l := range b.Locals {
		out = append(asm.U(out, l.Count), byte(l.Type))
		w.temp += l.Count
	}
	w.entry = w.temp + 1
	out = append(out, 1, byte(wasm.I64), 1, byte(wasm.I32))
	// Charges come by chunk, not by place: a chunk that was opened in a branch stands behind the one it interrupts.
	charges := w.planner.plan(w.body)
	slices.SortStableFunc(charges, func(x, y charge) int { return int(x.at - y.at) })
	leaf := w.tinyLeaf(charges)
	out = w.enter(out)
	next, depth := 0, 0
	for k := range w.body {
		for ; next < len(charges) && int(charges[next].at) == k; next++ {
			if c := charges[next]; c.cost > 0 {
				out = w.pay(out, c.cost, c.check && !leaf)
			}
		}
		switch w.body[k].op {
		case wasm.Block, wasm.Loop, wasm.If:
			depth++
		case wasm.End:
			depth--
		}
		var err error
		if out, err = w.instr(out, b, &w.body[k], self, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// survey says how the function at hand keeps its fuel and whether it counts depth.
func (w *rewriter) survey(self uint32) {
	w.cached, w.counts = false, false
	for i := range w.body {
		switch in := &w.body[i]; in.op {
		case wasm.Loop:
			w.cached = true
		case wasm.CallIndirect:
			w.counts = true
		case wasm.Call:
			w.counts = w.counts || w.closes(self, in.a)
		}
	}
}

// closes reports whether a direct call closes a cycle.
func (w *rewriter) closes(caller, callee uint32) bool {
	return w.back[uint64(caller)<<32|uint64(callee)]
}

// tinyLeaf reports whether a function is so small that its caller's checks are enough: one cheap chunk and no calls.
func (w *rewriter) tinyLeaf(charges []charge) bool {
	if len(charges) > 1 || charges[0].cost > 16 {
		return false
	}
	for i := range w.body {
		switch w.body[i].op {
		case wasm.Call, wasm.CallIndirect, wasm.ReturnCall, wasm.ReturnCallIndirect, wasm.Loop:
			return false
		}
	}
	return true
}

// enter reads the depth that is left, and the fuel where it is kept in a local.
func (w *rewriter) enter(out []byte) []byte {
	if w.counts {
		out = asm.U(append(out, 0x23), w.depth)
		out = asm.U(append(out, 0x22), w.entry)
		out = append(out, 0x45, 0x04, 0x40) // i32.eqz, if
		out = append(asm.U(append(out, 0x10), w.deep), 0x0b)
	}
	return w.load(out)
}

// load and store move the fuel between the global and the local of functions with loops.
func (w *rewriter) load(out []byte) []byte {
	if !w.cached {
		return out
	}
	return asm.U(append(asm.U(append(out, 0x23), w.fuel), 0x21), w.temp)
}

func (w *rewriter) store(out []byte) []byte {
	if !w.cached {
		return out
	}
	return asm.U(append(asm.U(append(out, 0x20), w.temp), 0x24), w.fuel)
}

func (w *rewriter) pay(out []byte, cost int64, check bool) []byte {
	if w.cached {
		out = asm.U(append(out, 0x20), w.temp)
	} else {
		out = asm.U(append(out, 0x23), w.fuel)
	}
	out = append(asm.S(append(out, 0x42), cost), 0x7d)
	if !w.cached && !check {
		return asm.U(append(out, 0x24), w.fuel)
	}
	if !check {
		return asm.U(append(out, 0x21), w.temp)
	}
	out = asm.U(append(out, 0x22), w.temp)
	if !w.cached {
		out = asm.U(append(out, 0x24), w.fuel)
		out = asm.U(append(out, 0x20), w.temp)
	}
	out = append(out, 0x42, 0, 0x53, 0x04, 0x40) // i64.const 0, i64.lt_s, if
	return append(w.call(out, w.slow), 0x0b)
}

// call calls a function, with the fuel in its place.
func (w *rewriter) call(out []byte, f uint32) []byte {
	return w.load(asm.U(append(w.store(out), 0x10), f))
}

// instr appends one instruction in its new form; depth is how many blocks are open behind it.
func (w *rewriter) instr(out []byte, b wasm.Body, in *ins, self uint32, depth int) ([]byte, error) {
	raw := b.Code[in.start:in.end]
	switch in.op {
	case wasm.Call:
		if w.closes(self, in.a) {
			return w.shallower(w.call(w.deeper(out), w.index(in.a))), nil
		}
		return w.call(out, w.index(in.a)), nil
	case wasm.RefFunc:
		return asm.U(append(out, byte(in.op)), w.index(in.a)), nil
	case wasm.ReturnCall:
		return asm.U(append(w.store(out), byte(in.op)), w.index(in.a)), nil
	case wasm.CallIndirect:
		return w.shallower(w.load(append(w.store(w.deeper(out)), raw...))), nil
	case wasm.Return, wasm.ReturnCallIndirect:
		out = w.store(out)
	case wasm.Br, wasm.BrIf, wasm.BrTable:
		if in.op == wasm.BrTable || int(in.a) == depth {
			out = w.store(out)
		}
	case wasm.End:
		if depth < 0 {
			out = w.store(out)
		}
	case wasm.MemoryFill:
		return w.call(out, w.fill), nil
	case wasm.MemoryCopy:
		return w.call(out, w.copy), nil
	default:
		return w.bulk(out, raw, in)
	}
	return append(out, raw...), nil
}

// bulk appends an instruction that works on segments or tables, and any other one as it is.
func (w *rewriter) bulk(out, raw []byte, in *ins) ([]byte, error) {
	switch in.op {
	case wasm.MemoryInit, wasm.DataDrop:
		if w.m.Data[in.a].Mode == wasm.Active {
			return nil, fault.New(fault.Unsupported, "module uses data segment %d after it was copied", in.a)
		}
		if in.op == wasm.DataDrop {
			w.r.Resettable = false
			break
		}
		out = w.call(out, w.paid)
	case wasm.TableInit, wasm.TableCopy, wasm.TableFill:
		w.r.Resettable = false
		out = w.call(out, w.paid)
	case wasm.TableSet, wasm.TableGrow, wasm.ElemDrop:
		w.r.Resettable = false
	}
	return append(out, raw...), nil
}

// deeper tells the callee how deep it is.
func (w *rewriter) deeper(out []byte) []byte {
	out = append(asm.U(append(out, 0x20), w.entry), 0x41, 1, 0x6b)
	return asm.U(append(out, 0x24), w.depth)
}

func (w *rewriter) shallower(out []byte) []byte {
	return asm.U(append(asm.U(append(out, 0x20), w.entry), 0x24), w.depth)
}
