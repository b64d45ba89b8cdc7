package weightstest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGenerate(t *testing.T) {
	g, err := Generate(5, []byte(`{"n.weight": [[3], -2, 1.0], "m": [[2, 2], 0, 0]}`))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := g.Tensor("n.weight")
	if diff := cmp.Diff([]float32{0.8941511511802673, 1.1895873546600342, 1.1165205240249634}, got.F32()); diff != "" {
		t.Errorf("n.weight, seed 5 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"m", "n.weight"}, g.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if h := nameHash("a.weight"); h != 0xde73ae9d17c13f4e {
		t.Errorf("hash of a.weight = %x", h)
	}
	var seed uint64 = 7
	base := nameHash("a.weight") + seed*0xD1B54A32D192ED03
	want := []float64{-0.5784292221069336, 0.2453235387802124, 0.5598573684692383, -0.13852429389953613}
	for i, w := range want {
		if u := unit(base, i); u != w {
			t.Errorf("u(a.weight, 7)[%d] = %v, want %v", i, u, w)
		}
	}
}

func TestGenerateBadRecipe(t *testing.T) {
	for _, recipe := range []string{`{"a": 1}`, `{"a": [[-1], 0, 0]}`, `{"a": [[1], 0.5, 0]}`, `[`} {
		if _, err := Generate(0, []byte(recipe)); err == nil {
			t.Errorf("recipe %s is taken", recipe)
		}
	}
}
