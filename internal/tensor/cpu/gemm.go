package cpu

import (
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// gemmArgs is one worker's room for a kernel call, kept so that calls allocate nothing. packed says which panels its
// scratch holds.
type gemmArgs struct {
	g      kern.Gemm
	packed panelKey
	_      [64]byte // workers do not share cache lines
}

// panelKey names packed panels within a run.
type panelKey struct {
	step           *gemmStep
	outer, n0, k0i int
}

// Sizes of blocks, in float32s; each thread's panels should stay in its L2 cache.
const (
	panelBudget = 192 << 10 // panels of a unit
	maxDepth    = 640       // steps of a block of K
	maxConvK    = 2304      // the same where rows overlap
	maxGatedK   = 2048      // the same where there can be one block only
	packDepth   = 4 << 10   // steps that are packed at once
	callDepth   = 16 << 10  // steps of one call of a kernel, where there are several taps
)

// gemmStep computes C = act(A·B + bias + add) for A rows that lie anywhere: a linear layer, a product of matrices or a
// convolution on a padded image. There are outer independent products (batches, or groups of channels); each has
// lines × width rows (for a convolution: image lines and pixels), n columns, and a sum over taps × depth.
type gemmStep struct {
	a, b, c, add, bias val
	hasAdd, hasBias    bool
	act                func(dst, x []float32)
	gate               func(dst, x []float32) // not nil: n counts result columns, the gates' columns follow n later in b

	outer, lines, width, n, depth, taps int

	aOuter, bOuter, cOuter offsets // where each outer product starts, in elements
	aLine                  func(line int) int
	aStep                  int   // elements from row to row
	aTap                   []int // elements of A by tap
	addImage               int   // lines that share a row of add; 0: add has C's shape
	kMajor                 bool  // B is [k][n], else [n][k]

	kBlock, nBlock, tileRows, tilesPerLine, units, mUnits, nUnits int
	packA                                                         bool
	segs                                                          []kern.Seg
}

// offsets is where each of many matrices starts: dimensions and the elements between neighbours of each.
type offsets struct{ shape, steps []int }

func (o offsets) at(i int) int {
	n := 0
	for d := len(o.shape) - 1; d >= 0; d-- {
		n += i % o.shape[d] * o.steps[d]
		i /= o.shape[d]
	}
	return n
}

// every places matrices at equal distances.
func every(n, step int) offsets { return offsets{[]int{n}, []int{step}} }

// tune chooses blocks. It depends on shapes and the number of threads; results do not depend on nBlock and units.
func (s *gemmStep) tune(c *compiler) {
	k := c.b.kern
	most := maxDepth
	switch {
	case s.taps > 1:
		most = maxConvK
	case s.gate != nil:
		most = maxGatedK
	}
	kBlocks := max((s.depth*s.taps+most-1)/most, 1)
	s.kBlock = max((s.depth+kBlocks-1)/kBlocks, 1)
	s.kBlock = min((s.kBlock+15)&^15, max(s.depth, 1))
	s.tilesPerLine = (s.width + k.MR - 1) / k.MR
	s.tileRows = (s.width + s.tilesPerLine - 1) / s.tilesPerLine
	halves := 1
	if s.gate != nil {
		halves = 2
	}
	panels := (s.n + k.NR - 1) / k.NR
	fit := max(panelBudget/(s.kBlock*s.taps*k.NR*halves), 1)
	work := float64(s.lines*s.width) * float64(s.n*halves) * float64(s.depth*s.taps) * float64(s.outer)
	want := 1
	if threads := c.b.pool.threads; threads > 1 && work > 1e6 {
		want = max(4*threads, int(min(work/1e8, 4096)))
	}
	tiles := s.lines * s.tilesPerLine
	s.nUnits = (panels + fit - 1) / fit
	s.mUnits = 1
	if have := s.outer * s.nUnits; have < want {
		s.mUnits = min((want+have-1)/have, max(tiles/6, 1))
		if have *= s.mUnits; have < want {
			s.nUnits = min(panels, s.nUnits*((want+have-1)/have))
		}
	}
	per := (panels + s.nUnits - 1) / s.nUnits
	s.nBlock = per * k.NR
	s.nUnits = (panels + per - 1) / per
	s.units = s.outer * s.nUnits * s.mUnits
	s.packA = s.taps == 1 && s.aStep%512 == 0 && s.tileRows > 4
	for t := range s.taps {
		s.segs = append(s.segs, kern.Seg{A: s.aTap[t] * 4, B: t * k.NR * 4})
	}
	c.perThread(4 * (s.panelFloats(k) + s.stageFloats(k) + s.tileFloats(k)))
}

// panelFloats, stageFloats and tileFloats are a thread's scratch: panels of B, rows of B on their way into panels, and a
// tile of A or of gates.
func (s *gemmStep) panelFloats(k *kern.Set) int {
	n := max(s.nBlock*s.kBlock*s.taps, 1)
	if s.gate != nil {
		n *= 2
	}
	return n
}

func (s *gemmStep) stageFloats(k *kern.Set) int { return k.NR * min(s.kBlock*s.taps, packDepth) }

func (s *gemmStep) tileFloats(k *kern.Set) int {
	n := k.MR * (s.kBlock + 16)
	if s.gate != nil {
		n += 2 * k.MR * s.nBlock
	}
	return n
}

func (s *gemmStep) run(r *run) error {
	if s.c.shape.Elems() == 0 {
		return nil
	}
	return r.units(s.units, func(w, u int) { s.unit(r, w, u) })
}

// block is what one unit works on.
type block struct {
	r           *run
	w           int
	outer       int
	n0, nc      int // columns
	k0, kc      int // steps of depth
	first, last int // tiles
	panels      []float32
	stage       []float32
	tile        []float32
	a, c        []float32
	b           []byte
	add         []float32
	work        counter
	over        bool // the run is: what is in the panels may be nothing
}

func (s *gemmStep) unit(r *run, w, u int) {
	m := u % s.mUnits
	u /= s.mUnits
	tiles := s.lines * s.tilesPerLine
	b := &block{r: r, w: w, outer: u / s.nUnits, n0: u % s.nUnits * s.nBlock, first: m * tiles / s.mUnits, last: (m + 1) * tiles / s.mUnits}
	b.nc = min(s.nBlock, s.n-b.n0)
	scratch := asF32(r.scratch[w])
	p, st := s.panelFloats(r.k), s.stageFloats(r.k)
	b.panels, b.stage, b.tile = scratch[:p], scratch[p:p+st], scratch[p+st:p+st+s.tileFloats(r.k)]
	b.a, b.b, b.c = r.f32(s.a)[s.aOuter.at(b.outer):], r.bytes(s.b), r.f32(s.c)[s.cOuter.at(b.outer):]
	if s.hasAdd {
		b.add = r.f32(s.add)[s.cOuter.at(b.outer):]
	}
	for b.k0 = 0; b.k0 < max(s.depth, 1); b.k0 += s.kBlock {
		b.kc = min(s.kBlock, s.depth-b.k0)
		s.pack(b)
		for t := b.first; t < b.last && !b.over; t++ {
			s.compute(b, t)
		}
	}
}

// did counts multiplications.
func (b *block) did(n int) bool {
	b.over = b.over || b.work.add(b.r, n, lookSums)
	return b.over
}

// pack fills the unit's panels unless the worker has them from its unit before.
func (s *gemmStep) pack(b *block) {
	key := panelKey{s, b.outer, b.n0, b.k0}
	if b.r.gemms[b.w].packed == key {
		return
	}
	b.r.gemms[b.w].packed = key
	nr, size := b.r.k.NR, b.kc*s.taps*b.r.k.NR
	at := 0
	for j := 0; j < b.nc && !b.over; j += nr {
		s.panel(b, b.panels[at:at+size], b.n0+j, min(nr, b.nc-j))
		if at += size; s.gate != nil {
			s.panel(b, b.panels[at:at+size], s.n+b.n0+j, min(nr, b.nc-j))
			at += size
		}
	}
}

// panel packs columns j..j+n of B for the block's steps.
func (s *gemmStep) panel(b *block, dst []float32, j, n int) {
	k, size := b.r.k, s.b.dt.Size()
	if s.kMajor {
		for i := range b.kc {
			if b.did(lookSums / look * k.NR) {
				return
			}
			row := b.b[(s.bOuter.at(b.outer)+(b.k0+i)*s.b.ld+j)*size:]
			out := dst[i*k.NR : (i+1)*k.NR]
			widen(k, out[:n], s.b.dt, row[:n*size])
			clear(out[n:])
		}
		return
	}
	at, depth := (s.bOuter.at(b.outer)+j*s.b.ld+b.k0*s.taps)*size, b.kc*s.taps
	for d := 0; d < depth; d += packDepth {
		if b.did(lookSums / look * k.NR * min(packDepth, depth-d)) {
			return
		}
		packPanel(k, dst[d*k.NR:], b.stage, s.b.dt, b.b[at+d*size:], s.b.ld, n, min(packDepth, depth-d))
	}
}

// packPanel packs n rows of any dtype, ld elements apart and depth long, as a panel. stage is room for them as float32.
func packPanel(k *kern.Set, dst, stage []float32, dt tensor.DType, src []byte, ld, n, depth int) {
	if dt == tensor.F32 && !misaligned(src) {
		k.PackT(dst, asF32(src), ld, n, depth)
		return
	}
	if f := packFrom(k, dt); f != nil {
		f(dst, src, ld, n, depth)
		return
	}
	size := dt.Size()
	for i := range n {
		widen(k, stage[i*depth:(i+1)*depth], dt, src[i*ld*size:(i*ld+depth)*size])
	}
	k.PackT(dst, stage, depth, n, depth)
}

// packFrom is the packing of a dtype without a step between, nil if there is none.
func packFrom(k *kern.Set, dt tensor.DType) func(dst []float32, src []byte, srcLD, n, k int) {
	switch dt {
	case tensor.F16:
		return k.PackT16
	case tensor.BF16:
		return k.PackTB16
	}
	return nil
}

// compute does one tile of rows for all columns of the block.
func (s *gemmStep) compute(b *block, t int) {
	k := b.r.k
	line, x := t/s.tilesPerLine, t%s.tilesPerLine*s.tileRows
	rows := min(s.tileRows, s.width-x)
	if rows <= 0 {
		return
	}
	row := line*s.width + x
	g := &b.r.gemms[b.w].g
	*g = kern.Gemm{BStep: s.taps * k.NR * 4, K: b.kc, Segs: &s.segs[0], NSeg: s.taps, LDA: s.aStep * 4, LDC: s.c.ld * 4, LDD: s.c.ld * 4}
	s.rows(b, g, line, x, rows)
	c := b.c[row*s.c.ld+b.n0:]
	if s.gate != nil {
		s.gated(b, g, c, rows)
		return
	}
	for j := 0; j < b.nc; j += k.NR {
		g.B = unsafe.Pointer(unsafe.SliceData(b.panels[j*b.kc*s.taps:]))
		g.C = unsafe.Pointer(&c[j])
		s.start(b, g, line, row, j)
		if s.sum(b, g, rows, min(k.NR, b.nc-j)); b.over {
			return
		}
	}
	if s.act != nil && b.k0+b.kc == s.depth {
		for i := range rows {
			out := c[i*s.c.ld:][:b.nc]
			s.act(out, out)
		}
	}
}

// sum calls the kernel for all taps: for a part of them after another, where they are very many.
func (s *gemmStep) sum(b *block, g *kern.Gemm, rows, cols int) {
	per := max(callDepth/max(b.kc, 1), 1)
	if s.taps <= per {
		call(b.r.k, g, rows, cols)
		b.did(rows * cols * s.taps * b.kc)
		return
	}
	for t := 0; t < s.taps && !b.did(rows*cols*per*b.kc); t += per {
		g.Segs, g.NSeg = &s.segs[t], min(per, s.taps-t)
		call(b.r.k, g, rows, cols)
		g.D, g.LDD, g.Bias = g.C, g.LDC, nil
	}
	g.Segs, g.NSeg, g.LDD = &s.segs[0], s.taps, s.c.ld*4
}

// rows points g at a tile's rows of A, in a copy where their distance would make them share cache sets.
func (s *gemmStep) rows(b *block, g *kern.Gemm, line, x, rows int) {
	at := s.aLine(line) + x*s.aStep + b.k0
	if b.kc <= 0 { // nothing to read
		g.A = unsafe.Pointer(&b.tile[0])
		return
	}
	if !s.packA {
		g.A = unsafe.Pointer(&b.a[at])
		return
	}
	ld := s.kBlock + 16
	for i := range rows {
		copy(b.tile[i*ld:i*ld+b.kc], b.a[at+i*s.aStep:])
	}
	g.A, g.LDA = unsafe.Pointer(&b.tile[0]), ld*4
}

// start says what the tile's sum begins with: the block of K before, or bias and add.
func (s *gemmStep) start(b *block, g *kern.Gemm, line, row, j int) {
	g.D, g.Bias = nil, nil
	if b.k0 > 0 {
		g.D = g.C
		return
	}
	if s.hasBias {
		g.Bias = unsafe.Pointer(&b.r.f32(s.bias)[s.biasAt(b.outer)+b.n0+j])
	}
	switch {
	case !s.hasAdd:
	case s.addImage > 0:
		g.D, g.LDD = unsafe.Pointer(&b.add[line/s.addImage*s.add.ld+b.n0+j]), 0
	default:
		g.D, g.LDD = unsafe.Pointer(&b.add[row*s.add.ld+b.n0+j]), s.add.ld*4
	}
}

func (s *gemmStep) biasAt(outer int) int { return s.cOuter.at(outer) }

// call runs the kernel for a number of rows and columns.
func call(k *kern.Set, g *kern.Gemm, rows, cols int) {
	g.Cols = cols
	if cols <= k.NR/2 {
		k.Half[rows](g)
		return
	}
	k.Tile[rows](g)
}
