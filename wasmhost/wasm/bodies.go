package wasm

// code reads and proves all function bodies.
func (p *parser) code(r *reader) {
	if len(r.b) > p.l.CodeBytes {
		r.err = over("%d bytes of code, more than %d", len(r.b), p.l.CodeBytes)
		return
	}
	p.m.Metrics.CodeBytes = len(r.b)
	n := r.count("bodies", p.l.Functions)
	if r.err == nil && n != len(p.m.Funcs) {
		r.fail("%d bodies for %d functions", n, len(p.m.Funcs))
	}
	v := &validator{p: p, m: p.m}
	p.m.Bodies = make([]Body, 0, n)
	for i := range n {
		size := r.u32()
		at := r.at
		s := &reader{b: r.take(size), at: at}
		if r.err != nil {
			return
		}
		if len(s.b) > p.l.BodyBytes {
			r.err = over("function %d has %d bytes, more than %d", i, len(s.b), p.l.BodyBytes)
			return
		}
		b, err := p.body(s, i, v)
		if err != nil {
			r.err = err
			return
		}
		p.m.Bodies = append(p.m.Bodies, b)
	}
	p.m.Metrics.Functions = n
}

func (p *parser) body(r *reader, i int, v *validator) (Body, error) {
	t := p.m.Types[p.m.Funcs[i]]
	total := int64(len(t.Params))
	var b Body
	for range r.count("runs of locals", len(r.b)) {
		l := Locals{Count: r.u32(), Type: r.valType()}
		if total += int64(l.Count); r.err == nil && total > int64(p.l.Locals) {
			return b, over("function %d has %d locals, more than %d", i, total, p.l.Locals)
		}
		b.Locals = append(b.Locals, l)
	}
	if r.err != nil {
		return b, r.err
	}
	b.Code, b.Offset = r.b, r.at
	return b, v.check(b, t)
}

// finish checks what needs the whole module.
func (p *parser) finish() (*Module, error) {
	m := p.m
	if len(m.Bodies) != len(m.Funcs) {
		return nil, bad(0, "%d functions have no body", len(m.Funcs)-len(m.Bodies))
	}
	if m.hasCount && int(m.count) != len(m.Data) {
		return nil, bad(0, "%d data segments announced, %d there", m.count, len(m.Data))
	}
	for i, e := range m.Elems {
		if at, ok := constI32(e.Offset); ok && uint64(at)+uint64(len(e.Funcs)+len(e.Exprs)) > uint64(m.Tables[e.Table].Min) {
			return nil, bad(0, "element segment %d does not fit into table %d", i, e.Table)
		}
	}
	x := &m.Metrics
	switch {
	case x.LocalBranches > p.l.SumLocalBranch:
		return nil, over("too complex: locals times branches is %d, more than %d", x.LocalBranches, p.l.SumLocalBranch)
	case x.LoopWeight > p.l.SumLoopWeight:
		return nil, over("too complex: its loops weigh %d, more than %d", x.LoopWeight, p.l.SumLoopWeight)
	}
	return m, nil
}

// HasMemory reports whether the module defines a memory.
func (m *Module) HasMemory() bool { return m.hasMem }

// constI32 is the value of a constant expression that is one i32.const.
func constI32(e []byte) (uint32, bool) {
	if len(e) < 3 || e[0] != opI32Const {
		return 0, false
	}
	r := reader{b: e[1:]}
	n := r.signed(32)
	return uint32(n), r.err == nil && len(r.b) == 1
}
