package vp8

// bits writes bits that are more or less likely, by arithmetic coding. Source: RFC 6386, section 7.
type bits struct {
	out    []byte
	bottom uint32
	span   uint32 // 128 to 255
	room   int    // bits until a byte is done
}

func newBits() *bits { return &bits{span: 255, room: 24} }

// put writes a bit that is 0 with the probability of prob in 256.
func (b *bits) put(bit bool, prob uint8) {
	split := 1 + (b.span-1)*uint32(prob)>>8
	if bit {
		b.bottom += split
		b.span -= split
	} else {
		b.span = split
	}
	for b.span < 128 {
		b.span <<= 1
		b.shift()
	}
}

// shift moves a bit towards the output.
func (b *bits) shift() {
	if b.bottom>>31 != 0 {
		b.carry()
	}
	b.bottom <<= 1
	if b.room--; b.room == 0 {
		b.out = append(b.out, byte(b.bottom>>24))
		b.bottom &= 1<<24 - 1
		b.room = 8
	}
}

// carry adds one to what is written.
func (b *bits) carry() {
	for i := len(b.out) - 1; i >= 0; i-- {
		if b.out[i]++; b.out[i] != 0 {
			return
		}
	}
}

// literal writes n bits of v, the most significant first.
func (b *bits) literal(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		b.put(v>>i&1 != 0, 128)
	}
}

// end gives all that was written.
func (b *bits) end() []byte {
	for range 32 {
		b.shift()
	}
	return b.out
}
