package cpu

import (
	"math"
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// attentionStep computes softmax(q·kᵀ*scale + mask)·v by head without ever holding a whole row of scores: keys are taken
// in blocks, and sums so far are scaled down when a larger score turns up. Source: arXiv:2205.14135.
type attentionStep struct {
	dst, q, k, v, mask val
	hasMask            bool
	causal             bool
	scale              float32
	heads, d, dv       int
	maskStep           [4]int // elements by batch, head, query, key
	qBlock, kBlock     int
	qBlocks            int
	segs               []kern.Seg
}

// Blocks of queries and keys: a tile of queries has its scores in L1; a block of keys has its panels, and the queries their
// sums, in L2. Each block of queries packs the keys again, so it should be large.
const (
	attnKeys    = 512
	attnQueries = 896
	attnSums    = 64 << 10 // float32s
)

func (c *compiler) attention(n *node) {
	o := n.op
	q, k, v := c.f32(o.Args[0]), c.f32(o.Args[1]), c.f32(o.Args[2])
	s := &attentionStep{q: q, k: k, v: v, causal: o.Attr.I[1] != 0, scale: float32(o.Attr.F[0]), heads: o.Attr.I[0], segs: []kern.Seg{{}}}
	s.d, s.dv = q.cols()/s.heads, v.cols()/s.heads
	uses := []val{q, k, v}
	if s.mask, s.hasMask = c.arg(n, 3); s.hasMask {
		copy(s.maskStep[:], broadcastStrides(s.mask, tensor.Shape{q.shape[0], s.heads, q.shape[1], k.shape[1]}))
		uses = append(uses, s.mask)
	}
	s.dst = c.out(n.out)
	mr := c.b.kern.MR
	s.kBlock = max(min(attnKeys, k.shape[1]), 1)
	units := q.shape[0] * s.heads
	s.qBlock = max(min(attnQueries, attnSums/(s.dv+16)), 8*mr) / mr * mr
	for units*((q.shape[1]+s.qBlock-1)/s.qBlock) < 4*c.b.pool.threads && s.qBlock > 4*mr {
		s.qBlock -= mr
	}
	s.qBlocks = (q.shape[1] + s.qBlock - 1) / s.qBlock
	c.perThread(4 * s.layout(c.b.kern, nil).total)
	c.emit(s, append(uses, s.dst)...)
}

// attnScratch is one thread's memory: packed keys and values, scores of a tile, and by query the sums so far.
type attnScratch struct {
	keys, values, scores, acc, most, sum []float32
	total, accLD, scoreLD                int
}

func (s *attentionStep) layout(k *kern.Set, mem []float32) *attnScratch {
	panels := func(n int) int { return (n + k.NR - 1) / k.NR * k.NR }
	a := &attnScratch{accLD: panels(s.dv) + 16, scoreLD: panels(s.kBlock) + 16}
	take := func(n int) []float32 {
		from := a.total
		a.total += (n + 15) &^ 15
		if mem == nil {
			return nil
		}
		return mem[from : from+n]
	}
	a.keys = take(panels(s.kBlock) * s.d)
	a.values = take(panels(s.dv) * s.kBlock)
	a.scores = take(k.MR * a.scoreLD)
	a.acc = take(s.qBlock * a.accLD)
	a.most, a.sum = take(s.qBlock), take(s.qBlock)
	return a
}

func (s *attentionStep) run(r *run) error {
	if s.dst.shape.Elems() == 0 {
		return nil
	}
	work := s.q.shape[0] * s.heads * s.q.shape[1] * s.k.shape[1] * (s.d + s.dv + 16)
	r.share(s.q.shape[0]*s.heads*s.qBlocks, work, func(w, u int) { s.unit(r, w, u) })
	return nil
}

// attnUnit is a block of queries of one head.
type attnUnit struct {
	r       *run
	m       *attnScratch
	g       *kern.Gemm
	b, h    int
	q0, qn  int
	k0, kn  int
	q, k, v []float32
	mask    []float32
	work    counter
	over    bool // the run is
}

// did counts multiplications.
func (u *attnUnit) did(n int) bool {
	u.over = u.over || u.work.add(u.r, n, lookSums)
	return u.over
}

func (s *attentionStep) unit(r *run, w, n int) {
	u := &attnUnit{r: r, m: s.layout(r.k, asF32(r.scratch[w])), g: &r.gemms[w].g}
	r.gemms[w].packed = panelKey{}
	u.q0 = n % s.qBlocks * s.qBlock
	n /= s.qBlocks
	u.b, u.h = n/s.heads, n%s.heads
	lq, lk := s.q.shape[1], s.k.shape[1]
	u.qn = min(s.qBlock, lq-u.q0)
	u.q = r.f32(s.q)[(u.b*lq+u.q0)*s.q.ld+u.h*s.d:]
	if lk > 0 {
		u.k = r.f32(s.k)[u.b*lk*s.k.ld+u.h*s.d:]
		u.v = r.f32(s.v)[u.b*lk*s.v.ld+u.h*s.dv:]
	}
	if s.hasMask && lk > 0 {
		u.mask = r.f32(s.mask)[u.b*s.maskStep[0]+u.h*s.maskStep[1]:]
	}
	clear(u.m.acc)
	clear(u.m.sum)
	for i := range u.m.most {
		u.m.most[i] = float32(math.Inf(-1))
	}
	for u.k0 = 0; u.k0 < lk && !u.over; u.k0 += s.kBlock {
		if s.causal && u.k0 > u.q0+u.qn-1 {
			break
		}
		u.kn = min(s.kBlock, lk-u.k0)
		s.keys(u)
	}
	s.store(u)
}

// keys adds a block of keys to every query of the unit.
func (s *attentionStep) keys(u *attnUnit) {
	k := u.r.k
	for j := 0; j < u.kn && !u.did(lookSums/look*k.NR*s.d); j += k.NR {
		k.PackT(u.m.keys[j*s.d:(j+k.NR)*s.d], u.k[(u.k0+j)*s.k.ld:], s.k.ld, min(k.NR, u.kn-j), s.d)
	}
	for j := 0; j < s.dv; j += k.NR {
		n, w := min(k.NR, s.dv-j), valueWidth(k, s.dv-j)
		if u.did(lookSums / look * u.kn * w) {
			return
		}
		for i := range u.kn {
			out := u.m.values[j*s.kBlock+i*w:][:w]
			copy(out, u.v[(u.k0+i)*s.v.ld+j:][:n])
			clear(out[n:])
		}
	}
	for i := 0; i < u.qn && !u.over; i += k.MR {
		s.tile(u, i, min(k.MR, u.qn-i))
	}
}

// tile computes the scores of rows queries, turns them into shares, and adds the values by them.
func (s *attentionStep) tile(u *attnUnit, i, rows int) {
	k, m := u.r.k, u.m
	g := u.g
	*g = kern.Gemm{A: unsafe.Pointer(&u.q[i*s.q.ld]), LDA: s.q.ld * 4, BStep: k.NR * 4, K: s.d, Segs: &s.segs[0], NSeg: 1, LDC: m.scoreLD * 4}
	for j := 0; j < u.kn; j += k.NR {
		g.A, g.B, g.C = unsafe.Pointer(&u.q[i*s.q.ld]), unsafe.Pointer(&m.keys[j*s.d]), unsafe.Pointer(&m.scores[j])
		if s.scores(u, g, rows, min(k.NR, u.kn-j)); u.over {
			return
		}
	}
	for r := range rows {
		s.shares(u, m.scores[r*m.scoreLD:][:u.kn], i+r)
	}
	*g = kern.Gemm{A: unsafe.Pointer(&m.scores[0]), LDA: m.scoreLD * 4, BStep: k.NR * 4, K: u.kn, Segs: &s.segs[0], NSeg: 1, LDC: m.accLD * 4, LDD: m.accLD * 4}
	for j := 0; j < s.dv; j += k.NR {
		g.B, g.C = unsafe.Pointer(&m.values[j*s.kBlock]), unsafe.Pointer(&m.acc[i*m.accLD+j])
		g.D, g.BStep = g.C, valueWidth(k, s.dv-j)*4
		call(k, g, rows, min(k.NR, s.dv-j))
		if u.did(rows * k.NR * u.kn) {
			return
		}
	}
}

// scores multiplies queries by a panel of keys; where heads are very wide, a part of them after another.
func (s *attentionStep) scores(u *attnUnit, g *kern.Gemm, rows, cols int) {
	k := u.r.k
	for left := s.d; ; left -= callDepth {
		g.K = min(callDepth, left)
		call(k, g, rows, cols)
		if u.did(rows*k.NR*g.K) || left <= callDepth {
			break
		}
		g.A, g.B = unsafe.Add(g.A, 4*callDepth), unsafe.Add(g.B, 4*callDepth*k.NR)
		g.D, g.LDD = g.C, g.LDC
	}
	g.D = nil
}

// valueWidth is how wide a panel of values is that has n columns to go.
func valueWidth(k *kern.Set, n int) int {
	if n <= k.NR/2 {
		return k.NR / 2
	}
	return k.NR
}

// shares turns the scores of query q of the unit into exp(score - most) and scales down what was summed under a smaller most.
func (s *attentionStep) shares(u *attnUnit, line []float32, q int) {
	k, m := u.r.k, u.m
	scale := s.scale
	if u.mask != nil {
		s.addMask(u, line, q)
		scale = 1
	}
	n := len(line)
	if s.causal {
		n = min(max(u.q0+q-u.k0+1, 0), n)
		clear(line[n:])
	}
	if n == 0 {
		return
	}
	most := k.MaxOf(line[:n]) * scale
	if scale < 0 {
		k.Affine(line[:n], line[:n], scale, 0)
		scale, most = 1, k.MaxOf(line[:n])
	}
	if most < m.most[q] {
		most = m.most[q]
	}
	if math.IsInf(float64(most), -1) { // every key so far is hidden
		clear(line)
		return
	}
	if m.most[q] != most && !math.IsInf(float64(m.most[q]), -1) {
		down := float32(math.Exp(float64(m.most[q] - most)))
		m.sum[q] *= down
		acc := m.acc[q*m.accLD:][:s.dv]
		k.Affine(acc, acc, down, 0)
	}
	m.most[q] = most
	m.sum[q] += k.ExpSum(line[:n], line[:n], scale, most)
}

// addMask scales a query's scores and adds the mask to them.
func (s *attentionStep) addMask(u *attnUnit, line []float32, q int) {
	k := u.r.k
	at := (u.q0+q)*s.maskStep[2] + u.k0*s.maskStep[3]
	if s.maskStep[3] == 0 {
		k.Affine(line, line, s.scale, u.mask[at])
		return
	}
	k.Affine(line, line, s.scale, 0)
	k.Add(line, line, u.mask[at:at+len(line)])
}

// store writes the unit's queries, divided by their sums.
func (s *attentionStep) store(u *attnUnit) {
	dst := u.r.f32(s.dst)
	if s.k.shape[1] == 0 { // a sum over nothing
		for i := range u.m.sum {
			u.m.sum[i] = 1
		}
	}
	for i := range u.qn {
		at := (u.b*s.q.shape[1]+u.q0+i)*s.dst.ld + u.h*s.dv
		u.r.k.Affine(dst[at:at+s.dv], u.m.acc[i*u.m.accLD:][:s.dv], 1/u.m.sum[i], 0)
	}
}
