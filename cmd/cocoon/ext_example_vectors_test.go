package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestExamplesOwnTests makes a project of each example that has tests, and runs them as its author would first of all.
func TestExamplesOwnTests(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	for _, l := range languages() {
		found, err := filepath.Glob(filepath.Join(examplesDir, l.name, "*", "tests", "vectors.json"))
		if err != nil || len(found) == 0 {
			t.Fatal(l.name, found, err)
		}
		for _, name := range found {
			example := filepath.Base(filepath.Dir(filepath.Dir(name)))
			t.Run(l.name+"/"+example, func(t *testing.T) {
				inLanguage(t, l.name)
				dir := filepath.Join(t.TempDir(), "own")
				s := session{t: t, base: t.TempDir()}
				s.must("ext", "new", "--lang", l.name, "--from", example, dir)
				withCompiler(t, l, dir)
				s.must("ext", "build", dir)
				out, warned, err := cocoon(t, "", "ext", "test", dir)
				if err != nil || warned != "" {
					t.Errorf("%v\n%s%s", err, out, warned)
				}
				out, _, err = cocoon(t, "", "ext", "bench", "--time", "1ms", dir)
				if waits := example == "picker"; (err == nil) != waits || waits != strings.Contains(out, " calls/s") { // its test has what it waits for
					t.Errorf("bench: %v\n%s", err, out)
				}
			})
		}
	}
}
