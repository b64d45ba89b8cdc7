package nodes

import (
	"slices"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
)

// What a node of the past becomes is here, has all inputs that the replacement fills, and needs no other.
func TestReplacements(t *testing.T) {
	reg, err := node.NewRegistry(Pure()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Replacements() {
		if _, taken := reg.Core(r.Old); taken {
			t.Errorf("%q is a node, and needs no replacement", r.Old)
		}
		n, ok := reg.Core(r.New)
		if !ok {
			t.Errorf("%q becomes %q, which is no node", r.Old, r.New)
			continue
		}
		var filled, declared []string
		for _, m := range r.Inputs {
			filled = append(filled, m.New)
		}
		for _, in := range n.Schema().Inputs {
			declared = append(declared, in.Name)
		}
		if !slices.Equal(filled, declared) {
			t.Errorf("%q fills %v of %v", r.Old, filled, declared)
		}
	}
}
