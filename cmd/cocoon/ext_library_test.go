package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// described is a guest with one node of a class, which it only describes.
func described(t *testing.T, class string) []byte {
	t.Helper()
	b, err := abi.Append(nil, map[string]any{"nodes": []any{map[string]any{"id": class, "category": "lenses", "inputs": []any{}, "outputs": []any{map[string]any{"name": "n", "type": "INT"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	m := asm.New()
	reply := m.Import("cocoon1", "reply", "ii:")
	m.Memory(4, -1)
	m.Data(1024, b)
	m.Export("memory", 2, 0)
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", asm.Code(asm.I32(1024), asm.I32(int32(len(b))), asm.I(0x10, reply), asm.I32(0))))
	return m.Bytes()
}

// TestLibraryOfAPackage installs a package with all that clients show, updates and removes it, and looks what two tenants see.
func TestLibraryOfAPackage(t *testing.T) {
	h, key := newHouse(t, authFlags{}), newKey(t)
	alice, bob := h.guest("alice", tenant.User), h.guest("bob", tenant.User)
	lens := func(version string) []byte {
		var b bytes.Buffer
		if err := pack.Write(&b, pack.Manifest{ABI: "cocoon1", ID: "acme.lens", Version: version, Entry: pack.ModuleFile}, map[string][]byte{
			pack.ModuleFile:            described(t, "AcmeLens"),
			"locales/de/nodeDefs.json": []byte(`{"AcmeLens": {"display_name": "Linse ` + version + `"}, "KSampler": {"display_name": "stolen"}}`),
			"locales/de/main.json":     []byte(`{"nodeCategories": {"lenses": "Linsen", "image": "stolen"}}`),
			"docs/AcmeLens.md":         []byte("# Lens " + version + "\n<script>1</script>"),
			"workflows/Bend.json":      []byte(`{"nodes": [], "extra": {"version": "` + version + `"}}`),
			"workflows/Bend.jpg":       []byte("\xff\xd8" + version),
			"subgraphs/Blur.json":      []byte(`{"nodes": [{"type": "u"}], "definitions": {"subgraphs": [{"id": "u"}]}, "extra": {"version": "` + version + `"}}`),
		}, key); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	see := func(step string, g guest, version string) {
		t.Helper()
		for _, x := range []struct{ path, want string }{
			{"/i18n", `"AcmeLens": {"display_name": "Linse ` + version + `"}`}, {"/api/i18n", `"nodeCategories": {"lenses": "Linsen"}`}, {"/workflow_templates", `"acme.lens": ["Bend"]`},
			{"/api/workflow_templates/acme.lens/Bend.json", `"version": "` + version}, {"/api/workflow_templates/acme.lens/Bend.jpg", version}, {"/global_subgraphs", `"name": "Blur", "info": {"node_pack": "custom_nodes.acme.lens"}`},
			{"/extensions/acme_lens/docs/AcmeLens/de.md", "# Lens " + version + "\n&lt;script>1"}, {"/object_info/AcmeLens", `"python_module":"custom_nodes.acme_lens"`},
		} {
			status, b := g.ask("GET", x.path, "")
			if has := status == 200 && strings.Contains(strings.ReplaceAll(b, `": "custom_nodes.acme_lens`, `":"custom_nodes.acme_lens`), x.want); has != (version != "") || strings.Contains(b, "stolen") {
				t.Errorf("%s: %s is %d %.300s; want %s", step, x.path, status, b, x.want)
			}
		}
	}
	const at = "/cocoon/extensions/acme.lens"
	see("before", alice, "")
	for _, version := range []string{"1.0.0", "1.1.0"} {
		alice.must("POST", at+"/install", consents(alice.offered(lens(version), "")))
		see("installed "+version, alice, version)
		see("installed "+version, bob, "")
	}
	alice.must("DELETE", at, "")
	see("removed", alice, "")
}
