// Package rng draws the random numbers that torch's CPU generator draws: the same seed gives the same noise.
package rng

import "math"

// Generator is torch's CPU generator: an MT19937 and the second half of the last pair of small normal draws. It is not safe
// for concurrent use.
type Generator struct {
	mt      twister
	spare   float64 // a normal value that waits for the next small draw
	spareOK bool
}

// New makes a generator. Only the low 32 bits of the seed count.
func New(seed uint64) *Generator {
	g := &Generator{}
	g.Seed(seed)
	return g
}

// Seed starts the generator anew, as New does.
func (g *Generator) Seed(seed uint64) {
	g.mt.seed(uint32(seed))
	g.spareOK = false
}

// Uint32 is the next word.
func (g *Generator) Uint32() uint32 { return g.mt.uint32() }

// Uint64 is the next two words, the first one high.
func (g *Generator) Uint64() uint64 {
	high := uint64(g.mt.uint32())
	return high<<32 | uint64(g.mt.uint32())
}

func (g *Generator) float32() float32 { return float32(g.mt.uint32()&0xffffff) * (1.0 / (1 << 24)) }

func (g *Generator) float64() float64 { return float64(g.Uint64()&(1<<53-1)) * (1.0 / (1 << 53)) }

// Rand fills dst with values of [0, 1), multiples of 2⁻²⁴.
func (g *Generator) Rand(dst []float32) {
	for i := range dst {
		dst[i] = g.float32()
	}
}

// RandInt fills dst with integers of [low, high). It panics unless low < high.
func (g *Generator) RandInt(dst []int64, low, high int64) {
	if low >= high {
		panic("rng: empty range")
	}
	span := uint64(high) - uint64(low)
	for i := range dst {
		v := uint64(0)
		if span < 1<<28 {
			v = uint64(g.Uint32()) % span
		} else {
			v = g.Uint64() % span
		}
		dst[i] = int64(v + uint64(low))
	}
}

// Perm is a permutation of 0 … n-1.
func (g *Generator) Perm(n int) []int64 {
	p := make([]int64, n)
	for i := range p {
		p[i] = int64(i)
	}
	for i := range n - 1 {
		j := i + int(g.Uint32()%uint32(n-i))
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// normal is one draw of the small kind: a pair by Box and Muller, its second half kept for the next call.
func (g *Generator) normal() float64 {
	if g.spareOK {
		g.spareOK = false
		return g.spare
	}
	u1, u2 := g.float64(), g.float64()
	r := math.Sqrt(-2 * math.Log1p(-u2))
	sin, cos := math.Sincos(2 * math.Pi * u1)
	g.spare, g.spareOK = r*sin, true
	return r * cos
}
