package tensor

import "slices"

// What a backend may take beside arguments and results while it computes, as package cpu does; its tests hold it to this.
const (
	// scratchLanes is how many processors' memory is counted: with more, a host has memory for them.
	scratchLanes = 16
	// placesLost is what part of the memory of several values may lie between them.
	placesLost = 4
	// opBytes is what planning an op takes.
	opBytes = 4 << 10
	// tapBytes is of one entry of a table of sources, and spanBytes what each place has beside.
	tapBytes, spanBytes = 20, 96

	maxTileRows, maxTileCols = 14, 32 // of a product
	blockDepth               = 2304   // steps of a sum, or more where 16 of each tap are more
	blockFloats              = 192 << 10
	packFloats               = 4096 * maxTileCols
)

// Peak is how many bytes a program takes at once beside its arguments, by shapes alone: results from the start, other values
// from where they are computed to their last use, and what each op needs for itself. It is known before anything is computed,
// and bounds what package cpu takes with up to 16 threads.
func Peak(p *Program) int64 {
	m := newMemory(p)
	now := int64(len(p.Ops))*opBytes + m.results
	peak := now
	for i := range p.Ops {
		o := &p.Ops[i]
		now += m.room[o.Out]
		peak = max(peak, now+scratch(p, o))
		if m.last[o.Out] == i { // nothing reads it
			now -= m.room[o.Out]
		}
		for k, a := range o.Args {
			if m.last[a] == i && !slices.Contains(o.Args[:k], a) {
				now -= m.room[a]
			}
		}
	}
	if len(p.Ops) > 1 {
		peak += (peak - m.results) / placesLost
	}
	return peak
}

// memory is where a program's values are, and how long.
type memory struct {
	last    []int   // by value: the last op that uses it or a view of it
	room    []int64 // by value: bytes, beside arguments and results
	results int64
	dense   []bool // by value: its elements lie in a row
	home    []ID   // by value: the one whose memory it shares, itself in most cases
}

func newMemory(p *Program) *memory {
	n := len(p.Values)
	m := &memory{last: make([]int, n), room: make([]int64, n), dense: make([]bool, n), home: make([]ID, n)}
	for id := range p.Values {
		m.last[id], m.dense[id], m.home[id] = -1, true, ID(id)
	}
	for i := range p.Ops {
		m.define(p, i)
	}
	for _, id := range p.Outputs {
		m.last[id] = len(p.Ops)
		m.results += p.bytes(id)
		m.room[m.home[id]] = 0 // it is the result itself
	}
	for i := len(p.Ops) - 1; i >= 0; i-- {
		if o := &p.Ops[i]; isView(o.Kind) {
			m.last[o.Args[0]] = max(m.last[o.Args[0]], m.last[o.Out])
		}
	}
	return m
}

// define says where op i's result is.
func (m *memory) define(p *Program, i int) {
	o := &p.Ops[i]
	for _, a := range o.Args {
		m.last[a] = i
	}
	m.last[o.Out] = i
	m.room[o.Out] = p.bytes(o.Out)
	same := o.Kind == KindReshape || o.Kind == KindCast && p.Values[o.Out].DType == p.Values[o.Args[0]].DType
	switch {
	case same && m.dense[o.Args[0]]:
		m.home[o.Out], m.room[o.Out] = m.home[o.Args[0]], 0
	case o.Kind == KindSlice, isView(o.Kind) && !m.dense[o.Args[0]]:
		m.dense[o.Out] = false
	case o.Kind == KindConv2D: // whatever computes the picture may write it with the padding
		if x := o.Args[0]; m.room[x] > 0 {
			m.room[x] = max(m.room[x], padded(p, o))
		}
	}
}

// isView reports whether a kind's result may lie where its argument does.
func isView(k Kind) bool {
	return k == KindReshape || k == KindPermute || k == KindSlice || k == KindCast
}

func (p *Program) bytes(id ID) int64 {
	return int64(p.Values[id].Shape.Elems()) * int64(p.Values[id].DType.Size())
}

// padded is the picture of a convolution with its padding, to whole tiles of four pixels.
func padded(p *Program, o *Op) int64 {
	x, i := p.Values[o.Args[0]].Shape, o.Attr.I
	return 4 * int64(x[0]) * int64(x[1]+i[2]+i[4]+4) * int64(x[2]+i[3]+i[5]+4) * int64(x[3]+x[3]/16)
}

// scratch is how many bytes an op needs for itself while it runs: arguments as F32, memory of threads, tables.
func scratch(p *Program, o *Op) int64 {
	total := int64(0)
	args := make([]Value, len(o.Args))
	for i, a := range o.Args {
		if args[i] = p.Values[a]; args[i].DType != F32 && !keepsDType(o.Kind) {
			total += 4 * count(args[i].Shape)
		}
	}
	if len(args) == 0 {
		return 0
	}
	if f := scratches[o.Kind]; f != nil {
		total += f(o, args[0].Shape, p.Values[o.Out].Shape, args)
	}
	return total
}

func count(s Shape) int64 { return int64(s.Elems()) }
