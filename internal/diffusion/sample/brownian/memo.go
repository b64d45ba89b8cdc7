package brownian

// The bounds of a memo.
const (
	memoNodes = 96       // the paths to four times of an interval of 16 / 10⁻⁶
	memoBytes = 64 << 20 // of all values
)

// memo keeps the splits of the nodes that were used last.
type memo struct {
	n     int // values of a split
	limit int
	kept  []kept
	clock uint64
}

type kept struct {
	key, depth uint64
	half       []float32
	used       uint64 // when, by the memo's clock
}

func newMemo(n int) memo { return memo{n: n, limit: max(1, min(memoNodes, memoBytes/4/max(n, 1)))} }

// get gives a node's split if it is kept, else a place to put it, which takes that of the node unused for longest.
func (m *memo) get(key, depth uint64) (half []float32, known bool) {
	m.clock++
	oldest := 0
	for i := range m.kept {
		k := &m.kept[i]
		if k.key == key && k.depth == depth {
			k.used = m.clock
			return k.half, true
		}
		if k.used < m.kept[oldest].used {
			oldest = i
		}
	}
	if len(m.kept) < m.limit {
		m.kept = append(m.kept, kept{key, depth, make([]float32, m.n), m.clock})
		return m.kept[len(m.kept)-1].half, false
	}
	half = m.kept[oldest].half
	m.kept[oldest] = kept{key, depth, half, m.clock}
	return half, false
}
