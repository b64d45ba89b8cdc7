package rng

import "math"

// block is the unit of large normal draws: eight pairs.
const block = 16

// Randn fills dst with normal values. Their number decides how they are drawn: fewer than 16 come in pairs from doubles,
// more in blocks of 16 from floats.
func (g *Generator) Randn(dst []float32) {
	n := len(dst)
	if n < block {
		for i := range dst {
			dst[i] = float32(g.normal())
		}
		return
	}
	g.Rand(dst)
	for i := 0; i+block <= n; i += block {
		boxMuller((*[block]float32)(dst[i:]))
	}
	if n%block != 0 {
		tail := (*[block]float32)(dst[n-block:])
		g.Rand(tail[:])
		boxMuller(tail)
	}
}

// RandnF64 fills dst with normal values of double precision.
func (g *Generator) RandnF64(dst []float64) {
	n := len(dst)
	if n < block {
		for i := range dst {
			dst[i] = g.normal()
		}
		return
	}
	for i := range dst {
		dst[i] = g.float64()
	}
	for i := 0; i+block <= n; i += block {
		boxMullerF64((*[block]float64)(dst[i:]))
	}
	if n%block != 0 {
		tail := (*[block]float64)(dst[n-block:])
		for i := range tail {
			tail[i] = g.float64()
		}
		boxMullerF64(tail)
	}
}

func boxMuller(d *[block]float32) {
	for j := range block / 2 {
		r := float32(math.Sqrt(float64(-2 * log32(1-d[j]))))
		sin, cos := sincos32(float32(2*math.Pi) * d[j+block/2])
		d[j], d[j+block/2] = r*cos, r*sin
	}
}

func boxMullerF64(d *[block]float64) {
	for j := range block / 2 {
		r := math.Sqrt(-2 * math.Log(1-d[j]))
		sin, cos := math.Sincos(2 * math.Pi * d[j+block/2])
		d[j], d[j+block/2] = r*cos, r*sin
	}
}
