package wasm

import "unicode/utf8"

// FuncName is the name of a function in stack traces.
type FuncName struct {
	Index uint32
	Name  string
}

// maxFuncName is the bytes of a name that are kept.
const maxFuncName = 120

// FuncNames gives the functions' names that the custom section "name" tells, in the order of their indices. Nothing depends on
// them: what is not as it should be ends the list, and what is no printable ASCII becomes a question mark.
func (m *Module) FuncNames() []FuncName {
	sections := reader{b: m.Names}
	for len(sections.b) > 0 && sections.err == nil {
		id, r := sections.byte(), reader{}
		if r.b = sections.take(sections.u32()); id == 1 && sections.err == nil {
			return m.funcNames(&r)
		}
	}
	return nil
}

func (m *Module) funcNames(r *reader) []FuncName {
	all := len(m.Imports) + len(m.Funcs)
	var out []FuncName
	for n := r.u32(); n > 0 && len(out) < all; n-- {
		f := FuncName{Index: r.u32()}
		b := r.take(r.u32())
		if r.err != nil || int64(f.Index) >= int64(all) || len(out) > 0 && f.Index <= out[len(out)-1].Index || !utf8.Valid(b) {
			break
		}
		f.Name = plain(b[:min(len(b), maxFuncName)])
		out = append(out, f)
	}
	return out
}

func plain(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		if out[i] = c; c < ' ' || c > '~' {
			out[i] = '?'
		}
	}
	return string(out)
}
