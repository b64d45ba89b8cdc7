// Package brownian makes the Brownian paths that SDE samplers draw their noise from: the same seed gives the increments of
// torchsde's BrownianTree, whatever the order and number of the questions.
package brownian

import (
	"math"
	"slices"
	"strconv"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/rng"
)

// Tree is a Brownian path over an interval for many cells at once. Its root knows the increment over the whole interval; a
// node splits at its middle by a Brownian bridge whose noise is seeded by the node's place. A question walks down from the
// root; the splits of the last questions are kept, for the next one shares most of them. The parts that are found are added
// in the order of time. It is not safe for concurrent use.
type Tree struct {
	seed   uint64
	t0, t1 float64
	whole  []float32 // W(t1) - W(t0)
	at     node      // the walker
	splits memo
	other  []float32   // the walker's second value while it stands at the fork
	parts  [][]float32 // of a question, the later ones first
	gen    *rng.Generator
	pool   [poolSize]uint32
	digits []byte
}

// node is a subinterval and its increment.
type node struct {
	start, end float64
	key        uint64 // 2·parent + side, so a path from the root
	depth      uint64
	w          []float32
}

// New makes the path of n cells over [t0, t1].
func New(seed uint64, t0, t1 float32, n int) *Tree {
	t := &Tree{
		seed: seed, gen: rng.New(0),
		whole: make([]float32, n), other: make([]float32, n), at: node{w: make([]float32, n)}, splits: newMemo(n),
	}
	t.t0, t.t1 = t.round(float64(min(t0, t1))), t.round(float64(max(t0, t1)))
	t.gen.Seed(uint64(seedSequence(t.pool[:], seed, nil, 3)[0]))
	t.gen.Randn(t.whole)
	// Compat: the root's ends are not rounded yet.
	scale := float32(math.Sqrt(math.Abs(float64(t1) - float64(t0))))
	for i := range t.whole {
		t.whole[i] *= scale
	}
	return t
}

// round gives x with six decimals, halves to even.
func (t *Tree) round(x float64) float64 {
	t.digits = strconv.AppendFloat(t.digits[:0], x, 'f', 6, 64)
	y, err := strconv.ParseFloat(string(t.digits), 64)
	if err != nil {
		return x // not a finite number
	}
	return y
}

// Increment writes W(b) - W(a) to dst. Times outside the interval are taken to its nearer end.
func (t *Tree) Increment(dst []float32, a, b float32) {
	sign := float32(1)
	if b < a {
		a, b, sign = b, a, -1
	}
	from, to := t.clamp(a), t.clamp(b)
	clear(dst)
	if from < to {
		t.walk(dst, from, to)
	}
	if sign < 0 {
		for i := range dst {
			dst[i] = -dst[i]
		}
	}
}

func (t *Tree) clamp(x float32) float64 { return min(max(t.round(float64(x)), t.t0), t.t1) }

// walk adds the increment over [from, to] to dst.
func (t *Tree) walk(dst []float32, from, to float64) {
	n := &t.at
	n.start, n.end, n.key, n.depth = t.t0, t.t1, 0, 0
	copy(n.w, t.whole)
	for n.start != from || n.end != to {
		mid, half, ok := t.split(n)
		switch {
		case !ok:
			return
		case to <= mid:
			n.goLeft(mid, half)
		case from >= mid:
			n.goRight(mid, half)
		default: // the question spans both halves
			left, right := *n, *n
			right.w = t.other
			copy(right.w, n.w)
			right.goRight(mid, half)
			left.goLeft(mid, half)
			t.tail(dst, &left, from)
			t.head(dst, &right, to)
			return
		}
	}
	add(dst, n.w)
}

// tail adds the increment over [from, end of n] to dst, its parts in the order of time.
func (t *Tree) tail(dst []float32, n *node, from float64) {
	parts := 0
	for n.start != from {
		mid, half, ok := t.split(n)
		if !ok {
			break
		}
		if from >= mid {
			n.goRight(mid, half)
			continue
		}
		if parts == len(t.parts) {
			t.parts = append(t.parts, make([]float32, len(dst)))
		}
		for i, left := range half {
			t.parts[parts][i] = n.w[i] - left
		}
		parts++
		n.goLeft(mid, half)
	}
	add(dst, n.w)
	for _, p := range slices.Backward(t.parts[:parts]) {
		add(dst, p)
	}
}

// head adds the increment over [start of n, to] to dst.
func (t *Tree) head(dst []float32, n *node, to float64) {
	for n.end != to {
		mid, half, ok := t.split(n)
		if !ok {
			return
		}
		if to <= mid {
			n.goLeft(mid, half)
			continue
		}
		add(dst, half)
		n.goRight(mid, half)
	}
	add(dst, n.w)
}

// split finds a node's middle and the left half's increment, which is valid until the next split. It is false for an
// interval that has no middle of six decimals.
func (t *Tree) split(n *node) (mid float64, half []float32, ok bool) {
	mid = t.round(0.5 * (n.start + n.end))
	if mid <= n.start || mid >= n.end || n.depth >= 62 {
		return mid, nil, false
	}
	half, known := t.splits.get(n.key, n.depth)
	if known {
		return mid, half, true
	}
	t.gen.Seed(uint64(seedSequence(t.pool[:], t.seed, []uint64{n.key, n.depth}, 4)[0]))
	t.gen.Randn(half)
	inverse := 1 / (n.end - n.start)
	left, right := mid-n.start, n.end-mid
	along, per, spread := float32(left), float32(inverse), float32(math.Sqrt(left*right*inverse))
	for i, z := range half {
		half[i] = float32(along*n.w[i]*per) + float32(spread*z)
	}
	return mid, half, true
}

func (n *node) goLeft(mid float64, left []float32) {
	copy(n.w, left)
	n.end, n.key, n.depth = mid, 2*n.key, n.depth+1
}

func (n *node) goRight(mid float64, left []float32) {
	for i, l := range left {
		n.w[i] -= l
	}
	n.start, n.key, n.depth = mid, 2*n.key+1, n.depth+1
}

func add(dst, src []float32) {
	for i, v := range src {
		dst[i] += v
	}
}

// Noise writes to dst what a sampler that goes from sigma to next takes as unit noise: the increment over its root of time.
// It is not a number when both are equal.
func (t *Tree) Noise(dst []float32, sigma, next float32) {
	t.Increment(dst, sigma, next)
	scale := float32(math.Sqrt(math.Abs(float64(next - sigma))))
	for i := range dst {
		dst[i] /= scale
	}
}
