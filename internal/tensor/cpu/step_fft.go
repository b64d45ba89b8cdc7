package cpu

import (
	"math"
	"math/bits"
)

// fftStep transforms lines of complex numbers along an axis of a dense [outer, n, inner, 2].
type fftStep struct {
	dst, x          val
	outer, n, inner int
	inverse         bool
	room            lanes // a line, or the longer one of Bluestein's way
}

func (c *compiler) fft(n *node) {
	x, axis := c.compact(c.f32(n.op.Args[0])), n.op.Attr.I[0]
	s := &fftStep{x: x, dst: c.out(n.out), n: x.shape[axis], inverse: n.op.Attr.I[1] == 1}
	s.outer, s.inner = x.shape[:axis].Elems(), x.shape[axis+1:len(x.shape)-1].Elems()
	_, units := chunk(s.outer*s.inner, s.cost())
	s.room = c.lanes(units, 16*fftLen(s.n))
	c.emit(s, s.dst, x, s.room.v)
}

func (s *fftStep) cost() int { return 8 * s.n * bits.Len(uint(s.n)) }

// fftLen is the power of two that a transform of n goes by: n itself, or enough for Bluestein's convolution.
func fftLen(n int) int {
	if n&(n-1) == 0 {
		return n
	}
	return 1 << bits.Len(uint(2*n-2))
}

// fftPlan is the tables of a transform of n.
type fftPlan struct {
	n, m  int
	turns []complex128 // exp(-2πi k/m), half of them
	chirp []complex128 // exp(-πi k²/n); nil where n is a power of two
	wave  []complex128 // the transform of the conjugate chirp
}

// newFFTPlan makes the tables. Source of the way by a convolution: Bluestein, "A linear filtering approach to the computation
// of discrete Fourier transform", 1970.
func (r *run) newFFTPlan(n int) *fftPlan {
	p := &fftPlan{n: n, m: fftLen(n)}
	p.turns = make([]complex128, p.m/2)
	var work counter
	for i := range p.turns {
		sin, cos := math.Sincos(-2 * math.Pi * float64(i) / float64(p.m))
		p.turns[i] = complex(cos, sin)
		if work.add(r, 16, look) {
			return p
		}
	}
	if p.m == n {
		return p
	}
	p.chirp, p.wave = make([]complex128, n), make([]complex128, p.m)
	for k := range n {
		sin, cos := math.Sincos(-math.Pi * float64(int64(k)*int64(k)%int64(2*n)) / float64(n))
		p.chirp[k] = complex(cos, sin)
		p.wave[k] = complex(cos, -sin)
		p.wave[(p.m-k)%p.m] = p.wave[k]
		if work.add(r, 16, look) {
			return p
		}
	}
	p.radix2(r, p.wave)
	return p
}

// radix2 transforms m numbers in place.
func (p *fftPlan) radix2(r *run, a []complex128) {
	shift := 64 - bits.Len(uint(p.m-1))
	for i := range a {
		if j := int(bits.Reverse64(uint64(i)) >> shift); p.m > 1 && i < j {
			a[i], a[j] = a[j], a[i]
		}
	}
	var work counter
	for half := 1; half < p.m && !work.add(r, p.m, look); half *= 2 {
		step := p.m / (2 * half)
		for at := 0; at < p.m; at += 2 * half {
			lo, hi := a[at:at+half], a[at+half:at+2*half]
			for k := range lo {
				t := hi[k] * p.turns[k*step]
				lo[k], hi[k] = lo[k]+t, lo[k]-t
			}
		}
	}
}

// transform turns the first n numbers of a, which has room for m, into their transform.
func (p *fftPlan) transform(r *run, a []complex128) {
	if p.chirp == nil {
		p.radix2(r, a)
		return
	}
	for k, w := range p.chirp {
		a[k] *= w
	}
	clear(a[p.n:])
	p.radix2(r, a)
	for k, w := range p.wave {
		v := a[k] * w
		a[k] = complex(real(v), -imag(v)) // so that the same transform goes back
	}
	p.radix2(r, a)
	scale := 1 / float64(p.m)
	for k, w := range p.chirp {
		a[k] = complex(real(a[k])*scale, -imag(a[k])*scale) * w
	}
}

func (s *fftStep) run(r *run) error {
	dst, x, plan := r.f32(s.dst), r.f32(s.x), r.newFFTPlan(s.n)
	sign, scale := 1.0, 1.0
	if s.inverse { // the conjugate of the transform of the conjugate
		sign, scale = -1, 1/float64(s.n)
	}
	per, units := chunk(s.outer*s.inner, s.cost())
	return r.units(units, func(w, u int) {
		b := s.room.of(r, w, u)
		a := cut[complex128](&b, plan.m)
		for l := u * per; l < min((u+1)*per, s.outer*s.inner); l++ {
			first := (l/s.inner*s.n*s.inner + l%s.inner) * 2
			for k := range s.n {
				at := first + k*s.inner*2
				a[k] = complex(float64(x[at]), sign*float64(x[at+1]))
			}
			if plan.transform(r, a); s.n > look/8 && r.over() {
				return
			}
			for k := range s.n {
				at := first + k*s.inner*2
				dst[at], dst[at+1] = float32(real(a[k])*scale), float32(sign*imag(a[k])*scale)
			}
		}
	})
}
