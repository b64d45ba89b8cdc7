package main

import (
	"context"
	_ "embed" // of the README
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	sdk "github.com/cocoonhq/cocoon/sdk-wasm"
)

// extNew is "cocoon ext new": it writes the first example of the language under another name, and the SDK beside it.
func extNew(_ context.Context, args []string, std streams) error {
	f := newFlags("ext new", `cocoon ext new starts an extension: a folder with one node that works, the SDK of its language and a README that leads on.

  cocoon ext new --lang go lens       standard Go
  cocoon ext new --lang rust lens     Rust without std, no dependencies
  cocoon ext new --lang c lens        C with clang, one header
  cocoon ext new --lang as lens       AssemblyScript

What the node does at first is up to --from:
  glow     an effect on a picture, computed by the server (this one, unless you say otherwise)
  dither   a loop over pixels
  either   lazy inputs: only one of two is computed
  repeat   a loop by expansion
  notes    routes, a store of values, and a page
  picker   a node that waits for a choice in its page`, std)
	lang := f.String("lang", "", "`language`: "+languageNames())
	from := f.String("from", "glow", "`example` to start from")
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(plain) != 1 {
		f.Usage()
		return exitCode(2)
	}
	i := slices.IndexFunc(languages(), func(l language) bool { return l.name == *lang })
	if i < 0 {
		return fmt.Errorf("which language? --lang is one of %s", languageNames())
	}
	p, err := newProject(languages()[i], *from, plain[0])
	if err != nil {
		return err
	}
	if err := p.write(); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s is an extension with one node, %q. Next:\n\n  cd %s\n", p.dir, p.title, p.dir)
	if p.lang.next != "" {
		fmt.Fprintf(std.out, "  %s\n", p.lang.next)
	}
	fmt.Fprintf(std.out, `  cocoon ext dev --serve

Then open http://127.0.0.1:8188: the node %q is under Add Node. Change its source, save, and run it again.
Where a server runs already, cocoon ext dev is enough. README.md tells how to test, pack, sign and install it.
`, p.title)
	return nil
}

// project is an extension that is being made.
type project struct {
	lang          language
	dir, id       string
	class, title  string
	replace       *strings.Replacer
	exampleFolder string
}

var notInID = regexp.MustCompile(`[^a-z0-9]+`)

func newProject(l language, example, dir string) (*project, error) {
	if bases()[example] == "" {
		return nil, fmt.Errorf("there is no example %q; --from is one of %s", example, strings.Join(slices.Sorted(maps.Keys(bases())), ", "))
	}
	id := strings.Trim(notInID.ReplaceAllString(strings.ToLower(filepath.Base(filepath.Clean(dir))), "-"), "-")
	if id == "" || id[0] < 'a' || len(id) > 40 {
		return nil, fmt.Errorf("%q gives no id: start a name with a letter and keep it under 40 letters, digits and hyphens", dir)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s is there already, and not empty", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p := &project{lang: l, dir: dir, id: id, exampleFolder: "examples/" + l.name + "/" + example}
	for _, word := range strings.Split(id, "-") {
		p.class += strings.ToUpper(word[:1]) + word[1:]
	}
	p.title = strings.ToUpper(id[:1]) + strings.ReplaceAll(id[1:], "-", " ")
	p.replace = p.renames(example)
	return p, nil
}

// bases are the examples, and how the names of their nodes begin behind "Example".
func bases() map[string]string {
	return map[string]string{"glow": "Glow", "dither": "Dither", "either": "Either", "repeat": "Repeat", "notes": "Note", "picker": "Picker"}
}

// renames gives what an example is called the project's names.
func (p *project) renames(example string) *strings.Replacer {
	l, base := p.lang, bases()[example]
	named := strings.ToUpper(example[:1]) + example[1:]
	pairs := []string{
		"example." + example + "-" + l.name, p.id, "example." + example, p.id, "example-" + example, p.id, "examples/" + l.name, "extensions",
		"Example" + base + "Step" + l.short, p.class + "Step", "Example" + base + l.short, p.class, "PickImage" + l.short, p.class, "PickImage", p.class,
		"Pick Image (" + l.short + ")", p.title,
		base + " (" + l.short + ")", p.title, base + ", one step (" + l.short + ")", p.title + ", one step", "Pick Image", p.title,
		`"name": "` + named + `"`, `"name": "` + p.title + `"`, `"version": "1.0.0"`, `"version": "0.1.0"`,
	}
	for _, r := range l.local {
		pairs = append(pairs, r[0], r[1])
	}
	return strings.NewReplacer(pairs...)
}

func (p *project) write() error {
	if err := p.copy(p.exampleFolder, ".", p.replace); err != nil {
		return err
	}
	if p.lang.name == "as" { // what npm and editors need stands in one of the examples
		for _, name := range []string{"package.json", "tsconfig.json"} {
			if err := p.copy("examples/as/glow/"+name, name, strings.NewReplacer("example-glow", p.id)); err != nil {
				return err
			}
		}
	}
	const at = "https://github.com/cocoonhq/cocoon/tree/main/" // where links out of the SDK's folder lead
	links := strings.NewReplacer("(../examples/", "("+at+"sdk-wasm/examples/", "(../../docs/", "("+at+"docs/")
	for from, to := range p.lang.sdk {
		if err := p.copy(from, to, links); err != nil {
			return err
		}
	}
	if p.lang.name == "go" {
		if err := p.goModules(); err != nil {
			return err
		}
	}
	if err := p.library(); err != nil {
		return err
	}
	if err := p.put(".gitignore", []byte("/module.wasm\n/target/\n/node_modules/\n*.cocoon\n")); err != nil {
		return err
	}
	return p.put("README.md", []byte(p.readme()))
}

// library starts what clients show beside the node: a page of help, and its name in another language.
func (p *project) library() error {
	page := fmt.Sprintf("# %s\n\nWhat `%s` does, and when to use it. Clients show this page when somebody asks about the node.\n", p.title, p.class)
	if err := p.put("docs/"+p.class+".md", []byte(page)); err != nil {
		return err
	}
	return p.put("locales/de/nodeDefs.json", fmt.Appendf(nil, "{\n  %q: {\"display_name\": %q}\n}\n", p.class, p.title))
}

// copy copies a file or a folder of the SDK into the project.
func (p *project) copy(from, to string, replace *strings.Replacer) error {
	return fs.WalkDir(sdk.Files, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		b, err := sdk.Files.ReadFile(name)
		if err != nil {
			return err
		}
		if replace != nil {
			b = []byte(replace.Replace(string(b)))
		}
		return p.put(path.Join(to, strings.TrimPrefix(strings.TrimPrefix(name, from), "/")), b)
	})
}

func (p *project) put(name string, b []byte) error {
	name = filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o644)
}

// goModules makes the project a module that finds the SDK in its own folder.
func (p *project) goModules() error {
	const sdkModule = "github.com/cocoonhq/cocoon/sdk-wasm"
	if err := p.put("cocoon/go.mod", []byte("module "+sdkModule+"\n\ngo 1.26\n")); err != nil {
		return err
	}
	return p.put("go.mod", fmt.Appendf(nil, "module %s\n\ngo 1.26\n\nrequire %s v0.0.0\n\nreplace %s => ./cocoon\n", p.id, sdkModule, sdkModule))
}

//go:embed ext_readme.md
var readmeForm string

func (p *project) readme() string {
	next := ""
	if p.lang.next != "" {
		next = p.lang.next + "\n"
	}
	return strings.NewReplacer("{sdk}", p.lang.readme, "{lang}", p.lang.name, "{title}", p.title, "{class}", p.class, "{id}", p.id, "{next}", next).Replace(readmeForm)
}
