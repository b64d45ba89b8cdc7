package main

import (
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi/idl"
)

// hostStubs writes, for each module of the contract, an interface that the host implements and the table that decodes a
// call's stack for it.
func hostStubs(c *idl.Contract) string {
	var b strings.Builder
	b.WriteString(header + "package wasmhost\n\nimport \"math\"\n\n")
	b.WriteString("// hostFunc is a host function as modules import it.\ntype hostFunc struct {\nmodule, name string\nparams, result string // a letter a value: i (i32), l (i64), d (f64)\ncall func(c *call, s []uint64)\n}\n\n")
	b.WriteString("// hostFuncs lists the host functions of the contract.\nfunc hostFuncs() []hostFunc {\nreturn []hostFunc{\n")
	for _, g := range c.Modules {
		for _, f := range g.Functions {
			fmt.Fprintf(&b, "{%q, %q, %q, %q, func(c *call, s []uint64) { %s }},\n", g.Name, f.Name, letters(f), letter(f.Result), stubBody(f))
		}
	}
	b.WriteString("}\n}\n\nvar _ = math.Float64frombits\n")
	return b.String()
}

func letter(t string) string {
	return map[string]string{"u32": "i", "i32": "i", "i64": "l", "f64": "d", "": ""}[t]
}

func letters(f idl.Function) string {
	var b strings.Builder
	for _, p := range f.Params {
		b.WriteString(letter(p[1]))
	}
	return b.String()
}

func stubBody(f idl.Function) string {
	args := make([]string, len(f.Params))
	for i, p := range f.Params {
		if p[1] == "f64" {
			args[i] = fmt.Sprintf("math.Float64frombits(s[%d])", i)
		} else {
			args[i] = fmt.Sprintf("%s(s[%d])", goType(p[1]), i)
		}
	}
	call := fmt.Sprintf("c.%s(%s)", lower(f.Name), strings.Join(args, ", "))
	switch f.Result {
	case "":
		return call
	case "i32":
		return "s[0] = uint64(uint32(" + call + "))"
	case "i64":
		return "s[0] = uint64(" + call + ")"
	}
	return "s[0] = math.Float64bits(" + call + ")"
}
