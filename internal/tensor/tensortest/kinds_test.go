package tensortest

import (
	"math/rand/v2"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// TestEveryKindHasAnExample holds the examples to the list of kinds.
func TestEveryKindHasAnExample(t *testing.T) {
	for _, n := range []int{1, 5000, 1 << 20} {
		have := map[tensor.Kind]bool{}
		for _, e := range Examples(n) {
			if err := e.Program().Check(); err != nil {
				t.Errorf("%s: %v", e.Name, err)
			}
			have[e.Kind] = true
		}
		for _, k := range tensor.Kinds() {
			if !have[k] {
				t.Errorf("no example has the kind %v", k)
			}
		}
	}
}

// TestEveryKindHasACase holds the suite to the list of kinds: one without a program in it is a failure.
func TestEveryKindHasACase(t *testing.T) {
	have := map[tensor.Kind]bool{}
	for _, set := range sets() {
		for _, c := range set {
			g := &graph{Graph: tensor.NewGraph(), rnd: rand.New(rand.NewPCG(1, 1))}
			c.build(g)
			for _, o := range g.Program().Ops {
				have[o.Kind] = true
			}
		}
	}
	for _, k := range tensor.Kinds() {
		if !have[k] {
			t.Errorf("no case has the kind %v", k)
		}
	}
}
