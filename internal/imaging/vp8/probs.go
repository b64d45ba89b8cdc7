package vp8

import "math"

// fitting gives the probabilities that make the picture's tokens short, where telling of them costs less than it saves.
func (e *encoder) fitting() *probabilities {
	var c counts
	e.write(&tokens{counts: &c})
	probs := usual
	for i := range probs {
		for j := range probs[i] {
			for k := range probs[i][j] {
				for n := range probs[i][j][k] {
					p := &probs[i][j][k][n]
					*p = better(*p, changes[i][j][k][n], c[i][j][k][n])
				}
			}
		}
	}
	return &probs
}

// better is the probability to use for a branch that went so often each way: usual, or another one. change is how likely it is,
// in 256, that it stays.
func better(usual, change uint8, c [2]uint32) uint8 {
	n := c[0] + c[1]
	if n == 0 {
		return usual
	}
	best := uint8(min(max((uint64(c[0])*256+uint64(n)/2)/uint64(n), 1), 255))
	cost := func(p uint8) float64 { return float64(c[0])*bitsOf(p, false) + float64(c[1])*bitsOf(p, true) }
	const told = 8 // bits
	if cost(best)+told+bitsOf(change, true) < cost(usual)+bitsOf(change, false) {
		return best
	}
	return usual
}

// bitsOf is what a bit costs that is 0 with a probability of p in 256.
func bitsOf(p uint8, bit bool) float64 {
	if bit {
		return -math.Log2(1 - float64(p)/256)
	}
	return -math.Log2(float64(p) / 256)
}
