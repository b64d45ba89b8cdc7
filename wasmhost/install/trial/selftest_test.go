package trial

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/jail"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
	"github.com/cocoonhq/cocoon/wasmhost/wasmtest"
)

func TestMain(m *testing.M) {
	if jail.Main() {
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

const examples = "../../../sdk-wasm/examples/go/"

func example(t testing.TB, name string) (*pack.Manifest, []byte) {
	t.Helper()
	b, err := os.ReadFile(examples + name + "/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := pack.ParseManifest(b)
	if err != nil {
		t.Fatal(err)
	}
	return m, wasmtest.Go(t, "github.com/cocoonhq/cocoon/sdk-wasm/examples/go/"+name)
}

func config(t testing.TB) Config {
	backend := cpu.New(cpu.Options{})
	t.Cleanup(func() { _ = backend.Close() })
	return Config{Backend: backend}
}

func TestVectorsOfANode(t *testing.T) {
	if testing.Short() {
		t.Skip("interprets guests, which takes minutes under the race detector")
	}
	m, module := example(t, "glow")
	c := config(t)
	vectors, err := ParseVectors([]byte(`{"vectors": [
		{"name": "runs", "node": "ExampleGlowGo", "inputs": {"image": {"$image": {"shape": [1, 8, 8, 3]}}}},
		{"name": "no light changes nothing", "node": "ExampleGlowGo", "inputs": {"image": {"$image": {"shape": [1, 2, 2, 3], "fill": "half"}}, "amount": 0},
			"outputs": [{"$image": {"shape": [1, 2, 2, 3], "samples": [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]}}]},
		{"name": "wrong", "node": "ExampleGlowGo", "inputs": {"image": {"$image": {"shape": [1, 2, 2, 3], "fill": "half"}}, "amount": 0},
			"outputs": [{"$image": {"shape": [1, 2, 2, 4]}}]},
		{"name": "no node", "node": "Nobody"}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	results, err := Run(t.Context(), c, m, module, vectors)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "", "the shape is", "no node"} {
		r := results[i]
		if (r.Err == nil) != (want == "") || r.Err != nil && !strings.Contains(r.Err.Error(), want) {
			t.Errorf("%s: %v, want %q", r.Vector.Name, r.Err, want)
		}
		if want == "" && (!r.Twice || r.Fuel == 0) {
			t.Errorf("%+v", r)
		}
	}
	var kept picture
	tag, inner := untag(results[0].Outputs[0])
	if err := json.Unmarshal(inner, &kept); err != nil || tag != "$image" || len(kept.Samples) != maxSamples {
		t.Errorf("%s, %v", results[0].Outputs, err)
	}
	vectors[0].Outputs = results[0].Outputs
	text, err := FormatVectors(vectors[:2])
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), c, packed(t, *m, module, VectorsJSON, text)); err != nil {
		t.Error(err)
	}
	text = bytes.ReplaceAll(text, []byte("0.5"), []byte("0.7"))
	if err := Check(t.Context(), c, packed(t, *m, module, VectorsJSON, text)); err == nil || !strings.Contains(err.Error(), "no light changes nothing") {
		t.Error(err)
	}
}

func packed(t testing.TB, m pack.Manifest, module []byte, name string, vectors []byte) *pack.Package {
	t.Helper()
	var b bytes.Buffer
	if err := pack.Write(&b, m, map[string][]byte{pack.ModuleFile: module, name: vectors}); err != nil {
		t.Fatal(err)
	}
	p, err := pack.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLazyInputsAndTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("interprets guests, which takes minutes under the race detector")
	}
	m, module := example(t, "either")
	v, err := abi.Append(nil, map[string]any{"vectors": []any{
		map[string]any{"name": "needs b", "node": "ExampleEitherGo", "inputs": map[string]any{"first": false}, "need": []any{"b"}},
		map[string]any{"name": "gives b", "node": "ExampleEitherGo", "inputs": map[string]any{"first": false, "b": "größer"}, "outputs": []any{"größer"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), config(t), packed(t, *m, module, VectorsCBOR, v)); err != nil {
		t.Error(err)
	}
}

func TestRoutes(t *testing.T) {
	if testing.Short() {
		t.Skip("interprets guests, which takes minutes under the race detector")
	}
	m, module := example(t, "notes")
	vectors := []Vector{
		{Name: "unknown", Request: &Request{Path: "/nothing/here"}, Answer: &Answer{Status: 404}},
		{Name: "wrong", Request: &Request{Path: "/nothing/here"}, Answer: &Answer{Status: 200}},
	}
	for _, r := range m.Capabilities.Routes {
		if method, path, _ := pack.SplitRoute(r); method == "GET" && !strings.Contains(path, ":") && path != "/changes" { // a stream that ends after minutes
			vectors = append(vectors, Vector{Name: r, Request: &Request{Path: path}, Answer: &Answer{Status: 200}})
		}
	}
	results, err := Run(t.Context(), config(t), m, module, vectors)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if (r.Err != nil) != (i == 1) {
			t.Errorf("%s: %v", r.Vector.Name, r.Err)
		}
	}
}

func TestInputsMadeUp(t *testing.T) {
	if testing.Short() {
		t.Skip("interprets guests, which takes minutes under the race detector")
	}
	m, module := example(t, "glow")
	b, err := Start(t.Context(), config(t), m, module, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	n, err := b.Node("ExampleGlowGo")
	if err != nil {
		t.Fatal(err)
	}
	v, err := Made(t.Context(), n.Schema(), 32, 16)
	if err != nil {
		t.Fatal(err)
	}
	args, err := v.Args(t.Context(), n.Schema())
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Call(t.Context(), n, args)
	if err != nil {
		t.Fatal(err)
	}
	if err := holdsValue(r.Outputs[0], json.RawMessage(`{"$image":{"shape":[1,16,32,3]}}`)); err != nil {
		t.Error(err)
	}
}

func TestBadVectors(t *testing.T) {
	for _, bad := range []string{"", "{", `{"vectors":[{"name":"x"}]}`, `{"vectors":[{"name":"x","node":"a","request":{"path":"/"}}]}`, `{"vectors":[{"node":"a"}]}`, `{"other":1}`} {
		if _, err := ParseVectors([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, bad := range []string{`{"$image":{"shape":[1,2,3]}}`, `{"$image":{"shape":[4096,4096,4096,4096]}}`, `{"$image":{"shape":[-1,2,3,4]}}`, `{"$mask":{"shape":[1,1,1],"fill":"x"}}`, `{"$list":3}`} {
		if v, err := readValue(json.RawMessage(bad), "IMAGE"); err == nil {
			t.Errorf("%s is %v", bad, v)
		}
	}
}

func FuzzVectors(f *testing.F) {
	f.Add([]byte(`{"vectors":[{"name":"a","node":"N","inputs":{"x":{"$image":{"shape":[1,2,2,3]}}},"outputs":[{"$list":[1,{"$mask":{"shape":[1,1,1],"samples":[0]}}]}]}]}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		list, err := ParseVectors(b)
		if err != nil {
			list, err = parseCBOR(b)
		}
		if err != nil {
			return
		}
		for _, v := range list {
			for _, raw := range v.Inputs {
				if x, err := readValue(raw, "IMAGE"); err == nil {
					for _, want := range v.Outputs {
						_ = holdsValue(x, want)
					}
				}
			}
		}
	})
}
