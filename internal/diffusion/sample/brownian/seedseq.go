package brownian

import "math/bits"

// poolSize is the number of words that entropy is mixed in.
const poolSize = 24

// The constants of numpy's SeedSequence. Source: numpy/random/bit_generator.pyx, after M.E. O'Neill's seed_seq_fe.
const (
	initA, multA = 0x43b0d7e5, 0x931e8875
	initB, multB = 0x8b51f9dd, 0x58f38ded
	mixL, mixR   = 0xca01f9dd, 0x4973f715
)

// seedSequence derives n seeds from an entropy and the key of a spawned child, as numpy's SeedSequence does. pool has the
// sequence's pool size.
func seedSequence(pool []uint32, entropy uint64, key []uint64, n int) []uint32 {
	words := make([]uint32, 0, len(pool)+2*len(key))
	words = appendWords(words, entropy)
	if key != nil {
		for len(words) < len(pool) {
			words = append(words, 0)
		}
		for _, k := range key {
			words = appendWords(words, k)
		}
	}
	mixEntropy(pool, words)
	out := make([]uint32, n)
	c := uint32(initB)
	for i := range out {
		v := pool[i%len(pool)] ^ c
		c *= multB
		v *= c
		out[i] = v ^ v>>16
	}
	return out
}

func appendWords(words []uint32, v uint64) []uint32 {
	words = append(words, uint32(v))
	if bits.Len64(v) > 32 {
		words = append(words, uint32(v>>32))
	}
	return words
}

func mixEntropy(pool, words []uint32) {
	c := uint32(initA)
	hash := func(v uint32) uint32 {
		v ^= c
		c *= multA
		v *= c
		return v ^ v>>16
	}
	mix := func(x, y uint32) uint32 {
		v := mixL*x - mixR*y
		return v ^ v>>16
	}
	for i := range pool {
		v := uint32(0)
		if i < len(words) {
			v = words[i]
		}
		pool[i] = hash(v)
	}
	for src := range pool {
		for dst := range pool {
			if src != dst {
				pool[dst] = mix(pool[dst], hash(pool[src]))
			}
		}
	}
	for _, w := range words[min(len(pool), len(words)):] {
		for dst := range pool {
			pool[dst] = mix(pool[dst], hash(w))
		}
	}
}
