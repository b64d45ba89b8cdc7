package install

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/jail"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

func TestMain(m *testing.M) {
	if jail.Main() {
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// guest makes a module with one node, which gives the number 7. It imports functions "module.name sig" that it does not call.
func guest(t testing.TB, class string, imports ...[3]string) []byte {
	t.Helper()
	m := asm.New()
	reply := m.Import("cocoon1", "reply", "ii:")
	for _, i := range imports {
		m.Import(i[0], i[1], i[2])
	}
	at := int32(1024)
	says := func(v any) []byte {
		b, err := abi.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		m.Data(at, b)
		code := asm.Code(asm.I32(at), asm.I32(int32(len(b))), asm.I(0x10, reply), asm.I32(0), []byte{0x0f})
		at += int32(len(b)+15) &^ 7
		return code
	}
	on := func(op int32, code []byte) []byte {
		return asm.Code(asm.I(0x20, 0), asm.I32(op), []byte{0x46, 0x04, 0x40}, code, []byte{0x0b})
	}
	describe := says(map[string]any{"nodes": []any{map[string]any{"id": class, "inputs": []any{}, "outputs": []any{map[string]any{"name": "n", "type": "INT"}}}}})
	execute := says(map[string]any{"outputs": []any{int64(7)}})
	if i := slices.IndexFunc(imports, func(f [3]string) bool { return f[1] == "sleep_ms" }); i >= 0 { // it says that it runs, and takes its time
		m.Data(512, []byte("runs"))
		execute = asm.Code(asm.I32(1), asm.I32(512), asm.I32(4), asm.I(0x10, reply+1+uint32(slices.Index(imports, logLine()))), asm.I32(500),
			asm.I(0x10, reply+1+uint32(i)), []byte{0x1a}, execute)
	}
	m.Memory(4, -1)
	m.Export("memory", 2, 0)
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", on(abi.OpDescribe, describe), on(abi.OpExecute, execute), asm.I32(abi.EUNSUP)))
	return m.Bytes()
}

// logLine and sleep are functions of the core; a guest that imports both writes a line, then sleeps for half a second.
func logLine() [3]string { return [3]string{"cocoon1", "log", "iii:"} }
func sleep() [3]string   { return [3]string{"cocoon1", "sleep_ms", "i:i"} }

// kvGet is a function of the capability kv.
func kvGet() [3]string { return [3]string{"cocoon1_kv", "kv_get", "iiiii:l"} }

func privateKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32))
}

func keyOf(n byte) string { return pack.KeyID(privateKey(n).Public().(ed25519.PublicKey)) }

// packed makes a package test.one of a version. It asks for what change says, and is signed by keys.
func packed(t testing.TB, version string, change func(m *pack.Manifest), module []byte, keys ...byte) []byte {
	t.Helper()
	m := pack.Manifest{ABI: "cocoon1", ID: "test.one", Version: version, Entry: pack.ModuleFile}
	if change != nil {
		change(&m)
	}
	files := map[string][]byte{pack.ModuleFile: module}
	if m.Capabilities.Web != "" {
		files["web/page.html"] = []byte("<p>" + version)
	}
	if m.Description == "replaces" {
		files[pack.ReplaceFile] = []byte(`{"Former": [{"new_node_id": "One", "old_node_id": "Former", "input_mapping": [{"new_id": "x", "set_value": 3}, {"new_id": "y", "old_id": "z"}],
			"output_mapping": [{"new_idx": 0, "old_idx": 2}]}]}`)
	}
	var private []ed25519.PrivateKey
	for _, k := range keys {
		private = append(private, privateKey(k))
	}
	var b bytes.Buffer
	if err := pack.Write(&b, m, files, private...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asksKV(m *pack.Manifest) { m.Capabilities.KV = &pack.KVCap{} }

func newHost(t testing.TB, dir string) *wasmhost.Host {
	t.Helper()
	backend := cpu.New(cpu.Options{})
	h, err := wasmhost.New(t.Context(), wasmhost.Config{Backend: backend, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		backend.Close()
	})
	return h
}

func open(t testing.TB, c Config) *Manager {
	t.Helper()
	m, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// server is a manager that runs what it has, in a folder of its own, as a server does.
func server(t testing.TB, change func(c *Config)) (*Manager, *wasmhost.Host, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "extensions")
	h := newHost(t, dir)
	c := Config{Dir: dir, Loader: h, Erase: h.EraseData}
	if change != nil {
		change(&c)
	}
	return open(t, c), h, dir
}

func all(m pack.Manifest) *pack.Grant {
	g := m.Capabilities.All()
	return &g
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
