package tensortest

import (
	"math/rand/v2"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// RandomProgram records a program of a dozen ops that a seed chooses, and compares the backend with the reference.
func RandomProgram(t *testing.T, b tensor.Backend, seed uint64) {
	t.Helper()
	g := &graph{Graph: tensor.NewGraph(), rnd: rand.New(rand.NewPCG(3, seed))}
	vals := []tensor.Ref{g.in(2, 6, 8), g.in(1, 6, 8), g.in(2, 1, 8), g.in(2, 6, 8)}
	for range 12 {
		vals = append(vals, g.step(vals))
	}
	g.Output(vals[len(vals)-1], vals[len(vals)-3], vals[4+g.rnd.IntN(6)])
	check(t, b, g.Program(), 1e-4, g.inputs...)
}

// step records one op on three-dimensional values; every result is tame enough for the next.
func (g *graph) step(vals []tensor.Ref) tensor.Ref {
	x := vals[g.rnd.IntN(len(vals))]
	y := vals[g.rnd.IntN(len(vals))]
	n := x.Dim(2)
	switch g.rnd.IntN(12) {
	case 0:
		if _, ok := tensor.Broadcast(x.Shape(), y.Shape()); ok {
			return g.Add(x, y)
		}
		return g.Affine(x, -0.5, 0.1)
	case 1:
		if _, ok := tensor.Broadcast(x.Shape(), y.Shape()); ok {
			return g.Unary(tensor.KindTanh, g.Mul(x, y))
		}
		return g.SiLU(x)
	case 2:
		return g.Slice(x, 2, n/4, n-n/4)
	case 3:
		return g.Permute(x, 1, 0, 2)
	case 4:
		return g.LayerNorm(x, g.w(tensor.F32, 1, n), tensor.None, 1e-2)
	case 5:
		y := g.Linear(x, g.w(tensor.F16, 0.3, n, n), g.w(tensor.F32, 0.1, n))
		return g.Add(y, x)
	case 6:
		return g.Unary(tensor.KindGELU, g.Linear(x, g.w(tensor.F32, 0.3, 8, n), tensor.None))
	case 7:
		return g.Softmax(x, g.rnd.IntN(3))
	case 8:
		return g.Attention(x, x, x, tensor.None, 1, g.rnd.IntN(2) == 0)
	case 9:
		return g.Concat(2, x, x)
	case 10:
		return g.GroupNorm(x, tensor.None, tensor.None, 1, 1e-2)
	}
	return g.Reshape(x, x.Dim(0)*x.Dim(1), 1, n)
}
