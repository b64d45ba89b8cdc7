// Package wasmtest builds guests for tests and holds the suite that every guest SDK must pass.
package wasmtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Go builds a Go guest of this module, by its import path, and gives the module's bytes.
func Go(t testing.TB, path string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "module.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-trimpath", "-o", out, path)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", path, err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
