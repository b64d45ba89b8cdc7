package pack

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func lens() Manifest {
	return Manifest{ABI: "cocoon1", ID: "acme.lens", Version: "1.4.2", Name: "Lens <&> größer", Entry: ModuleFile,
		Capabilities: Capabilities{Tensor: &struct{}{}, KV: &KVCap{Bytes: 4096}, Web: WebSandboxed,
			HTTP: []HTTPRule{{Rule: "GET https://api.acme.dev/v1/*", Secrets: []string{"ACME_KEY"}, Optional: true}}, Routes: []string{"GET /presets"}}}
}

func lensFiles() map[string][]byte {
	return map[string][]byte{ModuleFile: []byte("\x00asm\x01\x00\x00\x00"), "web/index.html": bytes.Repeat([]byte("<p>hello</p>"), 50),
		"locales/de/größe.json": []byte("{}"), "docs/zeros.md": make([]byte, 100_000)}
}

// testKey is a key that is the same in each run.
func testKey(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32)) }

func keyID(n byte) string { return KeyID(testKey(n).Public().(ed25519.PublicKey)) }

func written(t testing.TB, m Manifest, files map[string][]byte, keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, m, files, keys...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWriteAndRead(t *testing.T) {
	b := written(t, lens(), lensFiles(), testKey(1))
	if !bytes.Equal(b, written(t, lens(), lensFiles(), testKey(1))) {
		t.Error("the same contents give other bytes")
	}
	p, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	for _, name := range p.Names() {
		if got[name], err = p.File(name); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(lensFiles(), got); d != "" {
		t.Error(d)
	}
	if p.Manifest.Publisher != keyID(1) || !p.Signed() || !p.SignedBy(keyID(1)) || p.SignedBy(keyID(2)) {
		t.Errorf("publisher %q, signatures %v", p.Manifest.Publisher, p.Signatures)
	}
	if p.Manifest.FileName() != "acme.lens-1.4.2.cocoon" || p.Manifest.Name != lens().Name {
		t.Errorf("%+v", p.Manifest)
	}
	if _, err := p.File("web/other"); !errors.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

func TestSign(t *testing.T) {
	unsigned, err := Parse(written(t, lens(), lensFiles()))
	if err != nil {
		t.Fatal(err)
	}
	if unsigned.Signed() {
		t.Error("nobody signed it")
	}
	var b bytes.Buffer
	if err := unsigned.Sign(&b, testKey(1)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), written(t, lens(), lensFiles(), testKey(1))) {
		t.Error("signing later gives another package")
	}
	once, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var c bytes.Buffer
	if err := once.Sign(&c, testKey(2)); err != nil {
		t.Fatal(err)
	}
	twice, err := Parse(c.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if twice.Manifest.Publisher != keyID(1) || !twice.SignedBy(keyID(1)) || !twice.SignedBy(keyID(2)) {
		t.Errorf("%v", twice.Signatures)
	}
}

// TestForgery changes a package behind its signature's back.
func TestForgery(t *testing.T) {
	m := lens()
	m.Publisher = keyID(1)
	for _, row := range []struct {
		name string
		zip  func() []zipFile
		want string
	}{
		{"signature left out", func() []zipFile { return without(signedFiles(t), SignaturesFile) }, "signature it lacks"},
		{"another's signature", func() []zipFile { return with(signedFiles(t), SignaturesFile, sigsOf(t, m, 2)) }, "not over this manifest"},
		{"file changed", func() []zipFile { return with(signedFiles(t), "web/index.html", []byte("evil")) }, "not the file"},
		{"file added", func() []zipFile { return append(signedFiles(t), zipFile{"web/evil.js", []byte("x")}) }, "does not list"},
		{"file left out", func() []zipFile { return without(signedFiles(t), "web/index.html") }, "does not have"},
		{"module left out", func() []zipFile { return without(signedFiles(t), ModuleFile) }, "does not have"},
		{"manifest left out", func() []zipFile { return without(signedFiles(t), ManifestFile) }, "no manifest.json"},
		{"manifest rewritten", func() []zipFile {
			return with(signedFiles(t), ManifestFile, append(fileOf(signedFiles(t), ManifestFile), ' '))
		}, "canonical"},
		{"manifest asks for more", func() []zipFile {
			f := signedFiles(t)
			return with(f, ManifestFile, bytes.Replace(fileOf(f, ManifestFile), []byte(`"tensor":{}`), []byte(`"msg":{},"tensor":{}`), 1))
		}, "canonical"},
		{"version raised", func() []zipFile {
			f := signedFiles(t)
			return with(f, ManifestFile, bytes.Replace(fileOf(f, ManifestFile), []byte(`1.4.2`), []byte(`1.4.9`), 1))
		}, "changed after it was signed"},
		{"signature twice", func() []zipFile {
			f := signedFiles(t)
			s := fileOf(f, SignaturesFile)
			return with(f, SignaturesFile, append(s, s...))
		}, "sorted lines"},
		{"signatures empty", func() []zipFile { return with(signedFiles(t), SignaturesFile, nil) }, "sorted lines"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := writeZip(&b, row.zip()); err != nil {
				t.Fatal(err)
			}
			if _, err := Parse(b.Bytes()); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func sigsOf(t *testing.T, m Manifest, n byte) []byte {
	s := sign(testKey(n), fileOf(signedFiles(t), ManifestFile))
	s.Key = m.Publisher
	return appendSignatures([]Signature{s})
}

func signedFiles(t testing.TB) []zipFile {
	t.Helper()
	p, err := Parse(written(t, lens(), lensFiles(), testKey(1)))
	if err != nil {
		t.Fatal(err)
	}
	var files []zipFile
	for _, name := range append([]string{ManifestFile, SignaturesFile}, p.Names()...) {
		b, err := p.entries[name].read(p.r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, zipFile{name, b})
	}
	return files
}

func with(files []zipFile, name string, b []byte) []zipFile {
	files = slices.Clone(files)
	files[slices.IndexFunc(files, func(f zipFile) bool { return f.name == name })].data = b
	return files
}

func without(files []zipFile, name string) []zipFile {
	return slices.DeleteFunc(slices.Clone(files), func(f zipFile) bool { return f.name == name })
}

func fileOf(files []zipFile, name string) []byte {
	return files[slices.IndexFunc(files, func(f zipFile) bool { return f.name == name })].data
}

// TestManifestsAreCanonical holds the form against RFC 8785.
func TestManifestsAreCanonical(t *testing.T) {
	m := lens()
	m.Files = map[string]string{"docs/b": "sha256-1", "docs/a": "sha256-2", "docs/\U0001F600": "sha256-3", "docs/\uFB33": "sha256-4"}
	m.Limits = &LimitsWish{FuelPerExecute: 2e9}
	b, err := m.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"abi":"cocoon1","capabilities":{"http":[{"optional":true,"rule":"GET https://api.acme.dev/v1/*","secrets":["ACME_KEY"]}],"kv":{"bytes":4096},` +
		`"routes":["GET /presets"],"tensor":{},"web":"sandboxed"},"entry":"module.wasm","files":{"docs/a":"sha256-2","docs/b":"sha256-1","docs/😀":"sha256-3","docs/` + "\uFB33" + `":"sha256-4"},` +
		`"id":"acme.lens","limits":{"fuel_per_execute":2000000000},"name":"Lens <&> größer","version":"1.4.2"}`
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Error(d)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	m := lens()
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	files := lensFiles()
	for name, b := range map[string][]byte{ManifestFile: text, "main.go": []byte("package main"), "web/.DS_Store": nil, ".git/x": nil, "target/y": nil} {
		files[name] = b
	}
	for name, b := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, gathered, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&m, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(slices.Sorted(maps.Keys(lensFiles())), slices.Sorted(maps.Keys(gathered))); d != "" {
		t.Error(d)
	}
	if err := os.Symlink("index.html", filepath.Join(dir, "web", "link.html")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Folder(dir); !errors.Is(err, fault.BadFile) {
		t.Errorf("a link: %v", err)
	}
}

func TestCompareVersions(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{{"1.2.3", "1.2.3", 0}, {"1.2.3", "1.2.4", -1}, {"1.10.0", "1.9.9", 1}, {"2.0.0", "1.99.99", 1}, {"0.0.9", "0.1.0", -1}} {
		if got := CompareVersions(row.a, row.b); got != row.want {
			t.Errorf("%s and %s: %d, want %d", row.a, row.b, got, row.want)
		}
	}
}
