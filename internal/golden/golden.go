// Package golden finds the recorded facts that the golden tests hold us to. Only tests import it.
package golden

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder of one kind of golden ("sampling", "nodes-io", …): below $COCOON_GOLDENS if that is set, else below
// testdata/goldens at the module's root. It fails the test when the folder is missing: a golden test that finds nothing
// must not pass.
func Dir(t testing.TB, kind string) string {
	t.Helper()
	root := os.Getenv("COCOON_GOLDENS")
	if root == "" {
		root = filepath.Join(moduleRoot(t), "testdata", "goldens")
	}
	dir := filepath.Join(root, filepath.FromSlash(kind))
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("goldens of kind %q: %v", kind, err)
	}
	return dir
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
