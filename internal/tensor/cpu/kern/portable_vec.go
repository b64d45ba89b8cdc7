package kern

import "math"

func each(f func(float32) float32) func(dst, x []float32) {
	return func(dst, x []float32) {
		x = x[:len(dst)]
		for i := range dst {
			dst[i] = f(x[i])
		}
	}
}

// Constants of exp: a range reduction by ln 2 in two parts and a polynomial on ±ln 2/2, interpolated at Chebyshev nodes
// (relative error 3e-9).
const (
	log2e = math.Log2E
	ln2Hi = 0.693359375
	ln2Lo = -2.12194440e-4
	expLo = -104
	expHi = 89
	exp2  = 0.5000000047401394
	exp3  = 0.1666641450716956
	exp4  = 0.04166635163844457
	exp5  = 0.008375210200870016
	exp6  = 0.0013941213100006336
)

func exp32(x float32) float32 {
	if !(x > expLo) {
		if x != x {
			return x
		}
		x = expLo
	}
	x = min(x, expHi)
	n := float32(math.RoundToEven(float64(x * log2e)))
	r := x - n*ln2Hi
	r -= n * ln2Lo
	p := float32(exp6)
	p = p*r + exp5
	p = p*r + exp4
	p = p*r + exp3
	p = p*r + exp2
	p = p*r + 1
	p = p*r + 1
	k := int32(n)
	h := k >> 1 // in two steps, so that results at both ends of the range come out
	return p * math.Float32frombits(uint32(h+127)<<23) * math.Float32frombits(uint32(k-h+127)<<23)
}

func sigmoid(x float32) float32   { return 1 / (1 + exp32(-x)) }
func silu(x float32) float32      { return x / (1 + exp32(-x)) }
func quickGELU(x float32) float32 { return x / (1 + exp32(-1.702*x)) }

// geluTanhA and geluTanhB are -2 sqrt(2/π) and 0.044715 times it.
const (
	geluTanhA = -1.5957691216057308
	geluTanhB = geluTanhA * 0.044715
)

func geluTanh(x float32) float32 { return x / (1 + exp32(x*(geluTanhA+geluTanhB*x*x))) }

// tanh uses exp away from 0 and a rational function near it. Source of the coefficients: Eigen's ptanh.
func tanh(x float32) float32 {
	x = clamp(x, 7.90531110763549805)
	z := x * x
	p := float32(-2.76076847742355e-16)
	for _, c := range tanhP {
		p = p*z + c
	}
	q := float32(tanhQ0)
	for _, c := range tanhQ {
		q = q*z + c
	}
	return x * p / q
}

const tanhQ0 = 1.19825839466702e-06

var (
	tanhP = [...]float32{2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08, 1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03}
	tanhQ = [...]float32{1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03}
)

// erf is a rational function on ±4. Source of the coefficients: Eigen's erf.
func erf(x float32) float32 {
	x = clamp(x, 4)
	z := x * x
	p := float32(erfP0)
	for _, c := range erfP {
		p = p*z + c
	}
	q := float32(erfQ0)
	for _, c := range erfQ {
		q = q*z + c
	}
	return x * p / q
}

const (
	erfP0 = -2.72614225801306e-10
	erfQ0 = -1.45660718464996e-05
)

var (
	erfP = [...]float32{2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05, -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02}
	erfQ = [...]float32{-2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03, -1.42647390514189e-02}
)

func gelu(x float32) float32 {
	h := 0.5 * x
	return h + h*erf(x*(1/math.Sqrt2))
}

func clamp(x, most float32) float32 {
	if x < -most {
		return -most
	}
	if x > most {
		return most
	}
	return x
}

func relu(x float32) float32 {
	if x < 0 {
		return 0
	}
	return x
}

func add(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

func sub(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

func mul(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

func div(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] / y[i]
	}
}

func minOf(dst, x, y []float32) {
	for i := range dst {
		dst[i] = min(x[i], y[i])
	}
}

func maxOf(dst, x, y []float32) {
	for i := range dst {
		dst[i] = max(x[i], y[i])
	}
}

func affine(dst, x []float32, scale, shift float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i]*scale + shift
	}
}

func scaleShift(dst, x, a, b []float32) {
	x, a, b = x[:len(dst)], a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = x[i]*a[i] + b[i]
	}
}

func scaleShiftSiLU(dst, x, a, b []float32) {
	for i := range dst {
		dst[i] = silu(x[i]*a[i] + b[i])
	}
}

func addScaled(dst, x []float32, scale float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += x[i] * scale
	}
}

func sum(x []float32) float32 {
	var s [4]float32
	for len(x) >= 4 {
		s[0] += x[0]
		s[1] += x[1]
		s[2] += x[2]
		s[3] += x[3]
		x = x[4:]
	}
	for i, v := range x {
		s[i] += v
	}
	return s[0] + s[1] + (s[2] + s[3])
}

func sumSq(x []float32, mean float32) float32 {
	var s [4]float32
	for i, v := range x {
		d := v - mean
		s[i&3] += d * d
	}
	return s[0] + s[1] + (s[2] + s[3])
}

func largest(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

func expSum(dst, x []float32, scale, most float32) float32 {
	var s [4]float32
	for i := range dst {
		e := exp32(x[i]*scale - most)
		dst[i] = e
		s[i&3] += e
	}
	return s[0] + s[1] + (s[2] + s[3])
}

func stats(sum, sq, shift, x []float32, ld, rows int) {
	for r := range rows {
		row := x[r*ld:][:len(sum)]
		for i, v := range row {
			d := v - shift[i]
			sum[i] += d
			sq[i] += d * d
		}
	}
}
