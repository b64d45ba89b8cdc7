package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

func TestWhatAManifestDoesNotAskFor(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a Go guest")
	}
	s := session{t: t, base: t.TempDir()}
	dir := filepath.Join(t.TempDir(), "notes")
	s.must("ext", "new", "--lang", "go", "--from", "notes", dir)
	manifest := filepath.Join(dir, "manifest.json")
	rewrite(t, manifest, `"routes": ["GET /notes", `, `"x": ["GET /notes", `)
	s.refused("unknown field", "ext", "build", dir)
	rewrite(t, manifest, `"x": ["GET /notes", `, `"routes": [`)
	s.must("ext", "build", dir)
	_, warned, err := cocoon(t, "", "ext", "test", dir)
	if err == nil {
		t.Error("a route that nobody reaches passes its test")
	}
	s.has(warned, `Nobody reaches GET /notes: manifest.json does not ask for it.`, `"GET /page", "GET /notes"]`)
	if n := strings.Count(warned, "Nobody"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
}

func TestAsksForAll(t *testing.T) {
	m, err := pack.ParseManifest([]byte(`{"abi": "cocoon1>=1.0", "id": "x", "version": "1.0.0", "name": "X", "entry": "module.wasm", "capabilities": {"tensor": {}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, uses, want string }{
		{"all asked for", "tensor", ""},
		{"one", "tensor msg", `uses msg, which manifest.json does not ask for, so that no server will load it: add "msg": {} to`},
		{"several", "kv msg tensor ws", `uses kv, msg and ws, which manifest.json does not ask for, so that no server will load it: add "kv": {"bytes": 1048576}, "msg": {}, "ws": ["progress"] to`},
	} {
		err := asksForAll(m, strings.Fields(c.uses))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
