package conformance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// guest is the kit's guest in one language.
type guest struct {
	lang  string
	build func(out string) error
	once  func() ([]byte, error)
}

// errMissing says that a language's compiler is not on this machine.
var errMissing = errors.New("is missing: scripts/sdk installs the compilers of all languages")

var guests = []*guest{
	{lang: "go", build: func(out string) error {
		return run("go", []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"}, "go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-trimpath", "-o", out, ".")
	}},
	{lang: "c", build: func(out string) error {
		if _, err := exec.LookPath("wasm-ld"); err != nil {
			return fmt.Errorf("wasm-ld %w", errMissing)
		}
		sources, err := filepath.Glob("c/*.c")
		if err != nil {
			return err
		}
		args := []string{"--target=wasm32", "-O2", "-Wall", "-Wextra", "-Werror", "-mbulk-memory", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", "-I../../c", "-o", out}
		for _, s := range sources {
			args = append(args, filepath.Base(s))
		}
		return run("c", nil, "clang", args...)
	}},
	{lang: "rust", build: buildRust},
	{lang: "as", build: func(out string) error {
		asc, err := filepath.Abs("../examples/as/node_modules/.bin/asc")
		if err != nil {
			return err
		}
		return run("as", nil, asc, "--config", "asconfig.json", "--outFile", out)
	}},
}

func buildRust(out string) error {
	lib, err := exec.Command("rustc", "--print", "target-libdir", "--target", "wasm32-unknown-unknown").Output()
	if err != nil {
		return fmt.Errorf("rustc %w", errMissing)
	}
	if _, err := os.Stat(strings.TrimSpace(string(lib))); err != nil {
		return fmt.Errorf("rust's target wasm32-unknown-unknown %w", errMissing)
	}
	target := os.Getenv("CARGO_TARGET_DIR")
	if target == "" {
		target = filepath.Join(os.TempDir(), "cocoon-kit-rust")
	}
	if err := run("rust", nil, "cargo", "build", "--quiet", "--release", "--offline", "--target", "wasm32-unknown-unknown", "--target-dir", target); err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(target, "wasm32-unknown-unknown", "release", "cocoon_kit.wasm"))
	if err != nil {
		return err
	}
	return os.WriteFile(out, b, 0o644)
}

// run runs a compiler in a guest's folder.
func run(dir string, env []string, name string, args ...string) error {
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%s %w", filepath.Base(name), errMissing)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, text)
	}
	return nil
}

// module builds the guest once; a language without its compiler skips.
func (g *guest) module(t testing.TB) []byte {
	t.Helper()
	b, err := g.once()
	if errors.Is(err, errMissing) && os.Getenv("COCOON_SDK") != "all" {
		t.Skipf("%s: %v", g.lang, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// codeDir keeps what the guests were compiled to, for all hosts of a run.
var codeDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cocoon-kit")
	if err != nil {
		panic(err)
	}
	codeDir = filepath.Join(dir, "code")
	for _, g := range guests {
		out := filepath.Join(dir, g.lang+".wasm")
		g.once = sync.OnceValues(func() ([]byte, error) {
			if err := g.build(out); err != nil {
				return nil, err
			}
			return os.ReadFile(out)
		})
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"), goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// each runs f for every language, Go first: what it gives is what the others are compared with.
func each(t *testing.T, f func(t *testing.T, g *guest)) {
	only := os.Getenv("COCOON_KIT_LANG") // "c" or "go,c" while an SDK is worked on
	for _, g := range guests {
		if only != "" && !slices.Contains(strings.Split(only, ","), g.lang) {
			continue
		}
		t.Run(g.lang, func(t *testing.T) { f(t, g) })
	}
}
