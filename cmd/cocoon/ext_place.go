package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/wasmhost/install"
	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// extPlace are the flags that say where extensions are installed, and for whom.
type extPlace struct {
	base, dir, keys, owner string
	allowUnsigned          bool
}

func (p *extPlace) add(f *flag.FlagSet) {
	f.StringVar(&p.base, "base-directory", defaultBase(), "`folder` of the server's files")
	f.StringVar(&p.dir, "extensions-directory", "", "`folder` of installed extensions (default: extensions in the base directory)")
	f.StringVar(&p.owner, "tenant", "", "for this `tenant` of a server with --auth only (default: shared by all)")
}

// open opens what is installed there.
func (p *extPlace) open(ctx context.Context, c install.Config) (*install.Manager, error) {
	if p.dir == "" {
		p.dir = filepath.Join(p.base, "extensions")
	}
	c.Dir, c.TrustFile, c.AllowUnsigned = p.dir, p.keys, p.allowUnsigned
	c.Erase = func(ctx context.Context, t tenant.ID, id string, keep []tenant.ID) error {
		return kv.Erase(ctx, p.dir, t, id, keep)
	}
	return install.Open(ctx, c)
}

func (p *extPlace) tenant() tenant.ID { return tenant.ID(p.owner) }

// withManager opens what is installed, calls f and closes it.
func (p *extPlace) withManager(ctx context.Context, c install.Config, f func(m *install.Manager) error) error {
	m, err := p.open(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(f(m), m.Close())
}

// extCode is the folder of compiled code that belongs to a folder of extensions.
func extCode(dir string) string { return filepath.Join(dir, "code") }

// code is where the server that has these extensions keeps compiled code: what is compiled for a test need not be compiled
// again there.
func (p *extPlace) code() string {
	if p.dir == "" {
		return extCode(filepath.Join(p.base, "extensions"))
	}
	return extCode(p.dir)
}

// withSelftest makes what tests of extensions run on. Compiled code is kept in codeDir; "" keeps none.
func withSelftest(codeDir string, f func(c trial.Config) error) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cocoon's own file is not found, which compiles extensions: %w", err)
	}
	backend := cpu.New(cpu.Options{})
	return errors.Join(withBuiltIns(trial.Config{Backend: backend, Jail: []string{exe}, CodeDir: codeDir}, f), backend.Close())
}

// oneArgument reads flags and the one plain argument that a command takes; otherwise stands for it, when it may be left out.
func oneArgument(f *flag.FlagSet, args []string, otherwise string) (string, error) {
	plain, err := parse(f, args)
	if err != nil {
		return "", err
	}
	switch {
	case len(plain) == 0 && otherwise != "":
		return otherwise, nil
	case len(plain) != 1:
		f.Usage()
		return "", exitCode(2)
	}
	return plain[0], nil
}

// readPackage reads the bytes of a package's file.
func readPackage(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; cocoon ext pack %s makes a package of it", name, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, pack.MaxBytes+1))
	if err == nil && len(b) > pack.MaxBytes {
		err = fmt.Errorf("%s is over %s, more than a package may have", name, sizeOf(pack.MaxBytes))
	}
	return b, err
}

// printAsks says in plain words what a package asks for.
func printAsks(w io.Writer, asks []install.Ask, settled bool) {
	if len(asks) == 0 {
		fmt.Fprintln(w, "It asks for nothing.")
		return
	}
	fmt.Fprintln(w, "It asks to:")
	column := 0
	for _, a := range asks {
		if n := len(a.Key); n <= mostKey {
			column = max(column, n)
		}
	}
	for _, a := range asks {
		note := ""
		switch {
		case settled && a.Granted:
			note = "  (granted)"
		case settled:
			note = "  (not granted)"
		case a.New:
			note = "  (new)"
		}
		if a.Optional {
			note += "  (it can do without)"
		}
		if a.Risk == pack.High {
			note += "  (this is a lot)"
		}
		if len(a.Key) > mostKey {
			fmt.Fprintf(w, "  %s\n  %*s  %s%s\n", a.Key, column, "", a.Words, note)
			continue
		}
		fmt.Fprintf(w, "  %-*s  %s%s\n", column, a.Key, a.Words, note)
	}
}

// mostKey is the length of a key from which on its words stand below it.
const mostKey = 40
