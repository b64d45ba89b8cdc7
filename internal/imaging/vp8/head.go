package vp8

// head writes the first part of a frame: what is the same for all squares, then how each is predicted. Source: RFC 6386, section 9
// and 19.2.
func (e *encoder) head(index int, probs *probabilities) []byte {
	b := newBits()
	b.literal(0, 1) // the usual colours
	b.literal(0, 1) // decoders clamp
	b.literal(0, 1) // no segments
	b.literal(0, 1) // the filter that looks at more pixels
	b.literal(uint32(smoothing(index)), 6)
	b.literal(0, 3)             // sharpness
	b.literal(0, 1)             // the same for all squares
	b.literal(0, 2)             // one part of tokens
	b.literal(uint32(index), 7) // of the steps
	b.literal(0, 5)             // which are the same for all kinds
	b.literal(0, 1)             // probabilities are not kept
	for i := range changes {
		for j := range changes[i] {
			for k := range changes[i][j] {
				for n, p := range changes[i][j][k] {
					now := probs[i][j][k][n]
					if b.put(now != usual[i][j][k][n], p); now != usual[i][j][k][n] {
						b.literal(uint32(now), 8)
					}
				}
			}
		}
	}
	likely := e.full()
	b.literal(1, 1) // squares may have no levels
	b.literal(uint32(likely), 8)
	for i := range e.squares {
		s := &e.squares[i]
		b.put(s.empty, likely)
		s.writeWays(b)
	}
	return b.end()
}

// full is the probability in 256 that a square has levels.
func (e *encoder) full() uint8 {
	n := 0
	for i := range e.squares {
		if !e.squares[i].empty {
			n++
		}
	}
	return uint8(min(max(n*256/len(e.squares), 1), 255))
}

// smoothing is how much decoders smooth the borders of blocks: the more the larger the steps are.
func smoothing(index int) int { return min(index/2, 63) }

// writeWays writes how a square is predicted. Source: RFC 6386, section 11.2.
func (s *square) writeWays(b *bits) {
	b.put(true, 145) // as a whole
	b.put(s.luma == left || s.luma == slope, 156)
	if s.luma == average || s.luma == above {
		b.put(s.luma == above, 163)
	} else {
		b.put(s.luma == slope, 128)
	}
	if b.put(s.chroma != average, 142); s.chroma == average {
		return
	}
	if b.put(s.chroma != above, 114); s.chroma != above {
		b.put(s.chroma == slope, 183)
	}
}
