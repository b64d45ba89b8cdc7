package attacks

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/ed25519"
	"hash/crc32"
	"io/fs"
	"slices"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// entryOf is a file of a zip that a test writes by hand.
type entryOf struct {
	name string
	b    []byte
	mode fs.FileMode
}

func zipped(t *testing.T, list []entryOf) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range list {
		var packed bytes.Buffer
		z, err := flate.NewWriter(&packed, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = z.Write(e.b)
		_ = z.Close()
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(e.b), UncompressedSize64: uint64(len(e.b)), CompressedSize64: uint64(packed.Len())}
		if h.SetMode(e.mode | 0o644); packed.Len() >= len(e.b) {
			h.Method, h.CompressedSize64 = zip.Store, uint64(len(e.b))
			packed = *bytes.NewBuffer(e.b)
		}
		f, err := w.CreateRaw(h)
		if err == nil {
			_, err = f.Write(packed.Bytes())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPackages: files that are not what they say they are do not get as far as the host. What installing makes of honest ones
// (an older version, another publisher, wider wishes) stands in the tests of wasmhost/install.
func TestPackages(t *testing.T) {
	key, err := pack.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := pack.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	written := func(keys ...ed25519.PrivateKey) []entryOf {
		var b bytes.Buffer
		m := pack.Manifest{ABI: "cocoon1", ID: "test.attack", Version: "1.0.0", Entry: "module.wasm"}
		if err := pack.Write(&b, m, map[string][]byte{"module.wasm": build(func(*guest) {}), "LICENSE": []byte("free")}, keys...); err != nil {
			t.Fatal(err)
		}
		r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var list []entryOf
		for _, f := range r.File {
			b, err := fs.ReadFile(r, f.Name)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, entryOf{name: f.Name, b: b})
		}
		return list
	}
	signed := written(key)
	if _, err := pack.Parse(zipped(t, signed)); err != nil {
		t.Fatalf("an honest package: %v", err)
	}
	find := func(list []entryOf, name string) int {
		return slices.IndexFunc(list, func(e entryOf) bool { return e.name == name })
	}
	replaced := func(name string, b []byte) []entryOf {
		list := slices.Clone(signed)
		list[find(list, name)].b = b
		return list
	}
	without := func(name string) []entryOf {
		list := slices.Clone(signed)
		return slices.Delete(list, find(list, name), find(list, name)+1)
	}
	with := func(name string, b []byte, mode fs.FileMode) []entryOf {
		return append(slices.Clone(signed), entryOf{name, b, mode})
	}
	ofManifest := func(from, to string) []entryOf {
		return replaced(pack.ManifestFile, bytes.Replace(signed[find(signed, pack.ManifestFile)].b, []byte(from), []byte(to), 1))
	}
	theirs := written(other)
	for _, row := range []struct {
		name string
		list []entryOf
	}{
		{"a file above the folder", with("../evil", []byte("x"), 0)},
		{"an absolute file", with("/etc/cron.d/evil", []byte("x"), 0)},
		{"a file behind a drive", with("C:/evil", []byte("x"), 0)},
		{"a file with backslashes", with("..\\evil", []byte("x"), 0)},
		{"a file that differs by case", with("license", []byte("x"), 0)},
		{"a file twice", with("LICENSE", []byte("free"), 0)},
		{"a link", with("web/link", []byte("/etc/passwd"), fs.ModeSymlink)},
		{"a folder as a file", with("web/", nil, fs.ModeDir)},
		{"a device", with("web/null", nil, fs.ModeDevice)},
		{"a file that is not in the manifest", with("extra.txt", []byte("x"), 0)},
		{"a file that the manifest lists and that is not there", without("LICENSE")},
		{"another module", replaced("module.wasm", build(func(g *guest) { g.execute = forever }))},
		{"another version", ofManifest(`"1.0.0"`, `"9.0.0"`)},
		{"another id", ofManifest(`test.attack`, `test.victim`)},
		{"more capabilities", ofManifest(`"capabilities":{`, `"capabilities":{"secure_random":true,`)},
		{"without its signatures", without(pack.SignaturesFile)},
		{"with another's signatures", replaced(pack.SignaturesFile, theirs[find(theirs, pack.SignaturesFile)].b)},
		{"with signatures of zeros", replaced(pack.SignaturesFile, make([]byte, 200))},
		{"without a manifest", without(pack.ManifestFile)},
		{"a manifest that is not canonical", ofManifest(`{`, `{ `)},
		{"a bomb", with("bomb.bin", make([]byte, 60<<20), 0)},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := pack.Parse(zipped(t, row.list))
			if code := fault.CodeOf(err); code != fault.BadFile && code != fault.TooLarge {
				t.Errorf("%s: %v", code, err)
			}
		})
	}
}
