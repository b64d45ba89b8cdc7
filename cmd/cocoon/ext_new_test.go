package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExtNewFrom makes a project of each example and looks that nothing in it still has the example's name.
func TestExtNewFrom(t *testing.T) {
	for _, l := range languages() {
		for example := range bases() {
			dir := filepath.Join(t.TempDir(), "my-lens")
			_, _, err := cocoon(t, "", "ext", "new", "--lang", l.name, "--from", example, dir)
			if err != nil {
				t.Fatal(l.name, example, err)
			}
			source := map[string]string{"go": "main.go", "c": "module.c", "rust": "src/lib.rs", "as": "module.ts"}[l.name]
			if text := readFile(t, filepath.Join(dir, source)); !strings.Contains(text, `"MyLens"`) || !strings.Contains(text, `"My lens"`) {
				t.Errorf("%s/%s: the node is not called after the project:\n%s", l.name, example, text)
			}
			for _, name := range []string{l.mark, "src/lib.rs", "manifest.json", "Cargo.toml", "package.json", "asconfig.json"} {
				found, _ := filepath.Glob(filepath.Join(dir, name))
				for _, file := range found {
					if text := readFile(t, file); strings.Contains(text, "xample.") || strings.Contains(text, "xample-") || strings.Contains(text, "Example") || strings.Contains(text, "../as") {
						t.Errorf("%s/%s: %s still has the example's name:\n%s", l.name, example, filepath.Base(file), text)
					}
				}
			}
			if page, words := readFile(t, filepath.Join(dir, "docs", "MyLens.md")), readFile(t, filepath.Join(dir, "locales", "de", "nodeDefs.json")); !strings.HasPrefix(page, "# My lens\n") ||
				words != "{\n  \"MyLens\": {\"display_name\": \"My lens\"}\n}\n" {
				t.Errorf("%s/%s: %s\n%s", l.name, example, page, words)
			}
			sdk := readFile(t, filepath.Join(dir, l.readme))
			if strings.Contains(sdk, "](../") || !strings.Contains(sdk, "https://github.com/cocoonhq/cocoon/tree/main/") {
				t.Errorf("%s: links of the SDK's README lead out of the project", l.name)
			}
			if !strings.Contains(readFile(t, filepath.Join(dir, "README.md")), "("+l.readme+")") {
				t.Errorf("%s: the README does not lead to %s", l.name, l.readme)
			}
			if example == "picker" && !strings.Contains(readFile(t, filepath.Join(dir, "web", "page.html")), "<html") {
				t.Errorf("%s: the page is not there", l.name)
			}
		}
	}
	if _, _, err := cocoon(t, "", "ext", "new", "--lang", "c", "--from", "nothing", t.TempDir()+"/x"); err == nil || !strings.Contains(err.Error(), "dither, either, glow") {
		t.Error(err)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestExtTellsWhereItEnds: what an author reads of a node that broke has their own words and the place.
func TestExtTellsWhereItEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles guests, which takes minutes under the race detector")
	}
	for _, x := range []struct{ lang, file, old, with, want string }{
		{"go", "main.go", "	s := in.Image.Info().Shape\n", "	s := []int{1, 2, 3, 4}\n	panic(\"no lens\")\n", "panic: no lens (main.bleed, "},
		{"c", "module.c", "	co_tensor_info info;\n", "	co_tensor_info info;\n	if (size == 8) __builtin_trap();\n", "in glow, called by co_execute"},
		{"c", "module.c", "	co_tensor_info info;\n", "	co_tensor_info info;\n	for (volatile int i = 0;; i++) {}\n", "limits.fuel_per_execute"},
		{"c", "module.c", "	co_tensor_info info;\n", "	co_tensor_info info;\n	for (;;) { volatile char *p = co_alloc(1 << 20); p[0] = 1; }\n", "limits.memory_mib"},
		{"c", "module.c", "	co_tensor_info info;\n", "	co_tensor_info info;\n	if (size) return co_give_int(c, 3);\n", "the node gave INT for its output of type IMAGE"},
		{"rust", "src/lib.rs", "    let info = image.info()?;\n", "    let info = image.info()?;\n    if size == 8 { panic!(\"no lens\") }\n", "panicked at src/lib.rs:16:"},
		{"as", "module.ts", "  const info = image.info();\n", "  const info = image.info();\n  assert(size == 3, \"no lens\");\n", "no lens at module.ts:14:"},
		{"as", "module.ts", "  const info = image.info();\n", "  const info = image.info();\n  const a = new Array<i32>(3); a[i32(size)] = a[i32(size) + 4];\n", "\n      in module/glow, called by"},
	} {
		t.Run(x.lang, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "lens")
			l := language{}
			for _, l = range languages() {
				if l.name == x.lang {
					break
				}
			}
			if _, _, err := cocoon(t, "", "ext", "new", "--lang", x.lang, dir); err != nil {
				t.Fatal(err)
			}
			withCompiler(t, l, dir)
			rewrite(t, filepath.Join(dir, x.file), x.old, x.with)
			if _, errText, err := cocoon(t, "", "ext", "build", dir); err != nil {
				t.Fatal(err, errText)
			}
			text, _, err := cocoon(t, "", "ext", "test", dir)
			if err == nil || !strings.Contains(text, x.want) {
				t.Errorf("%v\n%s\nwant %s", err, text, x.want)
			}
		})
	}
}
