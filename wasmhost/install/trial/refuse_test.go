package trial

import (
	"strings"
	"testing"
)

// A node's own check looks at a test's constants before the node runs.
func TestRefuses(t *testing.T) {
	if testing.Short() {
		t.Skip("interprets guests, which takes minutes under the race detector")
	}
	m, module := example(t, "execution-pack")
	vectors, err := ParseVectors([]byte(`{"vectors": [
		{"name": "constants", "node": "TestCustomValidation1", "inputs": {"input1": "x", "input2": 0.5}, "error": "Invalid type of input1"},
		{"name": "linked", "node": "TestCustomValidation2", "inputs": {"input1": {"$image": {"shape": [1, 2, 2, 3]}}, "input2": 0.5}},
		{"name": "not said", "node": "TestCustomValidation1", "inputs": {"input1": "x", "input2": 0.5}}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	results, err := Run(t.Context(), config(t), m, module, vectors)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "", "Invalid type of input1"} {
		if r := results[i]; (r.Err == nil) != (want == "") || r.Err != nil && !strings.Contains(r.Err.Error(), want) {
			t.Errorf("%s: %v, want %q", r.Vector.Name, r.Err, want)
		}
	}
}
