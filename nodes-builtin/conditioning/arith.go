package conditioning

import (
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

func first(c value.Conditioning) (value.Cond, error) {
	if len(c) == 0 {
		return value.Cond{}, fault.New(fault.BadTensor, "conditioning_from is empty; connect an encoded text")
	}
	return c[0], nil
}

// scale multiplies every value.
func scale(t *tensor.Tensor, by float64) *tensor.Tensor {
	out := t.Clone()
	k := float32(by)
	for i, v := range out.F32() {
		out.F32()[i] = v * k
	}
	return out
}

// mix is to*strength + from*(1-strength), broadcast over batches of one.
func mix(to, from *tensor.Tensor, strength float64) (*tensor.Tensor, error) {
	if !to.Shape()[1:].Equal(from.Shape()[1:]) || (to.Dim(0) != from.Dim(0) && to.Dim(0) != 1 && from.Dim(0) != 1) {
		return nil, fault.New(fault.BadTensor, "conditionings of shapes %v and %v cannot be averaged; both must come from the same kind of model",
			to.Shape(), from.Shape())
	}
	shape := to.Shape().Clone()
	shape[0] = max(to.Dim(0), from.Dim(0))
	out := tensor.New(tensor.F32, shape...)
	dst, a, b := out.F32(), to.Dense().F32(), from.Dense().F32()
	ka, kb := float32(strength), float32(1-strength)
	for i := range dst {
		dst[i] = a[i%len(a)]*ka + b[i%len(b)]*kb
	}
	return out, nil
}

// fitTokens cuts or pads [batch, tokens, width] with zeros to a number of tokens.
func fitTokens(t *tensor.Tensor, tokens int) (*tensor.Tensor, error) {
	if t.Dim(1) >= tokens {
		return t.Slice(1, 0, tokens), nil
	}
	return joinTokens(t, tensor.New(tensor.F32, t.Dim(0), tokens-t.Dim(1), t.Dim(2)))
}

// joinTokens puts b's tokens behind a's.
func joinTokens(a, b *tensor.Tensor) (*tensor.Tensor, error) {
	if a.Dim(0) != b.Dim(0) || a.Dim(2) != b.Dim(2) {
		return nil, fault.New(fault.BadTensor, "conditionings of shapes %v and %v cannot be joined; both must come from the same kind of model",
			a.Shape(), b.Shape())
	}
	n, ta, tb, w := a.Dim(0), a.Dim(1), b.Dim(1), a.Dim(2)
	out := tensor.New(tensor.F32, n, ta+tb, w)
	dst, sa, sb := out.F32(), a.Dense().F32(), b.Dense().F32()
	for i := range n {
		row := dst[i*(ta+tb)*w:]
		copy(row, sa[i*ta*w:(i+1)*ta*w])
		copy(row[ta*w:], sb[i*tb*w:(i+1)*tb*w])
	}
	return out, nil
}
