package pack

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestHostileZips builds zip files that other readers make something of, and this one must not.
func TestHostileZips(t *testing.T) {
	good := written(t, lens(), lensFiles(), testKey(1))
	edit := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	end := len(good) - endSize
	dir := int(le.Uint32(good[end+16:]))
	byTool := func(f func(w *zip.Writer)) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	named := func(names ...string) []byte {
		var b bytes.Buffer
		var files []zipFile
		for _, n := range names {
			files = append(files, zipFile{n, []byte("x")})
		}
		if err := writeZip(&b, files); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	many := make([]string, MaxEntries+1)
	for i := range many {
		many[i] = fmt.Sprintf("docs/%d", i)
	}
	for _, row := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "too few"},
		{"no zip", bytes.Repeat([]byte{7}, 100), "does not end"},
		{"something before", append([]byte("#!/bin/sh\n"), good...), "not where it says"},
		{"something behind", append(bytes.Clone(good), 0), "does not end"},
		{"comment", edit(end+20, 1), "does not end"},
		{"several disks", edit(end+4, 1), "several files"},
		{"counts differ", edit(end+8, 1), "several files"},
		{"encrypted", edit(dir+8, 1), "encrypted"},
		{"data descriptor", edit(dir+8, 8), "flags"},
		{"newer zip", edit(dir+6, 45), "newer"},
		{"bzip2", edit(dir+10, 12), "method 12"},
		{"size lies", edit(dir+24, 1, 0, 0, 0), "one thing"},
		{"sum lies", edit(dir+16, 1, 2, 3, 4), "one thing"},
		{"names differ", edit(30, 'M'), "one thing"},
		{"extra field", edit(dir+30, 4), "extra field"},
		{"link", edit(dir+41, 0xa1), "link"},
		{"device", edit(dir+41, 0x21), "link"},
		{"dos folder", edit(dir+38, 0x10), "link"},
		{"gap", edit(dir+42, 1), "behind the file before it"},
		{"made by archive/zip", byTool(func(w *zip.Writer) { _, _ = w.Create("manifest.json") }), "flags"},
		{"folder", byTool(func(w *zip.Writer) { _, _ = w.CreateHeader(&zip.FileHeader{Name: "web/"}) }), "empty or starts"},
		{"absolute", named("/etc/passwd"), "empty or starts"},
		{"up", named("web/../../x"), "empty or starts"},
		{"dot", named("./manifest.json"), "empty or starts"},
		{"backslash", named(`web\x`), "cannot be seen"},
		{"drive", named("c:x"), "cannot be seen"},
		{"two slashes", named("web//x"), "empty or starts"},
		{"hidden", named("web/.htaccess"), "empty or starts"},
		{"device name", named("web/CON.txt"), "device"},
		{"trailing dot", named("web/x."), "ends in a dot"},
		{"trailing space", named("web/x "), "ends in a dot"},
		{"zero byte", named("web/x\x00y"), "cannot be seen"},
		{"right to left", named("web/\u202Exe.html"), "cannot be seen"},
		{"not UTF-8", named("web/\xff"), "NFC"},
		{"decomposed", named("web/u\u0308"), "NFC"},
		{"long", named("web/" + strings.Repeat("x", 200)), "200 bytes"},
		{"deep", named("web/" + strings.Repeat("x/", 12) + "y"), "too deep"},
		{"no place", named("evil.exe"), "no place"},
		{"no place for a folder", named("bin/sh"), "no place"},
		{"twice", named("web/x", "web/x"), "twice"},
		{"case", named("web/x", "web/X"), "twice"},
		{"case of a folder", named("web/a/x", "web/A/y"), "take for one"},
		{"sharp s", named("web/straße", "web/STRASSE"), "twice"},
		{"kelvin", named("web/k", "web/\u212A"), "NFC"},
		{"full width", named("web/a", "web/\uFF41"), "twice"},
		{"file and folder", named("web/x", "web/x/y"), "take for one"},
		{"too many", named(many...), "1 to 2000"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := Parse(row.b); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

// TestBomb is a file that grows a thousandfold.
func TestBomb(t *testing.T) {
	_, packed := deflate(make([]byte, 10<<20))
	var b bytes.Buffer
	if err := writeZip(&b, []zipFile{{"docs/x", packed}}); err != nil {
		t.Fatal(err)
	}
	z := b.Bytes()
	dir := int(le.Uint32(z[len(z)-endSize+16:]))
	for _, at := range []int{8, dir + 10} {
		le.PutUint16(z[at:], methodFlate)
	}
	for _, at := range []int{18, dir + 20} {
		le.PutUint32(z[at:], uint32(len(packed)))
		le.PutUint32(z[at+4:], 10<<20)
	}
	if _, err := Parse(z); err == nil || !strings.Contains(err.Error(), "part in 100") {
		t.Error(err)
	}
}

// TestInflateLies is a file that holds more, or less, than it says.
func TestInflateLies(t *testing.T) {
	good := written(t, lens(), lensFiles())
	for _, by := range []int{-1, 1} {
		list, err := readZip(bytes.NewReader(good), int64(len(good)))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.method != methodFlate {
				continue
			}
			e.size += uint32(by)
			if _, err := e.read(bytes.NewReader(good)); err == nil {
				t.Errorf("%s: %+d bytes are believed", e.name, by)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(written(f, lens(), lensFiles(), testKey(1)))
	f.Add(written(f, lens(), map[string][]byte{ModuleFile: []byte("m")}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		for _, name := range p.Names() {
			if _, err := p.File(name); err != nil {
				t.Error(err)
			}
		}
		if _, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Errorf("a package that is no zip file to others: %v", err)
		}
	})
}

// FuzzManifest also holds that the canonical form has one meaning and one spelling.
func FuzzManifest(f *testing.F) {
	m := lens()
	text, err := m.Canonical()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"abi":"cocoon1","id":"a","version":"1.0.0","entry":"","capabilities":{},"limits":{"fuel_per_execute":2e9}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseManifest(b)
		if err != nil {
			return
		}
		one, err := m.Canonical()
		if err != nil {
			return
		}
		again, err := ParseManifest(one)
		if err != nil {
			t.Fatalf("%s: %v", one, err)
		}
		two, err := again.Canonical()
		if err != nil || !bytes.Equal(one, two) {
			t.Errorf("%s became %s, %v", one, two, err)
		}
	})
}

func FuzzKey(f *testing.F) {
	text, err := EncodeKey(testKey(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseKey(b)
		if err == nil && len(k) != 64 {
			t.Error("half a key")
		}
		_, _ = ParseKeyID(string(b))
	})
}

func BenchmarkParse(b *testing.B) {
	files := lensFiles()
	files[ModuleFile] = bytes.Repeat([]byte("some code that is not so random "), 100_000)
	p := written(b, lens(), files, testKey(1))
	b.SetBytes(int64(len(files[ModuleFile])))
	for b.Loop() {
		if _, err := Parse(p); err != nil {
			b.Fatal(err)
		}
	}
}
