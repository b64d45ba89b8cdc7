// Package deptest holds the import rules of the project as a test: one folder, one idea; imports point one way.
package deptest

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/cocoonhq/cocoon/"

// rule says what the packages below a folder may import of this project. A folder ends in "/..." when all below it counts.
type rule struct {
	from string
	to   []string
	why  string
}

// The first rule whose from matches a package holds for it. Every package may import its own folder's subfolders when its
// rule names them, and internal/fault.
var rules = []rule{
	{"cmd/...", []string{"..."}, "cmd wires everything together; nothing imports it"},
	{"server/web", nil, "the page is files and a handler"},
	{"server/filetype", nil, "types of files are a table"},
	{"server/reply", []string{"engine/doc"}, "answers are written without the server"},
	{"server/assetapi", []string{"server/filetype", "server/reply", "engine/doc", "internal/tenant", "internal/assets"}, "a catalogue is served without the engine"},
	{"server/...", []string{"server/...", "engine", "engine/node", "engine/doc", "internal/tenant", "internal/assets", "internal/workflow", "internal/imaging/..."}, "the server speaks the protocol and knows no node"},
	{"engine/doc", nil, "ordered JSON is a leaf"},
	{"engine/node", []string{"engine/doc"}, "what a node is stands below everything"},
	{"engine", []string{"engine/node", "engine/doc", "internal/tenant"}, "the engine moves values it cannot look into"},
	{"wasmhost/kv", []string{"internal/tenant"}, "a store knows no guest"},
	{"wasmhost/mail", []string{"internal/tenant", "sdk-wasm/abi"}, "mailboxes know no guest"},
	{"wasmhost/bulkhead", []string{"internal/tenant"}, "places know no call"},
	{"wasmhost/pack", []string{"sdk-wasm/abi"}, "a package is bytes and what they ask for"},
	{"wasmhost/egress", []string{"wasmhost/pack", "sdk-wasm/abi"}, "requests know rules and no call"},
	{"wasmhost/route", []string{"wasmhost/pack", "sdk-wasm/abi"}, "HTTP of routes knows no call"},
	{"wasmhost/describe", []string{"engine/node", "wasmhost/pack", "sdk-wasm/abi"}, "a description is read without its guest"},
	{"wasmhost/picture", []string{"internal/imaging", "internal/tensor", "sdk-wasm/abi"}, "pictures are written without a call"},
	{"wasmhost/wasm/...", []string{"wasmhost/wasm/..."}, "the format is a leaf"},
	{"wasmhost/fuel", []string{"wasmhost/wasm/..."}, "the meter knows the format only"},
	{"wasmhost/slot", []string{"wasmhost/fuel"}, "slots run metered modules and know no host"},
	{"wasmhost/jail", []string{"wasmhost/slot"}, "the compiler's process knows engines only"},
	{"wasmhost/code", []string{"wasmhost/wasm", "wasmhost/fuel", "wasmhost/jail", "sdk-wasm/abi"}, "bytes become code without a host"},
	{"wasmhost/worker", []string{"wasmhost/wasm", "wasmhost/fuel", "wasmhost/jail", "wasmhost/slot"}, "the other process has slots and no host"},
	{"wasmhost/...", []string{"wasmhost/...", "engine/node", "engine/doc", "internal/value", "internal/tensor", "internal/tenant", "internal/imaging/...", "sdk-wasm/abi"}, "guests become nodes and routes"},
	{"nodes-builtin/...", []string{"nodes-builtin/...", "engine/node", "engine/doc", "internal/value", "internal/models", "internal/diffusion/...", "internal/tensor/...", "internal/weights", "internal/imaging/..."}, "nodes use the parts and no server"},
	{"cuda/...", []string{"cuda/...", "internal/tensor"}, "a backend knows tensors only"},
	{"sdk-wasm/...", []string{"sdk-wasm/..."}, "guests get no host code"},
	{"internal/jobs/...", []string{"engine", "engine/node", "engine/doc", "internal/tenant", "internal/jobs/..."}, "a job store serves the engine"},
	{"internal/store/...", []string{"engine", "internal/tenant", "internal/store/..."}, "a file store serves the engine"},
	{"internal/bus/...", []string{"engine", "internal/tenant", "internal/bus/..."}, "a bus serves the engine"},
	{"internal/testpack", []string{"engine/node", "engine/doc", "internal/value", "internal/tensor", "internal/imaging/..."}, "test nodes are nodes"},
	{"internal/testpack/wasmpack", []string{"wasmhost", "sdk-wasm"}, "the test nodes again, as guests"},
	{"internal/models", []string{"internal/diffusion/...", "internal/weights", "internal/tensor"}, "models says which weights are where"},
	{"internal/diffusion/...", []string{"internal/diffusion/...", "internal/value", "internal/nn", "internal/tokenizer/...", "internal/weights", "internal/tensor/..."}, "networks know no files and no nodes"},
	{"internal/nn", []string{"internal/weights", "internal/tensor"}, "layers know weights and tensors"},
	{"internal/weights/...", []string{"internal/weights/...", "internal/tensor"}, "weights are named tensors"},
	{"internal/value", []string{"engine/node", "internal/tensor"}, "values are what links carry"},
	{"internal/workflow", []string{"engine/node"}, "workflows become prompts"},
	{"internal/demo", nil, "a file and how to unpack it"},
	{"internal/crash", nil, "for tests only"},
	{"internal/frontend", nil, "installed packages are files on a shelf"},
	{"internal/comfytest", nil, "the API suite knows a server by its URL only"},
	{"internal/tensor/...", []string{"internal/tensor/..."}, "tensors are a leaf"},
	{"internal/tokenizer/...", []string{"internal/tokenizer/..."}, "tokenizers are a leaf"},
	{"internal/imaging/...", []string{"internal/imaging/..."}, "pictures are a leaf"},
	{"internal/assets", []string{"internal/tenant"}, "a catalogue of files and no server"},
	{"internal/keys", []string{"internal/tenant"}, "a store of keys; what they allow is decided in tenant"},
	{"internal/tenant", nil, "decisions are pure"},
	{"internal/fault", nil, "everybody imports it"},
	{"internal/golden", nil, "for tests only"},
	{"internal/deptest", nil, "for tests only"},
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		r, ok := find(from)
		if !ok {
			t.Errorf("%s has no rule: give the new room a row here and in the style guide", from)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module)
			if ours && to != "internal/fault" && !allowed(r, to) && !forTests(from) {
				t.Errorf("%s imports %s: %s", from, to, r.why)
			}
			if ours && forTests(to) && !forTests(from) {
				t.Errorf("%s imports %s outside of its tests", from, to)
			}
		}
	}
}

// TestRulesOnce: each folder has one rule, and none stands behind one that takes its packages first.
func TestRulesOnce(t *testing.T) {
	for i, r := range rules {
		for _, before := range rules[:i] {
			if before.from == r.from || match(before.from, strings.TrimSuffix(r.from, "/...")) {
				t.Errorf("the rule for %s is never reached: %s comes before it", r.from, before.from)
			}
		}
	}
}

func find(from string) (rule, bool) {
	for _, r := range rules {
		if match(r.from, from) {
			return r, true
		}
	}
	return rule{}, false
}

func allowed(r rule, to string) bool {
	for _, a := range r.to {
		if match(a, to) {
			return true
		}
	}
	return false
}

func match(pattern, p string) bool {
	if pattern == "..." {
		return true
	}
	base, deep := strings.CutSuffix(pattern, "/...")
	return p == base || deep && strings.HasPrefix(p, base+"/")
}

// forTests reports whether a package exists for tests only: golden, and every suite (tensortest, jobstest, …).
func forTests(p string) bool {
	return p == "internal/golden" || strings.HasSuffix(p, "test") && p != "internal/comfytest"
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
