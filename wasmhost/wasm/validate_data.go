package wasm

func (v *validator) choose(in *Instr) {
	v.want(in, I32)
	if in.Op == opSelectT {
		v.want(in, in.Type)
		v.want(in, in.Type)
		v.push(in, in.Type)
		return
	}
	a := v.pop(in)
	b := v.want(in, a)
	if a.IsRef() || b.IsRef() {
		v.fail(in, "select of references needs a type")
	}
	if a == unknown {
		a = b
	}
	v.push(in, a)
}

func (v *validator) variable(in *Instr) {
	if in.Op == opGlobalGet || in.Op == opGlobalSet {
		if int64(in.A) >= int64(len(v.m.Globals)) {
			v.fail(in, "global %d of %d", in.A, len(v.m.Globals))
			return
		}
		g := v.m.Globals[in.A]
		if in.Op == opGlobalGet {
			v.push(in, g.Type)
			return
		}
		if !g.Mutable {
			v.fail(in, "global %d is constant", in.A)
		}
		v.want(in, g.Type)
		return
	}
	if int64(in.A) >= int64(len(v.locals)) {
		v.fail(in, "local %d of %d", in.A, len(v.locals))
		return
	}
	t := v.locals[in.A]
	if in.Op != opLocalGet {
		v.want(in, t)
	}
	if in.Op != opLocalSet {
		v.push(in, t)
	}
}

func (v *validator) table(in *Instr, i uint32) ValType {
	if int64(i) >= int64(len(v.m.Tables)) {
		v.fail(in, "table %d of %d", i, len(v.m.Tables))
		return unknown
	}
	return v.m.Tables[i].Type
}

func (v *validator) segment(in *Instr) ValType {
	if int64(in.A) >= int64(len(v.m.Elems)) {
		v.fail(in, "element segment %d of %d", in.A, len(v.m.Elems))
		return unknown
	}
	return v.m.Elems[in.A].Type
}

func (v *validator) threeI32(in *Instr) {
	for range 3 {
		v.want(in, I32)
	}
}

// bulk checks the instructions on memories and tables as wholes.
func (v *validator) bulk(in *Instr) {
	switch in.Op {
	case opMemoryInit, opDataDrop:
		if !v.m.hasCount || in.A >= v.m.count {
			v.fail(in, "data segment %d of %d", in.A, v.m.count)
		}
		if in.Op == opMemoryInit {
			v.needMemory(in)
			v.threeI32(in)
		}
	case opMemoryCopy, opMemoryFill:
		v.needMemory(in)
		v.threeI32(in)
	case opTableInit:
		if s, t := v.segment(in), v.table(in, in.B); v.err == nil && s != t {
			v.fail(in, "%v into a table of %v", s, t)
		}
		v.threeI32(in)
	case opElemDrop:
		v.segment(in)
	case opTableCopy:
		if s, t := v.table(in, in.A), v.table(in, in.B); v.err == nil && s != t {
			v.fail(in, "copy between tables of %v and %v", s, t)
		}
		v.threeI32(in)
	case opTableGrow:
		if v.p.l.TableGrowForbid {
			v.err = over("table.grow is not allowed")
			return
		}
		t := v.table(in, in.A)
		v.want(in, I32)
		v.want(in, t)
		v.push(in, I32)
	case opTableSize:
		v.table(in, in.A)
		v.push(in, I32)
	case opTableFill:
		t := v.table(in, in.A)
		v.want(in, I32)
		v.want(in, t)
		v.want(in, I32)
	case opTableGet:
		t := v.table(in, in.A)
		v.want(in, I32)
		v.push(in, t)
	case opTableSet:
		t := v.table(in, in.A)
		v.want(in, t)
		v.want(in, I32)
	default:
		v.fail(in, "instruction %#x is not supported", uint16(in.Op))
	}
}
