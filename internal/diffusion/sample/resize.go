package sample

import "github.com/cocoonhq/cocoon/internal/tensor"

// resizeLinear resizes dimension d of a contiguous F32 tensor to n by linear interpolation between cell centres.
func resizeLinear(t *tensor.Tensor, d, n int) *tensor.Tensor {
	have := t.Dim(d)
	if have == n {
		return t
	}
	shape := t.Shape().Clone()
	shape[d] = n
	out := tensor.New(tensor.F32, shape...)
	inner := shape[d+1:].Elems()
	src, dst := t.F32(), out.F32()
	scale := float32(have) / float32(n)
	for o := range shape[:d].Elems() {
		for i := range n {
			at := max((float32(i)+0.5)*scale-0.5, 0)
			low := min(int(at), have-1)
			high, w := min(low+1, have-1), at-float32(low)
			a, b := src[(o*have+low)*inner:], src[(o*have+high)*inner:]
			line := dst[(o*n+i)*inner:][:inner]
			for k := range line {
				line[k] = a[k]*(1-w) + b[k]*w
			}
		}
	}
	return out
}

// latentMask brings a noise mask to a latent's shape: [height, width] planes, one or one an item, resized, repeated over
// channels and items.
func latentMask(mask *tensor.Tensor, shape tensor.Shape) (*tensor.Tensor, error) {
	dims := len(shape) - 2
	if n := len(mask.Shape()); mask.DType() != tensor.F32 || mask.Elems() == 0 || n > len(shape) || n < min(dims, 2) {
		return nil, misfit("the noise mask", mask, shape)
	}
	mask = mask.Dense()
	switch {
	case dims == 2:
		mask = mask.Reshape(-1, 1, mask.Dim(-2), mask.Dim(-1))
	case dims == 3 && len(mask.Shape()) < 5:
		mask = mask.Reshape(1, 1, -1, mask.Dim(-2), mask.Dim(-1))
	case dims == 1 && len(mask.Shape()) < 3:
		mask = mask.Reshape(-1, 1, mask.Dim(-1))
	}
	if len(mask.Shape()) != len(shape) {
		return nil, misfit("the noise mask", mask, shape)
	}
	for d := 2; d < len(shape); d++ {
		mask = resizeLinear(mask, d, shape[d])
	}
	if mask.Dim(1) < shape[1] {
		mask = repeatDim(mask, 1, shape[1])
	}
	if mask = repeatDim(mask, 0, shape[0]); !mask.Shape().Equal(shape) {
		return nil, misfit("the noise mask", mask, shape)
	}
	return mask, nil
}
