package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
)

// TestSDKReadmes builds the first module that each SDK's README shows and runs its node: what newcomers copy is what works.
func TestSDKReadmes(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	for _, x := range []struct{ lang, folder, fence, file string }{
		{"go", "guest", "go", "main.go"}, {"c", "c", "c", "module.c"}, {"rust", "rust", "rust", "src/lib.rs"}, {"as", "as", "ts", "module.ts"},
	} {
		t.Run(x.lang, func(t *testing.T) {
			readme, err := os.ReadFile(filepath.Join("../../sdk-wasm", x.folder, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			_, rest, ok := strings.Cut(string(readme), "```"+x.fence+"\n")
			code, _, ok2 := strings.Cut(rest, "```")
			if !ok || !ok2 {
				t.Fatal("the README shows no module")
			}
			dir := filepath.Join(t.TempDir(), "my-nodes")
			if _, errText, err := cocoon(t, "", "ext", "new", "--lang", x.lang, dir); err != nil {
				t.Fatal(err, errText)
			}
			withCompiler(t, languages()[slices.IndexFunc(languages(), func(l language) bool { return l.name == x.lang })], dir)
			if err := os.WriteFile(filepath.Join(dir, x.file), []byte(code), 0o644); err != nil {
				t.Fatal(err)
			}
			e, in := loadExample(t, extHost(t), dir), gradient()
			out := pictureOf(t, nodeOf(t, e, "MyDarken"), node.Args{"image": in, "factor": 0.25})
			for i, v := range out.F32() {
				if v != in.F32()[i]*0.25 {
					t.Fatalf("element %d is %v, from %v", i, v, in.F32()[i])
				}
			}
		})
	}
}
