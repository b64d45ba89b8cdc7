package wasm

import (
	"strings"
	"testing"
)

// What other tools build by default is told apart from what is no WebAssembly at all.
func TestFirstBytes(t *testing.T) {
	for _, c := range []struct{ name, bytes, want string }{
		{"a component", "\x00asm\x0d\x00\x01\x00", "it is a component"},
		{"another version", "\x00asm\x02\x00\x00\x00", "does not start as a module of version 1"},
		{"another file", "\x7fELF\x02\x01\x01\x00", "does not start as a module of version 1"},
		{"too short", "\x00asm\x0d", "does not start as a module of version 1"},
	} {
		if _, err := Parse([]byte(c.bytes), DefaultLimits()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
