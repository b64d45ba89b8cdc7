package wasm

func (p *parser) elems(r *reader) {
	total := 0
	for range r.count("element segments", p.l.Segments) {
		e := p.elem(r)
		if total += len(e.Funcs) + len(e.Exprs); r.err == nil && total > p.l.Elems {
			r.err = over("%d entries of element segments, more than %d", total, p.l.Elems)
		}
		if r.err != nil {
			return
		}
		p.m.Elems = append(p.m.Elems, e)
	}
}

// elem reads one segment in any of its eight forms: bit 0 not active, bit 1 a table's number or declared, bit 2 expressions.
func (p *parser) elem(r *reader) Elem {
	form := r.u32()
	if r.err == nil && form > 7 {
		r.fail("element segment of form %d", form)
	}
	e := Elem{Type: FuncRef}
	switch {
	case form&1 == 0:
		if form&2 != 0 {
			e.Table = r.u32()
		}
		if r.err == nil && int64(e.Table) >= int64(len(p.m.Tables)) {
			r.fail("element segment for table %d of %d", e.Table, len(p.m.Tables))
		}
		e.Offset = p.constant(r, I32)
	case form&2 != 0:
		e.Mode = Declared
	default:
		e.Mode = Passive
	}
	if form&3 != 0 {
		if form&4 != 0 {
			e.Type = r.refType()
		} else if kind := r.byte(); r.err == nil && kind != 0 {
			r.fail("element kind %#x", kind)
		}
	}
	if r.err == nil && e.Mode == Active && p.m.Tables[e.Table].Type != e.Type {
		r.fail("%v in a table of %v", e.Type, p.m.Tables[e.Table].Type)
	}
	p.entries(r, &e, form&4 != 0)
	return e
}

func (p *parser) entries(r *reader, e *Elem, exprs bool) {
	n := r.count("elements", p.l.Elems)
	for range n {
		if exprs {
			e.Exprs = append(e.Exprs, p.constant(r, e.Type))
			continue
		}
		i := r.u32()
		if r.err == nil && int64(i) >= int64(p.funcs()) {
			r.fail("element names function %d of %d", i, p.funcs())
		}
		p.declared[i] = true
		e.Funcs = append(e.Funcs, i)
	}
}

func (p *parser) data(r *reader) {
	total := 0
	for range r.count("data segments", p.l.Segments) {
		form := r.u32()
		d := Data{}
		switch form {
		case 0:
		case 1:
			d.Mode = Passive
		case 2:
			if i := r.u32(); r.err == nil && i != 0 {
				r.fail("data for memory %d", i)
			}
		default:
			r.fail("data segment of form %d", form)
		}
		if r.err == nil && d.Mode == Active {
			if !p.m.hasMem {
				r.fail("data without a memory")
			}
			d.Offset = p.constant(r, I32)
		}
		d.Bytes = r.take(r.u32())
		if total += len(d.Bytes); r.err == nil && total > p.l.DataBytes {
			r.err = over("%d bytes of data, more than %d", total, p.l.DataBytes)
		}
		if r.err != nil {
			return
		}
		p.m.Data = append(p.m.Data, d)
	}
}

// constant reads a constant expression of the wanted type and gives its bytes.
func (p *parser) constant(r *reader, want ValType) []byte {
	all, from := r.b, r.at
	var stack []ValType
	for r.err == nil {
		op := r.byte()
		switch op {
		case opI32Const:
			r.signed(32)
			stack = append(stack, I32)
		case opI64Const:
			r.signed(64)
			stack = append(stack, I64)
		case opF32Const:
			r.take(4)
			stack = append(stack, F32)
		case opF64Const:
			r.take(8)
			stack = append(stack, F64)
		case prefixSIMD:
			if n := r.u32(); r.err == nil && n != simdConst {
				r.fail("instruction fd %d in a constant", n)
			}
			r.take(16)
			stack = append(stack, V128)
		case opRefNull:
			stack = append(stack, r.refType())
		case opRefFunc:
			i := r.u32()
			if r.err == nil && int64(i) >= int64(p.funcs()) {
				r.fail("constant names function %d of %d", i, p.funcs())
			}
			p.declared[i] = true
			stack = append(stack, FuncRef)
		case opI32Add, opI32Sub, opI32Mul:
			stack = arith(r, stack, I32)
		case opI64Add, opI64Sub, opI64Mul:
			stack = arith(r, stack, I64)
		case opEnd:
			if r.err == nil && (len(stack) != 1 || stack[0] != want) {
				r.fail("constant is not one %v", want)
			}
			if r.err != nil {
				return nil
			}
			return all[: r.at-from : r.at-from]
		default:
			r.fail("instruction %#x in a constant", op)
		}
		if len(stack) > 64 {
			r.fail("constant is too long")
		}
	}
	return nil
}

func arith(r *reader, stack []ValType, t ValType) []ValType {
	n := len(stack)
	if n < 2 || stack[n-1] != t || stack[n-2] != t {
		r.fail("constant adds what is not two %v", t)
		return nil
	}
	return stack[:n-1]
}
