package wasm

// unknown stands for any type on the stack of code that is never reached.
const unknown ValType = 0

type frame struct {
	op          Op
	params      []ValType
	results     []ValType
	height      int
	unreachable bool
}

// labelTypes are the values that a branch to the frame carries.
func (f *frame) labelTypes() []ValType {
	if f.op == opLoop {
		return f.params
	}
	return f.results
}

// validator proves bodies, one after another; it keeps its memory.
type validator struct {
	p      *parser
	m      *Module
	code   Code
	locals []ValType
	stack  []ValType
	frames []frame
	body   Body
	result []ValType

	loops, maxLoops, maxNest, branches, targets int
	err                                         error
}

func (v *validator) fail(in *Instr, format string, args ...any) {
	if v.err == nil {
		v.err = bad(v.body.Offset+in.Start, format, args...)
	}
}

// check proves one body of type t and adds its measures to the module's.
func (v *validator) check(b Body, t FuncType) error {
	v.body, v.err, v.result = b, nil, t.Results
	v.locals = append(v.locals[:0], t.Params...)
	for _, l := range b.Locals {
		for range l.Count {
			v.locals = append(v.locals, l.Type)
		}
	}
	v.stack, v.frames = v.stack[:0], v.frames[:0]
	v.loops, v.maxLoops, v.maxNest, v.branches, v.targets = 0, 0, 0, 0, 0
	v.frames = append(v.frames, frame{op: opBlock, results: t.Results})
	v.code.Open(b)
	var in Instr
	for v.code.More() {
		if len(v.frames) == 0 {
			return bad(b.Offset, "code after a function's end")
		}
		if err := v.code.Next(&in); err != nil {
			return err
		}
		if v.step(&in); v.err != nil {
			return v.err
		}
	}
	if len(v.frames) > 0 {
		return bad(b.Offset, "function without an end")
	}
	return v.measure()
}

func (v *validator) measure() error {
	l, x := v.p.l, &v.m.Metrics
	work := int64(len(v.locals)) * int64(v.branches+v.targets)
	x.MaxLocals = max(x.MaxLocals, len(v.locals))
	x.MaxNest, x.MaxLoopNest = max(x.MaxNest, v.maxNest), max(x.MaxLoopNest, v.maxLoops)
	x.LocalBranches += work
	x.MaxLocalBranches = max(x.MaxLocalBranches, work)
	x.LoopWeight += int64(len(v.locals)+1) * int64(v.maxLoops) * int64(v.branches)
	switch {
	case v.targets > l.BrTargets:
		return over("a function has %d br_table targets, more than %d", v.targets, l.BrTargets)
	case work > l.LocalBranches:
		return over("a function is too complex: locals times branches is %d, more than %d", work, l.LocalBranches)
	}
	return nil
}

func (v *validator) push(in *Instr, t ValType) {
	if len(v.stack) >= v.p.l.StackValues {
		v.fail(in, "more than %d operands", v.p.l.StackValues)
		return
	}
	v.stack = append(v.stack, t)
}

func (v *validator) pushAll(in *Instr, ts []ValType) {
	for _, t := range ts {
		v.push(in, t)
	}
}

func (v *validator) pop(in *Instr) ValType {
	f := &v.frames[len(v.frames)-1]
	if len(v.stack) == f.height {
		if !f.unreachable {
			v.fail(in, "an operand is missing")
		}
		return unknown
	}
	t := v.stack[len(v.stack)-1]
	v.stack = v.stack[:len(v.stack)-1]
	return t
}

func (v *validator) want(in *Instr, t ValType) ValType {
	got := v.pop(in)
	if got != t && got != unknown && t != unknown {
		v.fail(in, "operand is %v, not %v", got, t)
	}
	return got
}

func (v *validator) wantAll(in *Instr, ts []ValType) {
	for i := len(ts) - 1; i >= 0 && v.err == nil; i-- {
		v.want(in, ts[i])
	}
}

func (v *validator) unreachable() {
	f := &v.frames[len(v.frames)-1]
	v.stack = v.stack[:f.height]
	f.unreachable = true
}

func (v *validator) label(in *Instr, n uint32) *frame {
	if int64(n) >= int64(len(v.frames)) {
		v.fail(in, "branch to label %d of %d", n, len(v.frames))
		return nil
	}
	return &v.frames[len(v.frames)-1-int(n)]
}

// step checks one instruction.
func (v *validator) step(in *Instr) {
	i := in.Op.info()
	if i.sig == "" {
		v.special(in)
		return
	}
	if i.imm == immMem || i.imm == immMemLane || i.imm == immZeroByte {
		v.needMemory(in)
	}
	at := 0
	for i.sig[at] != ':' {
		at++
	}
	for p := at - 1; p >= 0; p-- {
		v.want(in, letterType(i.sig[p]))
	}
	if at+1 < len(i.sig) {
		v.push(in, letterType(i.sig[at+1]))
	}
}

func (v *validator) needMemory(in *Instr) {
	if !v.m.hasMem {
		v.fail(in, "there is no memory")
	}
}

func (v *validator) special(in *Instr) {
	switch in.Op {
	case opUnreachable:
		v.unreachable()
	case opBlock, opLoop, opIf, opElse, opEnd:
		v.structure(in)
	case opBr, opBrIf, opBrTable, opReturn:
		v.branch(in)
	case opCall, opCallIndirect, opReturnCall, opReturnCallI:
		v.call(in)
	case opDrop:
		v.pop(in)
	case opSelect, opSelectT:
		v.choose(in)
	case opLocalGet, opLocalSet, opLocalTee, opGlobalGet, opGlobalSet:
		v.variable(in)
	case opI32Const:
		v.push(in, I32)
	case opI64Const:
		v.push(in, I64)
	case opF32Const:
		v.push(in, F32)
	case opF64Const:
		v.push(in, F64)
	case opRefNull:
		v.push(in, in.Type)
	case opRefIsNull:
		if t := v.pop(in); t != unknown && !t.IsRef() {
			v.fail(in, "ref.is_null of %v", t)
		}
		v.push(in, I32)
	case opRefFunc:
		if !v.p.declared[in.A] || int64(in.A) >= int64(v.p.funcs()) {
			v.fail(in, "ref.func of %d, which nothing declares", in.A)
		}
		v.push(in, FuncRef)
	default:
		v.bulk(in)
	}
}
