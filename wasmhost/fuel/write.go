package fuel

import (
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

func name(b []byte, s string) []byte { return append(asm.U(b, uint32(len(s))), s...) }

func types(b []byte, ts []wasm.ValType) []byte {
	b = asm.U(b, uint32(len(ts)))
	for _, t := range ts {
		b = append(b, byte(t))
	}
	return b
}

// The helpers' types, behind those of the module.
const (
	typeRefuel = iota // i64 -> i64
	typeNone          // ->
	typePaid          // i32 -> i32
	typeBulk          // i32 i32 i32 ->
	newTypes
)

func (w *rewriter) typeIndex(t int) uint32 { return uint32(len(w.m.Types) + t) }

// write puts the new module together, section by section.
func (w *rewriter) write() error {
	m := w.m
	out := make([]byte, 0, 64<<10+m.Metrics.CodeBytes*5/4)
	out = append(out, "\x00asm\x01\x00\x00\x00"...)
	out = append(out, asm.Section(1, w.types())...)
	out = append(out, asm.Section(2, w.imports())...)
	b := asm.U(nil, uint32(len(m.Funcs)+6))
	for _, t := range m.Funcs {
		b = asm.U(b, t)
	}
	for _, t := range []int{typeNone, typeNone, typePaid, typeBulk, typeBulk, typeNone} {
		b = asm.U(b, w.typeIndex(t))
	}
	out = append(out, asm.Section(3, b)...)
	if len(m.Tables) > 0 {
		b = asm.U(nil, uint32(len(m.Tables)))
		for _, t := range m.Tables {
			b = bounds(append(b, byte(t.Type)), t.Bounds)
		}
		out = append(out, asm.Section(4, b)...)
	}
	if m.HasMemory() { // the host bounds its growth
		out = append(out, asm.Section(5, asm.U([]byte{1, 0}, m.Memory.Min))...)
	}
	out = append(out, asm.Section(6, w.globals())...)
	out = append(out, asm.Section(7, w.exports())...)
	if len(m.Elems) > 0 {
		out = append(out, asm.Section(9, w.elems())...)
	}
	if len(w.data) > 0 {
		out = append(out, asm.Section(12, asm.U(nil, uint32(len(w.data))))...)
	}
	code, err := w.codeSection()
	if err != nil {
		return err
	}
	out = append(out, asm.Section(10, code)...)
	if len(w.data) > 0 {
		b = asm.U(nil, uint32(len(w.data)))
		for _, d := range w.data {
			b = append(asm.U(append(b, 1), uint32(len(d.Bytes))), d.Bytes...)
		}
		out = append(out, asm.Section(11, b)...)
	}
	w.r.Bytes = append(out, w.names()...)
	return nil
}

// names is the section with the functions' names, for stack traces.
func (w *rewriter) names() []byte {
	all := w.m.FuncNames()
	if len(all) == 0 {
		return nil
	}
	b := asm.U(nil, uint32(len(all)))
	for _, f := range all {
		b = name(asm.U(b, w.index(f.Index)), f.Name)
	}
	return asm.Section(0, append(name(nil, "name"), asm.Section(1, b)...))
}

func (w *rewriter) types() []byte {
	b := asm.U(nil, uint32(len(w.m.Types)+newTypes))
	for _, t := range w.m.Types {
		b = types(types(append(b, 0x60), t.Params), t.Results)
	}
	i32, i64 := []wasm.ValType{wasm.I32}, []wasm.ValType{wasm.I64}
	b = types(types(append(b, 0x60), i64), i64)
	b = types(types(append(b, 0x60), nil), nil)
	b = types(types(append(b, 0x60), i32), i32)
	return types(types(append(b, 0x60), []wasm.ValType{wasm.I32, wasm.I32, wasm.I32}), nil)
}

func (w *rewriter) imports() []byte {
	b := asm.U(nil, uint32(len(w.m.Imports)+1))
	for _, i := range w.m.Imports {
		b = asm.U(append(name(name(b, i.Module), i.Name), 0), i.Type)
	}
	return asm.U(append(name(name(b, ImportModule), ImportName), 0), w.typeIndex(typeRefuel))
}

func bounds(b []byte, s wasm.Bounds) []byte {
	if s.HasMax {
		return asm.U(asm.U(append(b, 1), s.Min), s.Max)
	}
	return asm.U(append(b, 0), s.Min)
}

func (w *rewriter) globals() []byte {
	b := asm.U(nil, uint32(len(w.m.Globals)+2))
	for i, g := range w.m.Globals {
		mutable := byte(0)
		if g.Mutable {
			mutable = 1
			if g.Type == wasm.V128 || g.Type.IsRef() {
				w.r.Resettable = false
			} else {
				w.r.Globals = append(w.r.Globals, Global{i, g.Type})
			}
		}
		b = append(append(b, byte(g.Type), mutable), w.constant(g.Init)...)
	}
	b = append(b, byte(wasm.I64), 1, 0x42, 0, 0x0b)
	b = append(b, byte(wasm.I32), 1)
	return append(append(b, asm.I32(w.o.Depth)...), 0x0b)
}

// constant renumbers the functions of a constant expression. Such an expression is one ref.func, or has none.
func (w *rewriter) constant(e []byte) []byte {
	if len(e) == 0 || e[0] != byte(wasm.RefFunc) {
		return e
	}
	var f uint32
	for i, c := range e[1 : len(e)-1] {
		f |= uint32(c&0x7f) << (7 * i)
	}
	return append(asm.U([]byte{byte(wasm.RefFunc)}, w.index(f)), 0x0b)
}

func (w *rewriter) exports() []byte {
	extra := [][]byte{
		asm.U(append(name(nil, FuelGlobal), 3), w.fuel),
		asm.U(append(name(nil, DepthGlobal), 3), w.depth),
		asm.U(append(name(nil, InitFunc), 0), w.init),
	}
	if w.m.Start >= 0 {
		w.r.HasStart = true
		extra = append(extra, asm.U(append(name(nil, StartFunc), 0), w.index(uint32(w.m.Start))))
	}
	for _, g := range w.r.Globals {
		extra = append(extra, asm.U(append(name(nil, g.Name()), 3), uint32(g.Index)))
	}
	b := asm.U(nil, uint32(len(w.m.Exports)+len(extra)))
	for _, e := range w.m.Exports {
		i := e.Index
		if e.Kind == wasm.ExportFunc {
			i = w.index(i)
		}
		b = asm.U(append(name(b, e.Name), e.Kind), i)
	}
	for _, e := range extra {
		b = append(b, e...)
	}
	return b
}

func (w *rewriter) elems() []byte {
	b := asm.U(nil, uint32(len(w.m.Elems)))
	for _, e := range w.m.Elems {
		b = w.elem(b, e)
	}
	return b
}

// elem writes a segment, always with its table and its type where it has them.
func (w *rewriter) elem(b []byte, e wasm.Elem) []byte {
	form := map[wasm.Mode]byte{wasm.Active: 2, wasm.Passive: 1, wasm.Declared: 3}[e.Mode]
	exprs := e.Exprs != nil || e.Type != wasm.FuncRef
	if exprs {
		form |= 4
	}
	b = append(b, form)
	if e.Mode == wasm.Active {
		b = append(asm.U(b, e.Table), e.Offset...)
	}
	if exprs {
		b = asm.U(append(b, byte(e.Type)), uint32(len(e.Exprs)))
		for _, x := range e.Exprs {
			b = append(b, w.constant(x)...)
		}
		return b
	}
	b = asm.U(append(b, 0), uint32(len(e.Funcs)))
	for _, f := range e.Funcs {
		b = asm.U(b, w.index(f))
	}
	return b
}

func (w *rewriter) codeSection() ([]byte, error) {
	out := make([]byte, 0, w.m.Metrics.CodeBytes*5/4+1024)
	out = asm.U(out, uint32(len(w.m.Bodies)+6))
	var body []byte
	for i := range w.m.Bodies {
		var err error
		if body, err = w.function(body[:0], i); err != nil {
			return nil, err
		}
		out = append(asm.U(out, uint32(len(body))), body...)
	}
	for _, h := range [][]byte{w.slowBody(), w.deepBody(), w.paidBody(), w.fillBody(), w.copyBody(), w.initBody()} {
		out = append(asm.U(out, uint32(len(h))), h...)
	}
	return out, nil
}
