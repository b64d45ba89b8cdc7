package resample

import "math"

// Filter is one of Pillow's resampling filters.
type Filter uint8

// Pillow's filters, with their support in source pixels.
const (
	PilNearest  Filter = iota // the pixel under the centre
	PilBox                    // 0.5
	PilBilinear               // 1
	PilHamming                // 1
	PilBicubic                // 2, a = -0.5
	PilLanczos                // 3
)

func (f Filter) support() float64 {
	return [...]float64{PilNearest: 0, PilBox: 0.5, PilBilinear: 1, PilHamming: 1, PilBicubic: 2, PilLanczos: 3}[f]
}

// at gives the filter's height at a distance from the centre.
func (f Filter) at(x float64) float64 {
	if f == PilBox {
		if x > -0.5 && x <= 0.5 {
			return 1
		}
		return 0
	}
	if f == PilLanczos {
		if x >= -3 && x < 3 {
			return sinc(x) * sinc(x/3)
		}
		return 0
	}
	x = math.Abs(x)
	switch {
	case f == PilBilinear && x < 1:
		return 1 - x
	case f == PilHamming && x == 0:
		return 1
	case f == PilHamming && x < 1:
		x *= math.Pi
		return math.Sin(x) / x * (0.54 + 0.46*math.Cos(x))
	case f == PilBicubic && x < 1:
		return ((pilA+2)*x-(pilA+3))*x*x + 1
	case f == PilBicubic && x < 2:
		return (((x-5)*x+8)*x - 4) * pilA
	}
	return 0
}

const pilA = -0.5

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

// kernel is what one place along an axis takes from the source: weight k of pixel lo+k.
type kernel struct {
	lo, n int // first source pixel, number of weights
	at    int // index of the first weight
}

// kernels are the kernels of one axis.
type kernels struct {
	of     []kernel
	weight []float64 // each kernel's sum to 1
	fixed  []int32   // the same times 1<<fixedBits, rounded
}

// fixedBits leaves 8 bits for the pixel and 2 for overshoot in an int32.
const fixedBits = 32 - 8 - 2

// newKernels places a filter over n places of size source pixels.
func newKernels(n, size int, f Filter) kernels {
	scale := float64(size) / float64(n)
	wide := max(scale, 1)
	support := f.support() * wide
	taps := int(math.Ceil(support))*2 + 1
	k := kernels{of: make([]kernel, n), weight: make([]float64, 0, n*min(taps, size))}
	for i := range k.of {
		center := (float64(i) + 0.5) * scale
		lo := max(int(center-support+0.5), 0)
		hi := min(int(center+support+0.5), size)
		at := len(k.weight)
		sum := 0.0
		for x := range hi - lo {
			w := f.at((float64(x+lo) - center + 0.5) * (1 / wide))
			k.weight = append(k.weight, w)
			sum += w
		}
		if sum != 0 {
			for x := range k.weight[at:] {
				k.weight[at+x] /= sum
			}
		}
		k.of[i] = kernel{lo, hi - lo, at}
	}
	return k
}

// fix fills the fixed-point weights.
func (k *kernels) fix() {
	k.fixed = make([]int32, len(k.weight))
	for i, w := range k.weight {
		k.fixed[i] = int32(w*(1<<fixedBits) + math.Copysign(0.5, w))
	}
}
