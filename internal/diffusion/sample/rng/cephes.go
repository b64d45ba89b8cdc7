package rng

import "math"

// The elementary functions that torch's vectorised normals use: the Cephes polynomials in float32 with fused
// multiply-adds.
// Source: Stephen L. Moshier's Cephes (logf, sincosf) in the arrangement of Julien Pommier's sse_mathfun.

// log32 is the natural logarithm of a positive, normal x.
func log32(x float32) float32 {
	bits := math.Float32bits(x)
	e := float32(int32(bits>>23)-0x7f) + 1
	x = math.Float32frombits(bits&^0x7f800000 | 0x3f000000) // 0.5 to 1
	low := float32(0)
	if x < 0.707106781186547524 {
		low = x
		e--
	}
	x = x - 1 + low
	z := x * x
	y := float32(7.0376836292e-2)
	y = step(y, x, -1.1514610310e-1)
	y = step(y, x, 1.1676998740e-1)
	y = step(y, x, -1.2420140846e-1)
	y = step(y, x, 1.4249322787e-1)
	y = step(y, x, -1.6668057665e-1)
	y = step(y, x, 2.0000714765e-1)
	y = step(y, x, -2.4999993993e-1)
	y = step(y, x, 3.3333331174e-1)
	y = step(float32(y*x), z, float32(e*-2.12194440e-4))
	y = step(z, -0.5, y)
	return step(e, 0.693359375, x+y)
}

// sincos32 is the sine and cosine of an x of 0 to 2π.
func sincos32(x float32) (sin, cos float32) {
	j := (int32(x*1.27323954473516) + 1) &^ 1 // octant, made even
	y := float32(j)
	x = step(y, -0.78515625, x)
	x = step(y, -2.4187564849853515625e-4, x)
	x = step(y, -3.77489497744594108e-8, x)
	z := x * x
	c := float32(2.443315711809948e-5)
	c = step(c, z, -1.388731625493765e-3)
	c = step(c, z, 4.166664568298827e-2)
	c = step(float32(c*z), z, -0.5*z) + 1
	s := float32(-1.9515295891e-4)
	s = step(s, z, 8.3321608736e-3)
	s = step(s, z, -1.6666654611e-1)
	s = step(float32(s*z), x, x)
	if j&2 != 0 {
		s, c = c, s
	}
	if j&4 != 0 {
		s = -s
	}
	if (j-2)&4 == 0 {
		c = -c
	}
	return s, c
}

// step is a·b + c, rounded once.
func step(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }
