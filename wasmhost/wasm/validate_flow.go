package wasm

func (v *validator) blockTypes(in *Instr) (params, results []ValType) {
	switch {
	case in.Block == emptyBlock:
		return nil, nil
	case in.Block < 0:
		return nil, []ValType{ValType(in.Block & 0x7f)}
	case in.Block < int64(len(v.m.Types)):
		t := v.m.Types[in.Block]
		return t.Params, t.Results
	}
	v.fail(in, "block of type %d", in.Block)
	return nil, nil
}

func (v *validator) structure(in *Instr) {
	switch in.Op {
	case opBlock, opLoop, opIf:
		v.enter(in)
	case opElse:
		f := v.leave(in)
		if v.err == nil && f.op != opIf {
			v.fail(in, "else without an if")
		}
		f.op = opElse
		v.begin(in, f)
	case opEnd:
		f := v.leave(in)
		if v.err == nil && f.op == opIf && !(FuncType{Results: f.params}).Equal(FuncType{Results: f.results}) {
			v.fail(in, "an if without else changes the stack")
		}
		if f.op == opLoop {
			v.loops--
		}
		v.pushAll(in, f.results)
	}
}

func (v *validator) enter(in *Instr) {
	params, results := v.blockTypes(in)
	if in.Op == opIf {
		v.want(in, I32)
		v.branches++
	}
	if in.Op == opLoop {
		if v.loops++; v.loops > v.p.l.LoopNest {
			v.err = over("loops are nested more than %d deep", v.p.l.LoopNest)
		}
		v.maxLoops = max(v.maxLoops, v.loops)
	}
	v.wantAll(in, params)
	if v.err != nil {
		return
	}
	if v.maxNest = max(v.maxNest, len(v.frames)); len(v.frames) > v.p.l.Nest {
		v.err = over("blocks are nested more than %d deep", v.p.l.Nest)
		return
	}
	v.begin(in, frame{op: in.Op, params: params, results: results})
}

func (v *validator) begin(in *Instr, f frame) {
	f.height, f.unreachable = len(v.stack), false
	v.frames = append(v.frames, f)
	v.pushAll(in, f.params)
}

func (v *validator) leave(in *Instr) frame {
	f := v.frames[len(v.frames)-1]
	v.wantAll(in, f.results)
	if v.err == nil && len(v.stack) != f.height {
		v.fail(in, "operands are left over")
	}
	v.frames = v.frames[:len(v.frames)-1]
	if in.Op == opElse && len(v.frames) == 0 {
		v.fail(in, "else without an if")
	}
	return f
}

func (v *validator) branch(in *Instr) {
	switch in.Op {
	case opBr:
		v.branches++
		if f := v.label(in, in.A); f != nil {
			v.wantAll(in, f.labelTypes())
			v.unreachable()
		}
	case opBrIf:
		v.branches++
		v.want(in, I32)
		if f := v.label(in, in.A); f != nil {
			v.wantAll(in, f.labelTypes())
			v.pushAll(in, f.labelTypes())
		}
	case opBrTable:
		v.targets += len(in.Targets)
		v.brTable(in)
	case opReturn:
		v.wantAll(in, v.result)
		v.unreachable()
	}
}

func (v *validator) brTable(in *Instr) {
	v.want(in, I32)
	last := v.label(in, in.Targets[len(in.Targets)-1])
	if last == nil || v.err != nil {
		return
	}
	arity := len(last.labelTypes())
	seen := -1
	for _, n := range in.Targets {
		f := v.label(in, n)
		if f == nil {
			return
		}
		if int(n) == seen { // runs of one target are common
			continue
		}
		seen = int(n)
		ts := f.labelTypes()
		if len(ts) != arity {
			v.fail(in, "br_table with labels of %d and %d values", len(ts), arity)
			return
		}
		v.peek(in, ts)
	}
	v.wantAll(in, last.labelTypes())
	v.unreachable()
}

// peek checks that the stack ends with the types, without changing it.
func (v *validator) peek(in *Instr, ts []ValType) {
	f := &v.frames[len(v.frames)-1]
	for i := range ts {
		t, at := ts[len(ts)-1-i], len(v.stack)-1-i
		if at < f.height {
			if !f.unreachable {
				v.fail(in, "an operand is missing")
			}
			return
		}
		if got := v.stack[at]; got != t && got != unknown {
			v.fail(in, "operand is %v, not %v", got, t)
		}
	}
}

func (v *validator) call(in *Instr) {
	var t FuncType
	if in.Op == opCall || in.Op == opReturnCall {
		ok := false
		if t, ok = v.m.FuncType(in.A); !ok {
			v.fail(in, "call of function %d of %d", in.A, v.p.funcs())
			return
		}
	} else {
		if int64(in.A) >= int64(len(v.m.Types)) || int64(in.B) >= int64(len(v.m.Tables)) || v.m.Tables[in.B].Type != FuncRef {
			v.fail(in, "indirect call of type %d through table %d", in.A, in.B)
			return
		}
		t = v.m.Types[in.A]
		v.want(in, I32)
	}
	v.wantAll(in, t.Params)
	if in.Op == opCall || in.Op == opCallIndirect {
		v.pushAll(in, t.Results)
		return
	}
	if v.err == nil && !(FuncType{Results: t.Results}).Equal(FuncType{Results: v.result}) {
		v.fail(in, "tail call of a function with other results")
	}
	v.unreachable()
}
