package clip

// bpe merges the bytes of one piece after the other; its buffers are kept between pieces.
type bpe struct {
	ids  []int32 // the symbols, -1 where one was merged into its left neighbour
	next []int32 // index of the next symbol, len(ids) at the end
	prev []int32 // index of the symbol before, -1 at the start
	todo merges
}

// encode appends the tokens of a piece that is not empty.
func (b *bpe) encode(dst []int32, v *vocab, piece string) []int32 {
	if len(piece) <= shortPiece {
		return b.encodeShort(dst, v, piece)
	}
	b.start(v, piece)
	n := int32(len(piece))
	b.next, b.prev, b.todo = b.next[:0], b.prev[:0], b.todo[:0]
	for i := range n {
		b.next = append(b.next, i+1)
		b.prev = append(b.prev, i-1)
	}
	for i := range n - 1 {
		b.push(v, i)
	}
	for len(b.todo) > 0 {
		m := b.todo.pop()
		right := b.next[m.at]
		if b.ids[m.at] != m.left || right >= n || b.ids[right] != m.right {
			continue // one of the two is gone
		}
		b.ids[m.at], b.ids[right] = m.id, -1
		b.next[m.at] = b.next[right]
		if b.next[m.at] < n {
			b.prev[b.next[m.at]] = m.at
			b.push(v, m.at)
		}
		if p := b.prev[m.at]; p >= 0 {
			b.push(v, p)
		}
	}
	for i := int32(0); i < n; i = b.next[i] {
		dst = append(dst, b.ids[i])
	}
	return dst
}

// start sets ids to the piece's bytes, the last one as a word's end.
func (b *bpe) start(v *vocab, piece string) {
	b.ids = b.ids[:0]
	for i := range len(piece) {
		b.ids = append(b.ids, v.byteID[piece[i]])
	}
	b.ids[len(b.ids)-1] += 256
}

// shortPiece is the number of bytes up to which looking at every pair again is faster than a heap.
const shortPiece = 48

func (b *bpe) encodeShort(dst []int32, v *vocab, piece string) []int32 {
	b.start(v, piece)
	ids := b.ids
	for len(ids) > 1 {
		best, at := Start, -1
		for i := range len(ids) - 1 {
			if id, ok := v.merge(ids[i], ids[i+1]); ok && id < best {
				best, at = id, i
			}
		}
		if at < 0 {
			break
		}
		ids[at] = best
		ids = append(ids[:at+1], ids[at+2:]...)
	}
	return append(dst, ids...)
}

// push notes the merge of symbol at and its neighbour, if there is one.
func (b *bpe) push(v *vocab, at int32) {
	left, right := b.ids[at], b.ids[b.next[at]]
	if id, ok := v.merge(left, right); ok {
		b.todo.push(merge{id, at, left, right})
	}
}

// merge is a pair of neighbours that could become one token.
type merge struct {
	id          int32 // the token, and the priority: the smaller the earlier
	at          int32 // index of the left one
	left, right int32 // what they were when the merge was noted
}

func (m merge) before(o merge) bool { return m.id < o.id || m.id == o.id && m.at < o.at }

// merges is a binary heap, the first to do on top.
type merges []merge

func (h *merges) push(m merge) {
	*h = append(*h, m)
	s := *h
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !m.before(s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = m
}

func (h *merges) pop() merge {
	s := *h
	top, m := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return top
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(s) {
			break
		}
		if down+1 < len(s) && s[down+1].before(s[down]) {
			down++
		}
		if !s[down].before(m) {
			break
		}
		s[i] = s[down]
		i = down
	}
	s[i] = m
	return top
}
