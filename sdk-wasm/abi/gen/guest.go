package main

import (
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi/idl"
)

// signature is a host function as the Go guest declares it; blank leaves its parameters unnamed.
func signature(f idl.Function, blank bool) string {
	params := make([]string, len(f.Params))
	for i, p := range f.Params {
		name := lower(p[0])
		if blank {
			name = "_"
		}
		params[i] = name + " " + goType(p[1])
	}
	s := fmt.Sprintf("host%s(%s)", camel(f.Name), strings.Join(params, ", "))
	if f.Result != "" {
		s += " " + goType(f.Result)
	}
	return s
}

// guestImports writes the Go guest's declarations of the host's functions.
func guestImports(c *idl.Contract) string {
	var b strings.Builder
	b.WriteString(header + "//go:build wasip1\n\npackage guest\n\n")
	for _, g := range c.Modules {
		for _, f := range g.Functions {
			fmt.Fprintf(&b, "// host%s: %s\n//\n//go:wasmimport %s %s\nfunc %s\n\n", camel(f.Name), f.Doc, g.Name, f.Name, signature(f, false))
		}
	}
	return b.String()
}

// guestElsewhere writes the same functions for other systems, where a guest has no host: they panic, so that packages of
// guests compile and their pure parts can be tested with go test.
func guestElsewhere(c *idl.Contract) string {
	var b strings.Builder
	b.WriteString(header + "//go:build !wasip1\n\npackage guest\n\nconst noHost = \"guest: there is no host outside of wasip1\"\n\n")
	for _, g := range c.Modules {
		for _, f := range g.Functions {
			fmt.Fprintf(&b, "func %s { panic(noHost) }\n", signature(f, true))
		}
	}
	return b.String()
}
