package tokenizer

// longGroup is the number of tokens from which a group is cut at a chunk's end instead of moving to the next chunk.
const longGroup = 8

// layout fills chunks one after the other.
type layout struct {
	Rules
	done []Chunk
	cur  []Token
}

// chunks lays groups into chunks. All weights and words of the groups are set.
func (r Rules) chunks(groups []group) []Chunk {
	l := layout{Rules: r}
	l.open()
	end := 0
	if r.End != None {
		end = 1
	}
	for _, g := range groups {
		long := len(g) >= longGroup
		for len(g) > 0 {
			room := r.MaxLength - end - len(l.cur)
			if len(g) <= room {
				l.cur = append(l.cur, g...)
				break
			}
			if long {
				l.cur = append(l.cur, g[:room]...)
				g = g[room:]
				l.end()
			} else {
				l.end()
				if r.PadToMax {
					l.pad(room)
				}
			}
			l.close()
			l.open()
		}
	}
	l.end()
	l.pad(r.MinPadding)
	if r.PadToMax {
		l.pad(r.MaxLength - len(l.cur))
	}
	l.pad(r.MinLength - len(l.cur))
	l.close()
	return l.done
}

func (l *layout) open() {
	if l.PadToMax {
		l.cur = make([]Token, 0, l.MaxLength)
	} else {
		l.cur = nil
	}
	if l.Start != None {
		l.cur = append(l.cur, Token{ID: l.Start, Weight: 1})
	}
}

func (l *layout) end() {
	if l.End != None {
		l.cur = append(l.cur, Token{ID: l.End, Weight: 1})
	}
}

func (l *layout) close() {
	l.done = append(l.done, Chunk{Tokens: l.cur})
}

// pad adds n padding tokens; none when n is not positive.
func (l *layout) pad(n int) {
	if n <= 0 {
		return
	}
	old := len(l.cur)
	for range n {
		l.cur = append(l.cur, Token{ID: l.Pad, Weight: 1})
	}
	if l.PadLeft {
		copy(l.cur[n:], l.cur[:old])
		for i := range n {
			l.cur[i] = Token{ID: l.Pad, Weight: 1}
		}
	}
}
