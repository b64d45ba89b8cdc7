package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// TestInspectMovesNoCursor: a module that is looked at says nothing to the terminal.
func TestInspectMovesNoCursor(t *testing.T) {
	m := &wasm.Module{Start: -1}
	for _, name := range []string{"fine", "\x1b[2Jcleared", "\u009b2J", "a\nb", "gpj.\u202epng", strings.Repeat("x", 1000)} {
		m.Exports = append(m.Exports, wasm.Export{Name: name})
		m.Imports = append(m.Imports, wasm.Import{Module: name, Name: name})
	}
	var b bytes.Buffer
	inspect(&b, "x.wasm", nil, m)
	if s := b.String(); strings.ContainsAny(s, "\x1b\u009b\u202e") || strings.Contains(s, strings.Repeat("x", 201)) || !strings.Contains(s, "function fine\n") || !strings.Contains(s, `"\x1b[2Jcleared"`) {
		t.Errorf("%q", s)
	}
}
