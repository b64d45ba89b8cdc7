package tensor

import "math"

// Noise is the random numbers of KindUniform and KindNormal: a function of seed, stream and the element's number alone, so
// that every backend gives the same. Elements 4i..4i+3 come from one block of Philox4x32-10 with the counter (i low, i high,
// stream, 0) and the seed as key. Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
type Noise struct {
	key    [2]uint32
	stream uint32
	normal bool
}

// NewNoise gives the numbers of an op of KindUniform or KindNormal.
func NewNoise(o *Op) Noise {
	i := o.Attr.I
	return Noise{key: [2]uint32{uint32(i[0]), uint32(i[1])}, stream: uint32(i[2]), normal: o.Kind == KindNormal}
}

// Block gives elements 4i to 4i+3.
func (n Noise) Block(i uint64) [4]float64 {
	r := philox([4]uint32{uint32(i), uint32(i >> 32), n.stream, 0}, n.key)
	if !n.normal {
		const step = 1.0 / (1 << 24)
		return [4]float64{float64(r[0]>>8) * step, float64(r[1]>>8) * step, float64(r[2]>>8) * step, float64(r[3]>>8) * step}
	}
	a, b := boxMuller(r[0], r[1])
	c, d := boxMuller(r[2], r[3])
	return [4]float64{a, b, c, d}
}

// boxMuller gives two normally distributed numbers: sqrt(-2 ln((a+1)/2^32)) times cos and sin of 2π b/2^32.
func boxMuller(a, b uint32) (x, y float64) {
	r := math.Sqrt(-2 * math.Log((float64(a)+1)/(1<<32)))
	sin, cos := math.Sincos(2 * math.Pi * float64(b) / (1 << 32))
	return r * cos, r * sin
}

func philox(c [4]uint32, k [2]uint32) [4]uint32 {
	for range 10 {
		p, q := uint64(c[0])*0xD2511F53, uint64(c[2])*0xCD9E8D57
		c = [4]uint32{uint32(q>>32) ^ c[1] ^ k[0], uint32(q), uint32(p>>32) ^ c[3] ^ k[1], uint32(p)}
		k[0] += 0x9E3779B9
		k[1] += 0xBB67AE85
	}
	return c
}
