package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// builder compiles one project.
type builder struct {
	ctx context.Context
	dir string
	out string // module.wasm, absolute
	std streams
}

// extBuild is "cocoon ext build".
func extBuild(ctx context.Context, args []string, std streams) error {
	f := newFlags("ext build", "cocoon ext build [FOLDER]", std)
	output := f.String("output", "", "`file` to write (default: module.wasm in the folder)")
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(plain) > 1 {
		f.Usage()
		return exitCode(2)
	}
	b := &builder{ctx: ctx, dir: ".", std: std}
	if len(plain) == 1 {
		b.dir = plain[0]
	}
	if *output == "" {
		*output = filepath.Join(b.dir, "module.wasm")
	}
	if b.out, err = filepath.Abs(*output); err != nil {
		return err
	}
	l, err := languageOf(b.dir)
	if err != nil {
		return err
	}
	if err := l.build(b); err != nil {
		return err
	}
	return b.check(*output)
}

// check looks at what was built as the server would.
func (b *builder) check(name string) error {
	module, err := os.ReadFile(b.out)
	if err != nil {
		return err
	}
	a, err := wasmhost.Admit(module, wasm.DefaultLimits())
	if err != nil {
		return fmt.Errorf("%s was built, and no server will load it: %w", name, err)
	}
	fmt.Fprintf(b.std.out, "%s: %s, uses %s\n", name, sizeOf(len(module)), orNothing(a.Capabilities))
	text, err := os.ReadFile(filepath.Join(b.dir, "manifest.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := wasmhost.ParseManifest(text)
	if err != nil {
		return fmt.Errorf("manifest.json: %w", err)
	}
	return asksForAll(m, a.Capabilities)
}

// need finds a compiler, or says how to get it.
func need(tool, how string) (string, error) {
	path, err := exec.LookPath(tool)
	if err != nil {
		return "", fmt.Errorf("%s is not installed; %s", tool, how)
	}
	return path, nil
}

// command runs a compiler in the project's folder; env adds to the environment.
func (b *builder) command(env []string, name string, args ...string) error {
	cmd := exec.CommandContext(b.ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.dir, b.std.err, b.std.err
	cmd.Env = append(os.Environ(), env...)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case b.ctx.Err() != nil:
		return b.ctx.Err()
	case errors.As(err, &exit):
		return fmt.Errorf("it does not compile: what %s says stands above", filepath.Base(name))
	case err != nil:
		return fmt.Errorf("%s does not start: %w", filepath.Base(name), err)
	}
	return nil
}

const needClang = "on Debian and Ubuntu: apt-get install clang lld; on macOS: brew install llvm lld"

func buildC(b *builder) error {
	clang, err := need("clang", needClang)
	if err != nil {
		return err
	}
	if _, err := need("wasm-ld", needClang); err != nil {
		return err
	}
	sources, err := filepath.Glob(filepath.Join(b.dir, "*.c"))
	if err != nil {
		return err
	}
	args := []string{"--target=wasm32", "-O3", "-Wall", "-mbulk-memory", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-debug", "-I.", "-o", b.out}
	if _, err := os.Stat(filepath.Join(b.dir, "cocoon.h")); errors.Is(err, os.ErrNotExist) { // the header of this binary
		dir, err := os.MkdirTemp("", "cocoon-sdk")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if err := (&project{dir: dir}).copy("c/cocoon.h", "cocoon.h", nil); err != nil {
			return err
		}
		args = append(args, "-I"+dir)
	}
	for _, s := range sources {
		args = append(args, filepath.Base(s))
	}
	return b.command(nil, clang, args...)
}

const needRust = "see https://rustup.rs, then: rustup target add wasm32-unknown-unknown"

func buildRust(b *builder) error {
	cargo, err := need("cargo", needRust)
	if err != nil {
		return err
	}
	if err := rustTarget(b.ctx); err != nil {
		return err
	}
	target, err := filepath.Abs(filepath.Join(b.dir, "target"))
	if err != nil {
		return err
	}
	if set := os.Getenv("CARGO_TARGET_DIR"); set != "" {
		target = set
	}
	if err := b.command(nil, cargo, "build", "--quiet", "--release", "--offline", "--target", "wasm32-unknown-unknown", "--target-dir", target); err != nil {
		return err
	}
	name, err := crateName(filepath.Join(b.dir, "Cargo.toml"))
	if err != nil {
		return err
	}
	module, err := os.ReadFile(filepath.Join(target, "wasm32-unknown-unknown", "release", name+".wasm"))
	if err != nil {
		return err
	}
	return os.WriteFile(b.out, module, 0o644)
}

// rustTarget reports what is missing to compile Rust for WebAssembly.
func rustTarget(ctx context.Context) error {
	lib, err := exec.CommandContext(ctx, "rustc", "--print", "target-libdir", "--target", "wasm32-unknown-unknown").Output()
	if err != nil {
		if _, found := exec.LookPath("rustc"); found == nil {
			return fmt.Errorf("rustc does not answer: %s; %s", firstLine(err), needRust)
		}
		return fmt.Errorf("rustc is not installed; %s", needRust)
	}
	if _, err := os.Stat(strings.TrimSpace(string(lib))); err != nil {
		return errors.New("the Rust that is installed cannot build for WebAssembly: rustup target add wasm32-unknown-unknown (Debian: apt-get install libstd-rust-dev-wasm32)")
	}
	return nil
}

// firstLine is what a command that failed said first.
func firstLine(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		line, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		return line
	}
	return err.Error()
}

// crateName is the name of a crate's library as a file has it.
func crateName(cargoToml string) (string, error) {
	text, err := os.ReadFile(cargoToml)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(strings.ReplaceAll(strings.TrimSpace(line), " ", ""), `name="`); ok {
			return strings.ReplaceAll(strings.TrimSuffix(v, `"`), "-", "_"), nil
		}
	}
	return "", fmt.Errorf("%s names no package", cargoToml)
}

func buildAS(b *builder) error {
	if _, err := need("node", "see https://nodejs.org"); err != nil {
		return err
	}
	asc, err := findASC(b.dir)
	if err != nil {
		return err
	}
	return b.command(nil, asc, "--config", "asconfig.json", "--outFile", b.out)
}

// findASC looks for the AssemblyScript compiler where npm puts it, in the project and above, and on the path.
func findASC(dir string) (string, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for up := ""; at != up; at, up = filepath.Dir(at), at {
		path := filepath.Join(at, "node_modules", ".bin", "asc")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return need("asc", "run npm install in the extension's folder")
}

func buildGo(b *builder) error {
	tool, err := need("go", "see https://go.dev/dl")
	if err != nil {
		return err
	}
	return b.command([]string{"GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-mod=mod", "GOWORK=off"}, tool, "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", b.out, ".")
}
