package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestCommitted checks that package kern's generated files are what the generator makes, and that there are no others.
func TestCommitted(t *testing.T) {
	dir := filepath.Join("..", "kern")
	want := files()
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, text) {
			t.Errorf("%s is not what asmgen makes: run go generate in %s", name, dir)
		}
	}
	have, err := filepath.Glob(filepath.Join(dir, "*_gen_amd64.*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(have) != len(want) {
		t.Errorf("%d generated files, want %d", len(have), len(want))
	}
}
