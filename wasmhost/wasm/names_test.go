package wasm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// named is the contents of a section "name" with one subsection.
func named(id byte, count uint32, pairs ...any) []byte {
	b := asm.U(nil, count)
	for i := 0; i < len(pairs); i += 2 {
		text := pairs[i+1].(string)
		b = append(asm.U(asm.U(b, uint32(pairs[i].(int))), uint32(len(text))), text...)
	}
	return asm.Section(id, b)
}

func TestFuncNames(t *testing.T) {
	m := &Module{Imports: make([]Import, 1), Funcs: make([]uint32, 3)}
	for _, x := range []struct {
		name  string
		given []byte
		want  []FuncName
	}{
		{"none", nil, nil},
		{"some", named(1, 2, 0, "log", 2, "glow"), []FuncName{{0, "log"}, {2, "glow"}}},
		{"behind the module's name", append(named(0, 1, 1, "m"), named(1, 1, 3, "f")...), []FuncName{{3, "f"}}},
		{"locals only", named(2, 1, 1, "x"), nil},
		{"out of order", named(1, 3, 1, "a", 1, "b", 2, "c"), []FuncName{{1, "a"}}},
		{"of no function", named(1, 2, 1, "a", 4, "b"), []FuncName{{1, "a"}}},
		{"no text", named(1, 2, 1, "a", 2, "\xff"), []FuncName{{1, "a"}}},
		{"not printable", named(1, 1, 1, "a\n\x1b[31mb"), []FuncName{{1, "a??[31mb"}}},
		{"long", named(1, 1, 1, strings.Repeat("x", 500)), []FuncName{{1, strings.Repeat("x", 120)}}},
		{"cut short", named(1, 9, 1, "a"), []FuncName{{1, "a"}}},
		{"cut in its head", []byte{1}, nil},
		{"over its section", []byte{1, 200, 1}, nil},
	} {
		if d := cmp.Diff(x.want, (&Module{Imports: m.Imports, Funcs: m.Funcs, Names: x.given}).FuncNames()); d != "" {
			t.Errorf("%s: %s", x.name, d)
		}
	}
}

func FuzzFuncNames(f *testing.F) {
	f.Add(named(1, 2, 0, "log", 2, "glow"))
	f.Add(append(named(0, 1, 1, "m"), named(1, 1, 3, "f")...))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := -1
		for _, n := range (&Module{Funcs: make([]uint32, 100), Names: b}).FuncNames() {
			if int(n.Index) <= last || n.Index >= 100 || len(n.Name) > maxFuncName || strings.ContainsFunc(n.Name, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("%+v after %d", n, last)
			}
			last = int(n.Index)
		}
	})
}
