package rng

const (
	words  = 624
	offset = 397
)

// twister is MT19937. Source: Matsumoto and Nishimura, "Mersenne Twister" (1998), initialisation of 2002.
type twister struct {
	state [words]uint32
	next  int
}

func (m *twister) seed(s uint32) {
	m.state[0] = s
	for i := 1; i < words; i++ {
		s = 1812433253*(s^s>>30) + uint32(i)
		m.state[i] = s
	}
	m.next = words
}

func (m *twister) refill() {
	s := &m.state
	for i := range words - offset {
		s[i] = s[i+offset] ^ twist(s[i], s[i+1])
	}
	for i := words - offset; i < words-1; i++ {
		s[i] = s[i+offset-words] ^ twist(s[i], s[i+1])
	}
	s[words-1] = s[offset-1] ^ twist(s[words-1], s[0])
	m.next = 0
}

func twist(u, v uint32) uint32 {
	return (u&0x80000000|v&0x7fffffff)>>1 ^ -(v&1)&0x9908b0df
}

func (m *twister) uint32() uint32 {
	if m.next == words {
		m.refill()
	}
	y := m.state[m.next]
	m.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}
