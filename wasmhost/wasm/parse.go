package wasm

import "bytes"

var magic = []byte("\x00asm\x01\x00\x00\x00")

// The ids of sections.
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElem
	secCode
	secData
	secDataCount
)

// order is where each section may stand.
var order = [...]int{secType: 1, secImport: 2, secFunction: 3, secTable: 4, secMemory: 5, secGlobal: 6, secExport: 7, secStart: 8,
	secElem: 9, secDataCount: 10, secCode: 11, secData: 12}

type parser struct {
	m        *Module
	l        Limits
	declared map[uint32]bool // functions that ref.func may name
	custom   int             // bytes of custom sections so far
	customs  int
}

// Parse reads and proves a module. Slices of the Module share b.
func Parse(b []byte, l Limits) (*Module, error) {
	if len(b) > l.ModuleBytes {
		return nil, over("%d bytes, more than %d", len(b), l.ModuleBytes)
	}
	if !bytes.HasPrefix(b, magic) {
		if len(b) >= 8 && string(b[:4]) == "\x00asm" && b[6] == 1 {
			return nil, bad(0, "it is a component: build a plain module")
		}
		return nil, bad(0, "it does not start as a module of version 1")
	}
	p := &parser{m: &Module{Start: -1}, l: l, declared: map[uint32]bool{}}
	r := &reader{b: b[8:], at: 8}
	last := 0
	for len(r.b) > 0 && r.err == nil {
		id := r.byte()
		size := r.u32()
		at := r.at
		s := &reader{b: r.take(size), at: at}
		if r.err != nil {
			break
		}
		if id != secCustom {
			if int(id) >= len(order) || order[id] <= last {
				return nil, bad(at, "section %d is unknown, doubled or out of order", id)
			}
			last = order[id]
		}
		if p.section(id, s); s.err != nil {
			return nil, s.err
		}
		if len(s.b) > 0 {
			return nil, bad(s.at, "section %d has bytes left over", id)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return p.finish()
}

func (p *parser) section(id byte, r *reader) {
	switch id {
	case secCustom:
		p.customSection(r)
	case secType:
		p.types(r)
	case secImport:
		p.imports(r)
	case secFunction:
		for range r.count("functions", p.l.Functions) {
			t := r.u32()
			if r.err == nil && int64(t) >= int64(len(p.m.Types)) {
				r.fail("a function has type %d of %d", t, len(p.m.Types))
			}
			p.m.Funcs = append(p.m.Funcs, t)
		}
	case secTable:
		for range r.count("tables", p.l.Tables) {
			t := Table{Type: r.refType(), Bounds: r.bounds()}
			if r.err == nil && (t.Min > p.l.TableElems || t.HasMax && t.Max < t.Min) {
				r.err = over("a table of %d entries, more than %d", t.Min, p.l.TableElems)
			}
			p.m.Tables = append(p.m.Tables, t)
		}
	case secMemory:
		p.memory(r)
	case secGlobal:
		p.globals(r)
	case secExport:
		p.exports(r)
	case secStart:
		p.start(r)
	case secElem:
		p.elems(r)
	case secDataCount:
		p.m.count, p.m.hasCount = r.u32(), true
	case secCode:
		p.code(r)
	case secData:
		p.data(r)
	}
}

func (p *parser) customSection(r *reader) {
	p.custom += len(r.b)
	p.customs++
	if p.custom > p.l.CustomBytes || p.customs > p.l.CustomSections {
		r.err = over("custom sections of %d bytes, more than %d", p.custom, p.l.CustomBytes)
		return
	}
	if name := r.name(len(r.b)); name == "name" && p.m.Names == nil {
		p.m.Names = r.b
	}
	r.b = nil
}

func (r *reader) bounds() Bounds {
	flag := r.byte()
	if r.err == nil && flag > 1 {
		r.fail("shared or 64-bit sizes are not supported")
	}
	b := Bounds{Min: r.u32(), HasMax: flag == 1}
	if b.HasMax {
		b.Max = r.u32()
	}
	return b
}

func (p *parser) memory(r *reader) {
	n := r.count("memories", 1)
	if n == 0 {
		return
	}
	b := r.bounds()
	if r.err == nil && (b.Min > 65536 || b.HasMax && (b.Max > 65536 || b.Max < b.Min)) {
		r.fail("memory of %d to %d pages", b.Min, b.Max)
	}
	if r.err == nil && b.Min > p.l.MemoryPages {
		r.err = over("memory starts with %d pages, more than %d", b.Min, p.l.MemoryPages)
	}
	p.m.Memory, p.m.hasMem = b, true
}

func (p *parser) types(r *reader) {
	for range r.count("types", p.l.Types) {
		if form := r.byte(); r.err == nil && form != 0x60 {
			r.fail("type form %#x is not supported", form)
		}
		p.m.Types = append(p.m.Types, FuncType{p.valTypes(r), p.valTypes(r)})
	}
}

func (p *parser) valTypes(r *reader) []ValType {
	out := make([]ValType, r.count("parameters or results", p.l.Params))
	for i := range out {
		out[i] = r.valType()
	}
	return out
}

func (p *parser) imports(r *reader) {
	for range r.count("imports", p.l.Imports) {
		i := Import{Module: r.name(p.l.NameBytes), Name: r.name(p.l.NameBytes)}
		if kind := r.byte(); r.err == nil && kind != ExportFunc {
			r.fail("%s.%s imports a memory, table or global; only functions can be imported", i.Module, i.Name)
		}
		if i.Type = r.u32(); r.err == nil && int64(i.Type) >= int64(len(p.m.Types)) {
			r.fail("%s.%s has type %d of %d", i.Module, i.Name, i.Type, len(p.m.Types))
		}
		p.m.Imports = append(p.m.Imports, i)
	}
}

func (p *parser) globals(r *reader) {
	for range r.count("globals", p.l.Globals) {
		g := Global{Type: r.valType()}
		mutable := r.byte()
		if r.err == nil && mutable > 1 {
			r.fail("mutability %#x", mutable)
		}
		g.Mutable = mutable == 1
		g.Init = p.constant(r, g.Type)
		p.m.Globals = append(p.m.Globals, g)
	}
}

func (p *parser) exports(r *reader) {
	seen := map[string]bool{}
	for range r.count("exports", p.l.Exports) {
		e := Export{Name: r.name(p.l.NameBytes), Kind: r.byte(), Index: r.u32()}
		if r.err != nil {
			return
		}
		if seen[e.Name] {
			r.fail("%q is exported twice", e.Name)
			return
		}
		seen[e.Name] = true
		n := 0
		switch e.Kind {
		case ExportFunc:
			n = p.funcs()
			p.declared[e.Index] = true
		case ExportTable:
			n = len(p.m.Tables)
		case ExportMemory:
			if p.m.hasMem {
				n = 1
			}
		case ExportGlobal:
			n = len(p.m.Globals)
		}
		if int64(e.Index) >= int64(n) {
			r.fail("export %q names number %d of %d", e.Name, e.Index, n)
		}
		p.m.Exports = append(p.m.Exports, e)
	}
}

func (p *parser) funcs() int { return len(p.m.Imports) + len(p.m.Funcs) }

func (p *parser) start(r *reader) {
	i := r.u32()
	t, ok := p.m.FuncType(i)
	if r.err == nil && (!ok || len(t.Params)+len(t.Results) > 0) {
		r.fail("start function %d takes or gives something, or is not there", i)
	}
	p.m.Start = int(i)
}
