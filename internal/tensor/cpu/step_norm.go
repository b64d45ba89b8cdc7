package cpu

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/kern"
)

// rowNormStep normalises each row: LayerNorm or RMSNorm.
type rowNormStep struct {
	dst, x  val
	w, bias val
	hasW    bool
	hasBias bool
	rms     bool
	eps     float64
}

func (c *compiler) rowNorm(n *node) {
	s := &rowNormStep{rms: n.op.Kind == tensor.KindRMSNorm, eps: n.op.Attr.F[0], x: c.f32(n.op.Args[0])}
	uses := []val{s.x}
	if s.w, s.hasW = c.arg(n, 1); s.hasW {
		s.w = c.compact(s.w)
		uses = append(uses, s.w)
	}
	if s.bias, s.hasBias = c.arg(n, 2); s.hasBias {
		s.bias = c.compact(s.bias)
		uses = append(uses, s.bias)
	}
	s.dst = c.outOver(n.out, s.x)
	c.emit(s, append(uses, s.dst)...)
}

func (s *rowNormStep) run(r *run) error {
	cols, rows := s.x.cols(), s.x.rows()
	if cols == 0 || rows == 0 {
		return nil
	}
	dst, x := r.f32(s.dst), r.f32(s.x)
	var w, bias []float32
	if s.hasW {
		w = r.f32(s.w)
	}
	if s.hasBias {
		bias = r.f32(s.bias)
	}
	per := max(8<<10/cols, 1)
	return r.units((rows+per-1)/per, func(_, u int) {
		for i := u * per; i < min((u+1)*per, rows); i++ {
			s.row(r, dst[i*cols:(i+1)*cols], x[i*s.x.ld:i*s.x.ld+cols], w, bias)
		}
	})
}

func (s *rowNormStep) row(r *run, dst, x, w, bias []float32) {
	mean := 0.0
	if !s.rms {
		mean = r.sumOf(x) / float64(len(x))
	}
	rstd := 1 / math.Sqrt(s.sumSq(r, x, float32(mean))/float64(len(x))+s.eps)
	if len(dst) <= look {
		normed(r.k, dst, x, w, bias, mean, rstd)
		return
	}
	part := func(v []float32, from, to int) []float32 {
		if v == nil {
			return nil
		}
		return v[from:to]
	}
	for from := 0; from < len(dst) && r.goes(from); from += look {
		to := min(from+look, len(dst))
		normed(r.k, dst[from:to], x[from:to], part(w, from, to), part(bias, from, to), mean, rstd)
	}
}

// sumSq adds up the squares of x-mean, of a row that may be long.
func (s *rowNormStep) sumSq(r *run, x []float32, mean float32) float64 {
	if len(x) <= look {
		return float64(r.k.SumSq(x, mean))
	}
	sq := 0.0
	for from := 0; from < len(x) && r.goes(from); from += look {
		to := min(from+look, len(x))
		sq += float64(r.k.SumSq(x[from:to], mean))
	}
	return sq
}

// normed is (x-mean)*rstd, scaled and shifted by element.
func normed(k *kern.Set, dst, x, w, bias []float32, mean, rstd float64) {
	k.Affine(dst, x, 1, float32(-mean))
	k.Affine(dst, dst, float32(rstd), 0)
	switch {
	case w != nil && bias != nil:
		k.ScaleShift(dst, dst, w, bias)
	case w != nil:
		k.Mul(dst, dst, w)
	case bias != nil:
		k.Add(dst, dst, bias)
	}
}

// groupNormStep normalises [batch, rows, channels] within groups of channels, then applies SiLU if asked.
type groupNormStep struct {
	to              frame
	x, parts        val // parts: for each batch and chunk of rows, sums and sums of squares by channel
	coef            val // for each batch, scale and shift by channel
	w, bias         val
	hasW, hasBias   bool
	silu            bool
	groups          int
	eps             float64
	batch, rows, ch int
	chunk           int // rows of a chunk
}

func (c *compiler) groupNorm(n *node) {
	x := c.f32(n.op.Args[0])
	s := &groupNormStep{x: x, silu: n.act != 0, groups: n.op.Attr.I[0], eps: n.op.Attr.F[0], batch: x.shape[0], ch: x.cols()}
	s.rows = x.shape[1 : len(x.shape)-1].Elems()
	s.chunk = max(16<<10/max(s.ch, 1), 8)
	uses := []val{x}
	if s.w, s.hasW = c.arg(n, 1); s.hasW {
		s.w = c.compact(s.w)
		uses = append(uses, s.w)
	}
	if s.bias, s.hasBias = c.arg(n, 2); s.hasBias {
		s.bias = c.compact(s.bias)
		uses = append(uses, s.bias)
	}
	s.parts = c.temp(tensor.F32, s.batch, s.chunks(), 2, s.ch)
	s.coef = c.temp(tensor.F32, s.batch, 2, s.ch)
	s.to = c.frameFor(n, func() val { return c.outOver(n.out, x) })
	c.emit(s, append(uses, s.parts, s.coef, s.to.dst)...)
}

func (s *groupNormStep) chunks() int { return (s.rows + s.chunk - 1) / s.chunk }

func (s *groupNormStep) run(r *run) error {
	if s.x.shape.Elems() == 0 {
		return nil
	}
	n := s.chunks()
	x, dst, parts, coef := r.f32(s.x), r.f32(s.to.dst), r.f32(s.parts), r.f32(s.coef)
	r.share(s.batch*n, 8*s.batch*s.rows*s.ch, func(_, u int) {
		b, from := u/n, u%n*s.chunk
		p := parts[u*2*s.ch:][:2*s.ch]
		first := b * s.rows * s.x.ld
		s.stats(r, p, x[first:first+s.ch], x[first+from*s.x.ld:], min(s.chunk, s.rows-from))
	})
	var work counter
	for b := range s.batch {
		if work.add(r, n*s.ch+16*s.groups, look) {
			return r.ended()
		}
		s.combine(r, parts[b*n*2*s.ch:][:n*2*s.ch], x[b*s.rows*s.x.ld:][:s.ch], coef[b*2*s.ch:][:2*s.ch])
	}
	apply := r.k.ScaleShift
	if s.silu {
		apply = r.k.ScaleShiftSiLU
	}
	s.to.clear(r)
	r.share(s.batch*n, 8*s.batch*s.rows*s.ch, func(_, u int) {
		b, from := u/n, u%n*s.chunk
		c := coef[b*2*s.ch:][:2*s.ch]
		for i := from; i < min(from+s.chunk, s.rows); i++ {
			row := b*s.rows + i
			out, in := dst[s.to.at(row):][:s.ch], x[row*s.x.ld:][:s.ch]
			if s.ch <= look {
				apply(out, in, c[:s.ch], c[s.ch:])
				continue
			}
			for lo := 0; lo < s.ch && r.goes(lo); lo += look {
				hi := min(lo+look, s.ch)
				apply(out[lo:hi], in[lo:hi], c[lo:hi], c[s.ch+lo:s.ch+hi])
			}
		}
	})
	return r.ended()
}

// stats adds up rows rows of x, less the first row, and their squares.
func (s *groupNormStep) stats(r *run, p, first, x []float32, rows int) {
	if s.ch <= look {
		clear(p)
		r.k.Stats(p[:s.ch], p[s.ch:], first, x, s.x.ld, rows)
		return
	}
	for lo := 0; lo < s.ch && r.goes(lo); lo += look {
		hi := min(lo+look, s.ch)
		sum, sq := p[lo:hi], p[s.ch+lo:s.ch+hi]
		clear(sum)
		clear(sq)
		for row := 0; row < rows && !r.over(); row++ {
			r.k.Stats(sum, sq, first[lo:hi], x[row*s.x.ld+lo:], s.x.ld, 1)
		}
	}
}

// combine turns the sums of one batch item, which are of x less the first row, into scale and shift by channel.
func (s *groupNormStep) combine(r *run, parts, first, coef []float32) {
	var w, bias []float32
	if s.hasW {
		w = r.f32(s.w)
	}
	if s.hasBias {
		bias = r.f32(s.bias)
	}
	per := s.ch / s.groups
	var work counter
	for g := 0; g < s.ch && !work.add(r, len(parts)/s.ch*per, look); g += per {
		mean, m2 := s.moments(r, parts, first, g, per)
		rstd := 1 / math.Sqrt(m2/float64(s.rows*per)+s.eps)
		for c := g; c < g+per; c++ {
			scale, shift := rstd, -mean*rstd
			if w != nil {
				scale, shift = scale*float64(w[c]), shift*float64(w[c])
			}
			if bias != nil {
				shift += float64(bias[c])
			}
			coef[c], coef[s.ch+c] = float32(scale), float32(shift)
		}
	}
}

// moments gives the mean of a group and the sum of squared distances from it.
func (s *groupNormStep) moments(r *run, parts, first []float32, g, per int) (mean, m2 float64) {
	n := float64(s.rows)
	var count float64
	var work counter
	for c := g; c < g+per && !work.add(r, len(parts)/s.ch, look); c++ {
		var sum, sq float64
		for at := c; at < len(parts); at += 2 * s.ch {
			sum += float64(parts[at])
			sq += float64(parts[at+s.ch])
		}
		cm, cs := float64(first[c])+sum/n, max(sq-sum*sum/n, 0)
		if sq != sq { // max drops nothing, but say it: NaN stays NaN
			cs = sq
		}
		d := cm - mean // Chan's pairwise update
		count += n
		mean += d * n / count
		m2 += cs + d*d*n*(count-n)/count
	}
	return mean, m2
}
