// Package wasmpack loads the test nodes as extensions: the same nodes as package testpack's, written with the Go SDK and run
// in the sandbox. Their sources are among the SDK's examples.
package wasmpack

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	sdk "github.com/cocoonhq/cocoon/sdk-wasm"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// Names are the packs: folders of the SDK's examples in Go, and what their modules are called.
func Names() []string { return []string{"golden-pack", "execution-pack"} }

const examples = "examples/go"

// Load loads both packs for all tenants, with all that they ask for. dir holds their modules as Build leaves them; "" builds
// them with the Go compiler, which must be installed.
func Load(ctx context.Context, h *wasmhost.Host, dir string) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "cocoon-test-nodes")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(made) }()
		if err := Build(ctx, made); err != nil {
			return err
		}
		dir = made
	}
	for _, name := range Names() {
		text, err := sdk.Files.ReadFile(path.Join(examples, name, "manifest.json"))
		if err != nil {
			return err
		}
		m, err := wasmhost.ParseManifest(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		module, err := os.ReadFile(filepath.Join(dir, name+".wasm"))
		if err != nil {
			return fault.Wrap(err, fault.NotFound, "the module of the test nodes %s is not there", name)
		}
		if _, err := h.Load(ctx, wasmhost.Source{Manifest: m, Module: module, Grant: m.Capabilities.All()}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Build compiles both packs, from the sources that the program carries, into dir as <name>.wasm.
func Build(ctx context.Context, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "cocoon-sdk")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := unpack(work); err != nil {
		return err
	}
	for _, name := range Names() {
		cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, name+".wasm"), "./"+path.Join(examples, name))
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build the test nodes %s: %w\n%s", name, err, text)
		}
	}
	return nil
}

// unpack writes the SDK and the packs' sources into a folder, as a module of their own.
func unpack(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module github.com/cocoonhq/cocoon/sdk-wasm\n\ngo 1.26\n"), 0o644); err != nil {
		return err
	}
	folders := []string{"abi", "guest"}
	for _, name := range Names() {
		folders = append(folders, path.Join(examples, name))
	}
	for _, folder := range folders {
		err := fs.WalkDir(sdk.Files, folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
				return err
			}
			b, err := sdk.Files.ReadFile(name)
			if err != nil {
				return err
			}
			to := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			return os.WriteFile(to, b, 0o644)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
