package pack

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Suffix ends the name of a package's file.
const Suffix = ".cocoon"

// Package is a package that was read and found whole. Its methods may be called from any goroutine.
type Package struct {
	Manifest   *Manifest
	Hash       string      // SHA-256 of the package, in hex
	Size       int64       // bytes
	Signatures []Signature // each of them holds

	r       io.ReaderAt
	c       io.Closer
	entries map[string]*entry
}

// FileName is what the file of a package is called.
func (m *Manifest) FileName() string { return m.ID + "-" + m.Version + Suffix }

// Open reads and checks a package's file. Close it.
func Open(name string) (*Package, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fault.New(fault.BadFile, "%s is no file", name)
	}
	var p *Package
	if err == nil {
		p, err = Read(f, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	p.c = f
	return p, nil
}

// Parse reads and checks a package.
func Parse(b []byte) (*Package, error) { return Read(bytes.NewReader(b), int64(len(b))) }

// Read reads and checks a package: its form, the manifest, that each file is in the manifest with its sum and none is missing,
// and every signature. It looks at all bytes once. r must stay readable while the package is used.
func Read(r io.ReaderAt, size int64) (*Package, error) {
	list, err := readZip(r, size)
	if err != nil {
		return nil, err
	}
	p := &Package{Size: size, r: r, entries: make(map[string]*entry, len(list))}
	for i := range list {
		p.entries[list[i].name] = &list[i]
	}
	if err := p.readManifest(); err != nil {
		return nil, err
	}
	for name := range p.Manifest.Files {
		if _, err := p.File(name); err != nil {
			return nil, err
		}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size)); err != nil {
		return nil, err
	}
	p.Hash = hex.EncodeToString(sum.Sum(nil))
	return p, nil
}

func (p *Package) readManifest() error {
	e, ok := p.entries[ManifestFile]
	if !ok {
		return fault.New(fault.BadFile, "the package has no %s", ManifestFile)
	}
	if e.size > maxManifest {
		return fault.New(fault.TooLarge, "%s has %d bytes", ManifestFile, e.size)
	}
	text, err := e.read(p.r)
	if err != nil {
		return err
	}
	if p.Manifest, err = ParseManifest(text); err != nil {
		return err
	}
	canonical, err := p.Manifest.Canonical()
	if err != nil {
		return err
	}
	if !bytes.Equal(text, canonical) {
		return fault.New(fault.BadFile, "the manifest is not in its canonical form (RFC 8785); cocoon ext pack writes it so")
	}
	if err := p.checkFiles(); err != nil {
		return err
	}
	if s, ok := p.entries[SignaturesFile]; ok {
		b, err := s.read(p.r)
		if err != nil {
			return err
		}
		if p.Signatures, err = readSignatures(b, text); err != nil {
			return err
		}
	}
	if p.Manifest.Publisher != "" && !p.SignedBy(p.Manifest.Publisher) {
		return fault.New(fault.BadFile, "the package says it is of %s, whose signature it lacks", p.Manifest.Publisher)
	}
	return nil
}

// checkFiles holds the manifest's list of files against those that are there.
func (p *Package) checkFiles() error {
	m := p.Manifest
	for name := range p.entries {
		if _, listed := m.Files[name]; !listed && name != ManifestFile && name != SignaturesFile {
			return fault.New(fault.BadFile, "the package has %q, which its manifest does not list", name)
		}
	}
	for name, sum := range m.Files {
		if _, there := p.entries[name]; !there || name == ManifestFile || name == SignaturesFile {
			return fault.New(fault.BadFile, "the manifest lists %q, which the package does not have", name)
		}
		if _, err := hex.DecodeString(strings.TrimPrefix(sum, sumPrefix)); err != nil || len(sum) != len(sumPrefix)+2*sha256.Size || !strings.HasPrefix(sum, sumPrefix) || sum != strings.ToLower(sum) {
			return fault.New(fault.BadFile, "the manifest's sum of %q is not sha256- and 64 digits", name)
		}
	}
	if _, ok := p.entries[ModuleFile]; !ok {
		return fault.New(fault.BadFile, "the package has no %s", ModuleFile)
	}
	if m.Capabilities.Web == "" && slices.ContainsFunc(p.Names(), func(n string) bool { return strings.HasPrefix(n, "web/") }) {
		return fault.New(fault.BadFile, `the package has pages in web/, and does not ask for the capability "web"`)
	}
	return nil
}

const sumPrefix = "sha256-"

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return sumPrefix + hex.EncodeToString(sum[:])
}

// Names lists the files that the manifest lists, sorted.
func (p *Package) Names() []string { return slices.Sorted(maps.Keys(p.Manifest.Files)) }

// Has reports whether the package has a file.
func (p *Package) Has(name string) bool {
	_, ok := p.Manifest.Files[name]
	return ok
}

// Bytes is the size of a file; 0 when there is none.
func (p *Package) Bytes(name string) int64 {
	if !p.Has(name) {
		return 0
	}
	return int64(p.entries[name].size)
}

// File gives a file of the package, checked anew against the sum in the manifest; fault.NotFound when there is none.
func (p *Package) File(name string) ([]byte, error) {
	want, ok := p.Manifest.Files[name]
	if !ok {
		return nil, fault.New(fault.NotFound, "the package %s has no file %q", p.Manifest.ID, name)
	}
	b, err := p.entries[name].read(p.r)
	if err != nil {
		return nil, err
	}
	if sumOf(b) != want {
		return nil, fault.New(fault.BadFile, "%q is not the file that the manifest has the sum of", name)
	}
	return b, nil
}

// Module gives module.wasm.
func (p *Package) Module() ([]byte, error) { return p.File(ModuleFile) }

// Signed reports whether the package names a publisher, whose signature it then has.
func (p *Package) Signed() bool { return p.Manifest.Publisher != "" }

// SignedBy reports whether a key signed the package.
func (p *Package) SignedBy(key string) bool {
	return slices.ContainsFunc(p.Signatures, func(s Signature) bool { return s.Key == key })
}

// Close closes the file of a package that Open opened.
func (p *Package) Close() error {
	if p.c == nil {
		return nil
	}
	return p.c.Close()
}

// Write writes a package of a manifest and files, which the manifest need not list, and signs it by each of the keys. The
// first signs as the publisher unless the manifest names one. The same contents and keys give the same bytes.
func Write(w io.Writer, m Manifest, files map[string][]byte, keys ...ed25519.PrivateKey) error {
	return write(w, m, files, nil, keys)
}

func write(w io.Writer, m Manifest, files map[string][]byte, sigs []Signature, keys []ed25519.PrivateKey) error {
	m.Files = make(map[string]string, len(files))
	for name, b := range files {
		m.Files[name] = sumOf(b)
	}
	if m.Publisher == "" && len(keys) > 0 {
		m.Publisher, sigs = KeyID(keys[0].Public().(ed25519.PublicKey)), nil
	}
	text, err := m.Canonical()
	if err != nil {
		return err
	}
	for _, k := range keys {
		s := sign(k, text)
		sigs = append(slices.DeleteFunc(sigs, func(o Signature) bool { return o.Key == s.Key }), s)
	}
	list := []zipFile{{ManifestFile, text}}
	if len(sigs) > 0 {
		list = append(list, zipFile{SignaturesFile, appendSignatures(sigs)})
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list = append(list, zipFile{name, files[name]})
	}
	var b bytes.Buffer
	if err := writeZip(&b, list); err != nil {
		return err
	}
	if _, err := Parse(b.Bytes()); err != nil { // nobody gets a package that no server reads
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Sign writes the package with a further signature; a package without a publisher becomes the key's.
func (p *Package) Sign(w io.Writer, k ed25519.PrivateKey) error {
	files := make(map[string][]byte, len(p.entries))
	for _, name := range p.Names() {
		b, err := p.File(name)
		if err != nil {
			return err
		}
		files[name] = b
	}
	return write(w, *p.Manifest, files, slices.Clone(p.Signatures), []ed25519.PrivateKey{k})
}
