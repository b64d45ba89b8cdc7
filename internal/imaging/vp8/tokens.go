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

// tokens takes the tokens of levels: it writes them, or counts how often each branch goes which way.
type tokens struct {
	bits   *bits
	probs  *probabilities
	counts *counts // nil when they are written
}

// counts are how often a branch was 0 and 1.
type counts [kinds][8][3][11][2]uint32

// place is where a branch's probability stands.
type place struct{ kind, band, near int }

// branch takes the branch n of a token.
func (t *tokens) branch(bit bool, at place, n int) {
	if t.counts == nil {
		t.bits.put(bit, t.probs[at.kind][at.band][at.near][n])
		return
	}
	c := &t.counts[at.kind][at.band][at.near][n]
	if bit {
		c[1]++
	} else {
		c[0]++
	}
}

// plain takes a bit whose probability is always the same.
func (t *tokens) plain(bit bool, prob uint8) {
	if t.counts == nil {
		t.bits.put(bit, prob)
	}
}

// block takes the levels of a block, in zigzag order and from first on. near is how many of the blocks to the left and above
// have levels. It reports whether this one has.
func (t *tokens) block(levels *[16]int16, kind, first, near int) bool {
	last := 15
	for last >= first && levels[last] == 0 {
		last--
	}
	if last < first {
		t.branch(false, place{kind, bands[first], near}, 0)
		return false
	}
	zero := false // before this one
	for n := first; n <= last; n++ {
		at := place{kind, bands[n], near}
		if !zero {
			t.branch(true, at, 0)
		}
		v := levels[n]
		zero = v == 0
		if t.branch(!zero, at, 1); zero {
			near = 0
			continue
		}
		size := int32(max(v, -v))
		t.level(at, size)
		t.plain(v < 0, 128)
		near = int(min(size, 2))
	}
	if last < 15 {
		t.branch(false, place{kind, bands[last+1], near}, 0)
	}
	return true
}

// level takes a level above 0.
func (t *tokens) level(at place, v int32) {
	if t.branch(v > 1, at, 2); v == 1 {
		return
	}
	if t.branch(v > 4, at, 3); v <= 4 {
		if t.branch(v > 2, at, 4); v > 2 {
			t.branch(v > 3, at, 5)
		}
		return
	}
	token := len(big) - 1
	for v < big[token].least {
		token--
	}
	t.branch(token > 1, at, 6)
	switch {
	case token <= 1:
		t.branch(token == 1, at, 7)
	case token <= 3:
		t.branch(false, at, 8)
		t.branch(token == 3, at, 9)
	default:
		t.branch(true, at, 8)
		t.branch(token == 5, at, 10)
	}
	rest := big[token]
	for i, prob := range rest.bits {
		t.plain((v-rest.least)>>(len(rest.bits)-1-i)&1 != 0, prob)
	}
}
