package wasmhost

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// unitBytes is how many bytes of work of the host an addition of an element counts as, beside the bytes that it reads and
// writes. A processor does some 8 bytes of work in a nanosecond, so that limits on work are limits on time, by counting.
const unitBytes = 4

// costOf is the work of a program, before it runs: the bytes that its ops read and write, and what they compute.
func costOf(p *tensor.Program) int64 {
	moved := 0.0
	bytes := func(id tensor.ID) float64 {
		return float64(p.Values[id].Shape.Elems()) * float64(p.Values[id].DType.Size())
	}
	for i := range p.Ops {
		o := &p.Ops[i]
		moved += bytes(o.Out)
		for _, a := range o.Args {
			moved += bytes(a)
		}
	}
	return int64(min(moved+unitBytes*float64(tensor.Cost(p)), math.MaxInt64/2))
}
