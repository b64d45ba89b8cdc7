package main

import (
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi/idl"
)

const (
	cBegin = "// Generated from cocoon1.json: begin.\n"
	cEnd   = "// Generated from cocoon1.json: end.\n"
)

var cTypes = map[string]string{"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "i32": "int32_t", "i64": "int64_t", "f64": "double", "": "void"}

// headerPart is the generated part of cocoon.h.
func headerPart(c *idl.Contract) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n#define CO_MAJOR %d\n#define CO_MINOR %d\n", c.Major, c.Minor)
	for _, l := range lists(c) {
		fmt.Fprintf(&b, "\n// %s\nenum {\n", l.doc)
		for _, n := range l.items {
			fmt.Fprintf(&b, "\tCO_%s = %d,%s\n", name(l.prefix, n.Name), n.Value, ending(n.Doc))
		}
		b.WriteString("};\n")
	}
	for _, s := range c.Structs {
		fmt.Fprintf(&b, "\n// %s\ntypedef struct {\n", s.Doc)
		for _, f := range s.Fields {
			count := ""
			if f.Count > 0 {
				count = fmt.Sprintf("[%d]", f.Count)
			}
			fmt.Fprintf(&b, "\t%s %s%s;%s\n", cTypes[f.Type], f.Name, count, ending(f.Doc))
		}
		fmt.Fprintf(&b, "} co_%s;\n_Static_assert(sizeof(co_%s) == %d, \"layout\");\n", s.Name, s.Name, s.Size)
	}
	for _, g := range c.Modules {
		fmt.Fprintf(&b, "\n// %s: %s\n", g.Name, g.Doc)
		for _, f := range g.Functions {
			fmt.Fprintf(&b, "// %s\n__attribute__((import_module(%q), import_name(%q))) %s host_%s(%s);\n", f.Doc, g.Name, f.Name, cTypes[f.Result], f.Name, cParams(f))
		}
	}
	b.WriteString("\n")
	return b.String()
}

func cParams(f idl.Function) string {
	if len(f.Params) == 0 {
		return "void"
	}
	out := make([]string, len(f.Params))
	for i, p := range f.Params {
		out[i] = cTypes[p[1]] + " " + p[0]
	}
	return strings.Join(out, ", ")
}
