package vp8

// Kinds of blocks. Source: RFC 6386, section 13.3.
const (
	lumaRest = iota // a block of luma without its first coefficient
	lumaSums        // the first coefficients of 16 blocks of luma
	chroma
	lumaWhole // a whole block of luma, which is not written here
	kinds
)

// big are the tokens of levels above 4: a branch each time whether a level is above most, then bits of what is left.
var big = [...]struct {
	least int32
	bits  []uint8 // the probabilities of the bits, the most significant first
}{
	{5, []uint8{159}},
	{7, []uint8{165, 145}},
	{11, []uint8{173, 148, 140}},
	{19, []uint8{176, 155, 140, 135}},
	{35, []uint8{180, 157, 141, 134, 130}},
	{67, []uint8{254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}},
}

// most is the largest level that can be written.
const most = 67 + 1<<11 - 1

// writeBlock writes the levels of a block, in zigzag order and from first on. near is how many of the blocks to the left and above
// have levels. It reports whether this one has.
func writeBlock(b *bits, levels *[16]int32, kind, first, near int) bool {
	last := 15
	for last >= first && levels[last] == 0 {
		last--
	}
	if last < first {
		b.put(false, usual[kind][bands[first]][near][0])
		return false
	}
	ctx := near
	zero := false // before this one
	for n := first; n <= last; n++ {
		p := &usual[kind][bands[n]][ctx]
		if !zero {
			b.put(true, p[0])
		}
		v := levels[n]
		zero = v == 0
		b.put(!zero, p[1])
		switch {
		case zero:
			ctx = 0
			continue
		case v < 0:
			writeLevel(b, p, -v)
		default:
			writeLevel(b, p, v)
		}
		b.put(v < 0, 128)
		ctx = min(int(max(v, -v)), 2)
	}
	if last < 15 {
		b.put(false, usual[kind][bands[last+1]][ctx][0])
	}
	return true
}

// writeLevel writes a level above 0.
func writeLevel(b *bits, p *[11]uint8, v int32) {
	if b.put(v > 1, p[2]); v == 1 {
		return
	}
	if b.put(v > 4, p[3]); v <= 4 {
		if b.put(v > 2, p[4]); v > 2 {
			b.put(v > 3, p[5])
		}
		return
	}
	token := len(big) - 1
	for v < big[token].least {
		token--
	}
	b.put(token > 1, p[6])
	switch {
	case token <= 1:
		b.put(token == 1, p[7])
	case token <= 3:
		b.put(false, p[8])
		b.put(token == 3, p[9])
	default:
		b.put(true, p[8])
		b.put(token == 5, p[10])
	}
	t := big[token]
	for i, prob := range t.bits {
		b.put((v-t.least)>>(len(t.bits)-1-i)&1 != 0, prob)
	}
}
