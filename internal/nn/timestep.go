package nn

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Timesteps gives the sinusoidal embedding of timesteps: F32 [len(t), dim], cosines first, then sines, over geometrically
// falling frequencies from 1 to 1/period. An odd dim ends in a zero. Source: arXiv:1706.03762, section 3.5.
//
// Compat: the reference takes the frequency and the angle in float32, which shows in the result at large timesteps.
func Timesteps(t []float32, dim int, period float64) *tensor.Tensor {
	out := tensor.New(tensor.F32, len(t), dim)
	SetTimesteps(out, t, period)
	return out
}

// SetTimesteps writes the embedding into dst, F32 [len(t), dim].
func SetTimesteps(dst *tensor.Tensor, t []float32, period float64) {
	dim := dst.Dim(1)
	half, rows := dim/2, dst.F32()
	step := float32(-math.Log(period))
	for j := range half {
		freq := float32(math.Exp(float64(step * float32(j) / float32(half))))
		for i, v := range t {
			angle := float64(v * freq)
			rows[i*dim+j] = float32(math.Cos(angle))
			rows[i*dim+half+j] = float32(math.Sin(angle))
		}
	}
	if dim%2 == 1 {
		for i := range t {
			rows[i*dim+dim-1] = 0
		}
	}
}
