package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// defaultKey is where keygen puts a key, and sign looks for it.
func defaultKey() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "cocoon-publisher.pem"
	}
	return filepath.Join(dir, "cocoon", "publisher.pem")
}

// extKeygen is "cocoon ext keygen".
func extKeygen(_ context.Context, args []string, std streams) error {
	f := newFlags("ext keygen", `cocoon ext keygen makes a key to sign extensions with. Make one, once, and keep a copy of its file where it is safe:
who has your extension gets updates only from this key.

  cocoon ext keygen
  cocoon ext keygen --output acme.pem`, std)
	out := f.String("output", defaultKey(), "`file` to write; one that is there is not overwritten")
	if plain, err := parse(f, args); err != nil {
		return err
	} else if len(plain) > 0 {
		f.Usage()
		return exitCode(2)
	}
	k, err := pack.NewKey()
	if err != nil {
		return err
	}
	text, err := pack.EncodeKey(k)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(*out), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(*out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; sign with it, or choose another file by --output", *out)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(*out)) // half a key is none
	}
	id := pack.KeyID(k.Public().(ed25519.PublicKey))
	fmt.Fprintf(std.out, `%s
fingerprint %s

This is your public key, by which others know you: tell it, or its fingerprint, where your users find it. The private one is in
%s: show it to nobody.
Next: cocoon ext pack, then cocoon ext sign FILE.cocoon
`, id, fingerprint(id), *out)
	return nil
}

func readKey(name string) (ed25519.PrivateKey, error) {
	k, err := pack.ReadKey(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no key in %s; cocoon ext keygen makes one", name)
	}
	return k, err
}

// extPack is "cocoon ext pack".
func extPack(_ context.Context, args []string, std streams) error {
	f := newFlags("ext pack", `cocoon ext pack makes a package, ID-VERSION.cocoon, of an extension: manifest.json, module.wasm, LICENSE, README.md and the folders
web, docs, locales, workflows, subgraphs and tests. Its sources stay where they are. The same files give the same package.

  cocoon ext build && cocoon ext pack
  cocoon ext pack --key acme.pem ./lens       packs and signs`, std)
	key := f.String("key", "", "sign with this key `file`")
	out := f.String("output", "", "`file` to write (default: ID-VERSION.cocoon)")
	dir, err := oneArgument(f, args, ".")
	if err != nil {
		return err
	}
	m, files, err := pack.Folder(dir)
	if err != nil {
		return err
	}
	var keys []ed25519.PrivateKey
	if *key != "" {
		k, err := readKey(*key)
		if err != nil {
			return err
		}
		keys = append(keys, k)
	}
	if err := checkModule(m, files[pack.ModuleFile]); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pack.Write(&b, *m, files, keys...); err != nil {
		return err
	}
	if *out == "" {
		*out = m.FileName()
	}
	if err := writeWhole(*out, b.Bytes()); err != nil {
		return err
	}
	p, err := pack.Parse(b.Bytes())
	if err != nil {
		return err
	}
	printContents(std.out, p)
	fmt.Fprintf(std.out, "%s: %s, %d files", *out, sizeOf(b.Len()), len(files))
	if len(keys) > 0 {
		fmt.Fprintf(std.out, ", signed\nNext: cocoon ext verify %s\n", *out)
	} else {
		fmt.Fprintf(std.out, ", not signed\nNext: cocoon ext sign %s\n", *out)
	}
	return nil
}

// checkModule looks at a module as a server would, and whether the manifest asks for all that it uses.
func checkModule(m *pack.Manifest, module []byte) error {
	a, err := wasmhost.Admit(module, wasm.DefaultLimits())
	if err != nil {
		return fmt.Errorf("no server will load the module: %w", err)
	}
	return asksForAll(m, a.Capabilities)
}

// writeWhole writes a file so that it is there whole or not at all.
func writeWhole(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".cocoon-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// extSign is "cocoon ext sign".
func extSign(_ context.Context, args []string, std streams) error {
	f := newFlags("ext sign", `cocoon ext sign adds your signature to a package. The first key that signs a package is its publisher; further ones vouch for it: the
key that you had before (so that who has your extension accepts the new one), or an operator who lets its pages be trusted.

  cocoon ext sign acme.lens-1.4.2.cocoon
  cocoon ext sign --key operator.pem acme.lens-1.4.2.cocoon`, std)
	key := f.String("key", defaultKey(), "key `file`")
	out := f.String("output", "", "`file` to write (default: the package itself)")
	name, err := oneArgument(f, args, "")
	if err != nil {
		return err
	}
	k, err := readKey(*key)
	if err != nil {
		return err
	}
	p, err := openPackage(name)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := p.Sign(&b, k); err != nil {
		return err
	}
	if *out == "" {
		*out = name
	}
	if err := writeWhole(*out, b.Bytes()); err != nil {
		return err
	}
	id := pack.KeyID(k.Public().(ed25519.PublicKey))
	role := "its publisher"
	if p.Signed() && p.Manifest.Publisher != id {
		role = "beside its publisher " + p.Manifest.Publisher
	}
	fmt.Fprintf(std.out, "%s is signed by %s, %s\nNext: cocoon ext verify %s\n", *out, id, role, *out)
	return nil
}

func openPackage(name string) (*pack.Package, error) {
	b, err := readPackage(name)
	if err != nil {
		return nil, err
	}
	p, err := pack.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// extVerify is "cocoon ext verify".
func extVerify(ctx context.Context, args []string, std streams) error {
	f := newFlags("ext verify", `cocoon ext verify checks a package as a server would: its form, the sum of each file, every signature and the module; then it runs the
package's own tests, compiled and interpreted, which must agree. The module runs in the sandbox and reaches nothing.

  cocoon ext verify acme.lens-1.4.2.cocoon
  cocoon ext verify --publisher ed25519:… acme.lens-1.4.2.cocoon`, std)
	publisher := f.String("publisher", "", "fail unless this `key` published it")
	name, err := oneArgument(f, args, "")
	if err != nil {
		return err
	}
	p, err := openPackage(name)
	if err != nil {
		return err
	}
	m := p.Manifest
	fmt.Fprintf(std.out, "%s is %s %s, whole: %d files, SHA-256 %s\n", name, m.ID, m.Version, len(m.Files), p.Hash)
	printSigners(std.out, p)
	if *publisher != "" && m.Publisher != *publisher {
		return fmt.Errorf("%s did not publish it", *publisher)
	}
	module, err := p.Module()
	if err != nil {
		return err
	}
	if err := checkModule(m, module); err != nil {
		return err
	}
	vectors, err := trial.Vectors(p)
	if err != nil {
		return err
	}
	return withSelftest("", func(c trial.Config) error {
		c.Loaded = warnOnce(std.err)
		results, err := trial.Run(ctx, c, m, module, vectors)
		if err != nil {
			return err
		}
		return report(std.out, results)
	})
}

func printSigners(w io.Writer, p *pack.Package) {
	if !p.Signed() {
		fmt.Fprintln(w, "Nobody signed it.")
		return
	}
	fmt.Fprintf(w, "Published and signed by %s, fingerprint %s\n", p.Manifest.Publisher, fingerprint(p.Manifest.Publisher))
	for _, s := range p.Signatures {
		if s.Key != p.Manifest.Publisher {
			fmt.Fprintf(w, "Also signed by %s\n", s.Key)
		}
	}
}

// report prints what came of tests, and is an error when something is wrong.
func report(w io.Writer, results []trial.Result) error {
	failed := 0
	for _, r := range results {
		switch {
		case r.Err != nil:
			failed++
			fmt.Fprintf(w, "FAIL  %s\n      %s\n", r.Vector.Name, strings.ReplaceAll(r.Err.Error(), "\n", "\n      "))
			printLog(w, r)
		case r.Alone != "":
			fmt.Fprintf(w, "ok    %s: %s instructions; compiled only, %s\n", r.Vector.Name, grouped(r.Fuel), r.Alone)
		default:
			fmt.Fprintf(w, "ok    %s: %s instructions, the same compiled and interpreted\n", r.Vector.Name, grouped(r.Fuel))
		}
	}
	switch {
	case failed > 0:
		return fmt.Errorf("%d of %d tests failed", failed, len(results))
	case len(results) == 0:
		fmt.Fprintln(w, "It has no tests of its own; it describes itself the same compiled and interpreted.")
	}
	return nil
}

// printLog shows what an extension wrote before a test failed, but for what the failure says itself.
func printLog(w io.Writer, r trial.Result) {
	for _, l := range r.Log {
		if !strings.Contains(r.Err.Error(), l.Text) {
			fmt.Fprintf(w, "      log: %s\n", strings.ReplaceAll(l.Text, "\n", "\n           "))
		}
	}
}

// grouped writes a number with commas between its thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
