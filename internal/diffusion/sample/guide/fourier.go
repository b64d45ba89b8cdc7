package guide

import "math"

// lowPass keeps the frequencies from -cutoff to cutoff-1 along both sides of a plane and gives the real part of what they
// make. Cost: height·width·4·cutoff.
func lowPass(plane []float32, h, w, cutoff int) []float32 {
	ky, kx := min(cutoff, h/2), min(cutoff, w/2)
	cols, rows := waves(kx, w), waves(ky, h)
	// lines[y][k] = Σx plane[y][x]·exp(-2πi·k·x/w)
	lines := make([]complex128, h*2*kx)
	for y := range h {
		for k := range 2 * kx {
			var sum complex128
			for x := range w {
				sum += complex(float64(plane[y*w+x]), 0) * cols[k*w+x]
			}
			lines[y*2*kx+k] = sum
		}
	}
	kept := keepRows(lines, rows, h, ky, kx)
	out := make([]float32, h*w)
	for y := range h {
		for x := range w {
			sum := 0.0
			for k := range 2 * kx {
				c, v := cols[k*w+x], kept[y*2*kx+k]
				sum += real(v)*real(c) + imag(v)*imag(c) // real part of v·conj(c)
			}
			out[y*w+x] = float32(sum / float64(w))
		}
	}
	return out
}

// keepRows goes to the kept frequencies along the height and back.
func keepRows(lines, rows []complex128, h, ky, kx int) []complex128 {
	out := make([]complex128, len(lines))
	for l := range 2 * ky {
		wave := rows[l*h:][:h]
		for k := range 2 * kx {
			var sum complex128
			for y, v := range wave {
				sum += lines[y*2*kx+k] * v
			}
			sum /= complex(float64(h), 0)
			for y, v := range wave {
				out[y*2*kx+k] += sum * complex(real(v), -imag(v))
			}
		}
	}
	return out
}

// waves gives exp(-2πi·k·x/n) for k from -cutoff to cutoff-1.
func waves(cutoff, n int) []complex128 {
	out := make([]complex128, 2*cutoff*n)
	for k := range 2 * cutoff {
		for x := range n {
			sin, cos := math.Sincos(-2 * math.Pi * float64((k-cutoff)*x%n) / float64(n))
			out[k*n+x] = complex(cos, sin)
		}
	}
	return out
}
