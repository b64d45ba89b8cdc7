package code

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tetratelabs/wazero"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

var contract = &Contract{Depth: 100, Funcs: map[string]Func{
	"m.plain": {"ii:", ""}, "m.z": {"i:i", "zeta"}, "m.a": {"l:l", "alpha"}, "m.b": {"d:", "alpha"}}}

// guest is a module with all that a guest must have, but without the exports in lacks.
func guest(build func(m *asm.Module), lacks ...string) []byte {
	m := asm.New()
	if build != nil {
		build(m)
	}
	m.Memory(2, 4)
	if !slices.Contains(lacks, "memory") {
		m.Export("memory", 2, 0)
	}
	for _, f := range [][2]string{{"cocoon_abi", ":i"}, {"cocoon_buf", "i:i"}, {"cocoon_call", "iii:i"}} {
		if !slices.Contains(lacks, f[0]) {
			m.Export(f[0], 0, m.Func(f[1], "", asm.I32(64)))
		}
	}
	return m.Bytes()
}

func TestAdmit(t *testing.T) {
	imports := func(names ...string) func(*asm.Module) {
		return func(m *asm.Module) {
			for _, n := range names {
				name, sig, _ := strings.Cut(n, " ")
				m.Import("m", name, sig)
			}
		}
	}
	exports := func(name, sig string, code []byte) func(*asm.Module) {
		return func(m *asm.Module) { m.Export(name, 0, m.Func(sig, "", code)) }
	}
	for _, x := range []struct {
		name   string
		module []byte
		code   fault.Code
		says   string
		caps   []string
	}{
		{"least", guest(nil), "", "", nil},
		{"capabilities, sorted and once", guest(imports("z i:i", "b d:", "a l:l", "plain ii:")), "", "", []string{"alpha", "zeta"}},
		{"an import that nobody has", guest(imports("other ii:")), fault.Unsupported, "m.other", nil},
		{"an import of another form", guest(imports("plain il:")), fault.BadFile, "(il:)", nil},
		{"an import with a result too many", guest(imports("plain ii:i")), fault.BadFile, "(ii:i)", nil},
		{"no memory to see", guest(nil, "memory"), fault.BadFile, "memory", nil},
		{"no call", guest(nil, "cocoon_call"), fault.BadFile, "cocoon_call", nil},
		{"a call of another form", guest(exports("cocoon_call", "ii:i", asm.I32(0)), "cocoon_call"), fault.BadFile, "(ii:i)", nil},
		{"a reserved name", guest(exports("cocoon_more", ":", nil)), fault.BadFile, "reserved", nil},
		{"a name of the meter's", guest(exports("__cocoon_fuel", ":", nil)), fault.BadFile, "reserved", nil},
		{"a command", guest(exports("_start", ":", nil)), fault.BadFile, "reactor", nil},
		{"setup", guest(exports("_initialize", ":", nil)), "", "", nil},
		{"setup with a value", guest(exports("_initialize", ":i", asm.I32(0))), fault.BadFile, "_initialize", nil},
		{"no module", []byte("\x00asm"), fault.BadFile, "", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			a, err := Admit(x.module, wasm.DefaultLimits(), contract)
			if x.code != "" {
				if fault.CodeOf(err) != x.code || !strings.Contains(err.Error(), x.says) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(x.caps, a.Capabilities); d != "" || a.Metered == nil || len(a.Hash) != 64 || a.MemoryPages != 2 {
				t.Errorf("%s %+v", d, a)
			}
		})
	}
}

func open(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := Open(dir, nil, contract)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// entries are the files of a cache, without its key.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if filepath.Base(f) != "key" {
			out = append(out, f)
		}
	}
	return out
}

// TestAdmitted: what comes from the cache is what admission gave, and no entry that was touched is believed.
func TestAdmitted(t *testing.T) {
	dir, module := t.TempDir(), guest(func(m *asm.Module) { m.Import("m", "z", "i:i") })
	want, err := Admit(module, wasm.DefaultLimits(), contract)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string) {
		t.Helper()
		got, err := open(t, dir).Admit(module, wasm.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported()); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	check("anew")
	all := entries(t, dir)
	if len(all) != 1 {
		t.Fatalf("entries %q", all)
	}
	whole, err := os.ReadFile(all[0])
	if err != nil {
		t.Fatal(err)
	}
	check("from the cache")
	flipped := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 1
		return b
	}
	for what, b := range map[string][]byte{
		"empty": nil, "short": whole[:32], "cut": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0),
		"another MAC": flipped(0), "another name": flipped(32), "another head": flipped(40), "another module": flipped(len(whole) - 1),
	} {
		if err := os.WriteFile(all[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		check(what)
		if again, err := os.ReadFile(all[0]); err != nil || !bytes.Equal(again, whole) {
			t.Errorf("%s: the entry is not made anew: %v", what, err)
		}
	}
	other := *contract
	other.Depth++
	c, err := Open(dir, nil, &other)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Admit(module, wasm.DefaultLimits()); err != nil || len(entries(t, dir)) != 2 {
		t.Errorf("another contract takes the same entry: %v, %v", err, entries(t, dir))
	}
}

// TestKey: a host's key is its own file, kept for the owner only; entries under another key are not believed.
func TestKey(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	a, b := open(t, one), open(t, two)
	a.write("entry", "file", []byte("code"))
	if file, code, ok := open(t, one).read("entry"); !ok || file != "file" || string(code) != "code" {
		t.Errorf("again: %q %q %v", file, code, ok)
	}
	if err := os.Rename(filepath.Join(one, "entry"), filepath.Join(two, "entry")); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := b.read("entry"); ok {
		t.Error("an entry of another host is believed")
	}
	a.write("entry", "file", []byte("code"))
	if err := os.Rename(filepath.Join(one, "entry"), filepath.Join(one, "other")); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := a.read("other"); ok {
		t.Error("an entry under another's name is believed")
	}
	info, err := os.Stat(filepath.Join(one, "key"))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("key: %v %v", info, err)
	}
}

// TestEngine: without a jail the engine's own code is kept, and found at the next start; its folder is empty in between and
// gone at the end.
func TestEngine(t *testing.T) {
	dir := t.TempDir()
	for i := range 2 {
		c := open(t, dir)
		a, err := c.Admit(guest(func(m *asm.Module) { m.Import("m", "plain", "ii:") }), wasm.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		file, code, err := c.Find(t.Context(), a)
		if err != nil || (file != "") != (i == 1) || (len(code) > 0) != (i == 1) {
			t.Errorf("start %d: %q, %d bytes, %v", i, file, len(code), err)
		}
		show, err := c.Prepare(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		forget, err := show()
		if err != nil {
			t.Fatal(err)
		}
		rt := wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigCompiler().WithCompilationCache(c.Engine()))
		if _, err := rt.CompileModule(t.Context(), a.Metered.Bytes); err != nil {
			t.Fatal(err)
		}
		forget()
		if left, err := os.ReadDir(c.sub); err != nil || len(left) != 0 {
			t.Errorf("start %d: left %v %v", i, left, err)
		}
		if err := rt.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(c.run); !os.IsNotExist(err) {
			t.Errorf("start %d: the engine's folder is still there: %v", i, err)
		}
	}
}

// TestSweep: the entries that nobody has read for the longest time go first, and the key never.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	c := &Cache{dir: dir}
	for i, name := range []string{keyFile, "old", "newer", "newest"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(1000+i), 0)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		most int64
		want string
	}{{300, "key newer newest old"}, {299, "key newer newest"}, {100, "key newest"}, {0, "key"}} {
		c.sweep(x.most)
		left, _ := filepath.Glob(filepath.Join(dir, "*"))
		for i := range left {
			left[i] = filepath.Base(left[i])
		}
		if got := strings.Join(left, " "); got != x.want {
			t.Errorf("%d bytes: %s, want %s", x.most, got, x.want)
		}
	}
}
