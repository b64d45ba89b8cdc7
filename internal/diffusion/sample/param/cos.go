package param

import "math"

// cos32 is the cosine of SLEEF in float32 (cosf_u10), for angles from 0 to pi/2: a polynomial in float32, the rest in more.
//
// Compat: near-clean levels of Cascade are differences of nearly equal numbers, where another rounding shows in the sixth
// digit. This agrees with torch but for one unit in the last place at a few angles.
func cos32(angle float32) float32 {
	q := 2*math.RoundToEven(float64(fma(angle, 1/math.Pi, -0.5))) + 1
	x := float64(angle) - q*(math.Pi/2)
	s := x * x
	u := fma(2.6083159809786593541503e-06, float32(s), -0.0001981069071916863322258)
	u = fma(u, float32(s), 0.00833307858556509017944336)
	y := x * (1 + (float64(float32(-0.166666597127914428710938))+float64(u*float32(s)))*s)
	if int(q)&2 == 0 {
		y = -y
	}
	return float32(y)
}
