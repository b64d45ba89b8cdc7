package interp

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// picture runs the kinds on [b, h, w, c].
func (c *call) picture() {
	x, out := c.args[0].shape, c.out.shape
	var ys, xs [][]tap
	if c.op.Kind == tensor.KindResize {
		ys, xs = taps(x[1], out[1], c.int(0)), taps(x[2], out[2], c.int(0))
	} else {
		ys, xs = windows(out[1], c.int(0), c.int(2)), windows(out[2], c.int(1), c.int(3))
	}
	each(out, func(i int, at []int) {
		sum, most := 0.0, math.Inf(-1)
		for _, ty := range ys[at[1]] {
			for _, tx := range xs[at[2]] {
				v := c.args[0].v[((at[0]*x[1]+ty.at)*x[2]+tx.at)*x[3]+at[3]]
				sum += v * ty.weight * tx.weight
				most = max(most, v)
			}
		}
		if c.out.v[i] = sum; c.op.Kind == tensor.KindMaxPool {
			c.out.v[i] = most
		}
	})
}

// tap is one source position and its share in the result.
type tap struct {
	at     int
	weight float64
}

// windows are the taps of pooling by averages.
func windows(out, kernel, stride int) [][]tap {
	all := make([][]tap, out)
	for i := range all {
		for k := range kernel {
			all[i] = append(all[i], tap{i*stride + k, 1 / float64(kernel)})
		}
	}
	return all
}

// taps are the sources of each position when n positions are resized to out, as torch's interpolate has them with
// align_corners false. The nearest filters compute in float32, as torch does, because a rounding there moves a pixel.
func taps(n, out, filter int) [][]tap {
	all := make([][]tap, out)
	scale, scale32 := float64(n)/float64(out), float32(n)/float32(out)
	for i := range all {
		src := (float64(i)+0.5)*scale - 0.5
		switch filter {
		case tensor.Nearest:
			all[i] = []tap{{min(int(float32(i)*scale32), n-1), 1}}
		case tensor.NearestExact:
			all[i] = []tap{{min(int((float32(i)+0.5)*scale32), n-1), 1}}
		case tensor.Bilinear:
			src = max(src, 0)
			at := min(int(src), n-1)
			t := min(src-float64(at), 1)
			all[i] = []tap{{at, 1 - t}, {min(at+1, n-1), t}}
		case tensor.Bicubic:
			at := int(math.Floor(src))
			for k, w := range cubic(src - float64(at)) {
				all[i] = append(all[i], tap{min(max(at-1+k, 0), n-1), w})
			}
		case tensor.Area:
			from, to := i*n/out, ((i+1)*n+out-1)/out
			for k := from; k < to; k++ {
				all[i] = append(all[i], tap{k, 1 / float64(to-from)})
			}
		}
	}
	return all
}

// cubic is the weights of the four taps around a position t past the second, by Keys' kernel with a = -0.75.
func cubic(t float64) [4]float64 {
	const a = -0.75
	near := func(x float64) float64 { return ((a+2)*x-(a+3))*x*x + 1 }
	far := func(x float64) float64 { return ((a*x-5*a)*x+8*a)*x - 4*a }
	return [4]float64{far(t + 1), near(t), near(1 - t), far(2 - t)}
}
