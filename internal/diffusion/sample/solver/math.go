package solver

import "math"

func exp(x float32) float32   { return float32(math.Exp(float64(x))) }
func expm1(x float32) float32 { return float32(math.Expm1(float64(x))) }
func log(x float32) float32   { return float32(math.Log(float64(x))) }
func sqrt(x float32) float32  { return float32(math.Sqrt(float64(x))) }
func pow(x, y float32) float32 {
	return float32(math.Pow(float64(x), float64(y)))
}

func isNaN(x float32) bool { return x != x }

// orZero is x, or 0 where it is not a number.
func orZero(x float32) float32 {
	if isNaN(x) {
		return 0
	}
	return x
}

// lerp goes the part t of the way from a to b.
func lerp(a, b, t float32) float32 {
	if t < 0.5 {
		return a + t*(b-a)
	}
	return b - (b-a)*(1-t)
}

// ancestral splits a step into one down to a lower level and noise back up. eta scales the noise.
func ancestral(from, to, eta float32) (down, up float32) {
	if eta == 0 {
		return to, 0
	}
	up = to
	if u := eta * sqrt(to*to*(from*from-to*to)/(from*from)); u < to {
		up = u
	}
	return sqrt(to*to - up*up), up
}

// flowAncestral is ancestral for flows: after going down, the latent is scaled by keep before the noise is added.
func flowAncestral(from, to, eta float32) (down, keep, up float32) {
	down = to * (1 + (to/from-1)*eta)
	keep = (1 - to) / (1 - down)
	return down, keep, sqrt(to*to - down*down*((1-to)*(1-to))/((1-down)*(1-down)))
}

// add adds a·v to dst.
func add(dst []float32, a float32, v []float32) {
	v = v[:len(dst)]
	for i := range dst {
		dst[i] += a * v[i]
	}
}

// addDiff adds c·(a - b) to dst.
func addDiff(dst []float32, c float32, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += c * (a[i] - b[i])
	}
}

// mix writes a·x + b·y. dst may be x or y.
func mix(dst []float32, a float32, x []float32, b float32, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = a*x[i] + b*y[i]
	}
}

// mix3 writes a·x + b·y + c·z. dst may be any of them.
func mix3(dst []float32, a float32, x []float32, b float32, y []float32, c float32, z []float32) {
	x, y, z = x[:len(dst)], y[:len(dst)], z[:len(dst)]
	for i := range dst {
		dst[i] = a*x[i] + b*y[i] + c*z[i]
	}
}

// slope writes the derivative of x by sigma, (x - denoised)/sigma.
func slope(dst, x, denoised []float32, sigma float32) {
	x, denoised = x[:len(dst)], denoised[:len(dst)]
	for i := range dst {
		dst[i] = (x[i] - denoised[i]) / sigma
	}
}

// euler goes from one level to another along the straight line through the prediction.
func euler(x, denoised []float32, from, to float32) {
	denoised = denoised[:len(x)]
	dt := to - from
	for i := range x {
		x[i] += (x[i] - denoised[i]) / from * dt
	}
}

// vectors makes k slices as long as x.
func vectors(x []float32, k int) [][]float32 {
	all := make([]float32, k*len(x))
	out := make([][]float32, k)
	for i := range out {
		out[i] = all[i*len(x) : (i+1)*len(x) : (i+1)*len(x)]
	}
	return out
}

// rotate moves the last vector of a history to the front and returns it, to be overwritten by the newest.
func rotate(h [][]float32) []float32 {
	last := h[len(h)-1]
	copy(h[1:], h)
	h[0] = last
	return last
}
