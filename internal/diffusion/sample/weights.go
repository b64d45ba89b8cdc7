package sample

import (
	"slices"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// feather is how many cells an area's weight rises over at its edges.
const feather = 8

// weights gives the weight of each value that a condition predicts, in the shape of the area's part of the latent; nil
// when it is the strength everywhere.
func (s *session) weights(c *cond, a *area) []float32 {
	if c.mask == nil && a == nil {
		return nil
	}
	if c.mask != nil {
		return s.maskWeights(c, a)
	}
	shape := append(tensor.Shape{s.shape[0], s.shape[1]}, a.size...)
	w := s.in.arena.take(shape.Elems())
	fill(w, c.strength)
	for d, full := range s.shape[2:] {
		rise := min(feather, a.size[d]/4)
		for t := range rise {
			f := (1 / float32(rise)) * float32(t+1)
			if a.at[d] != 0 {
				scalePlane(w, shape, d+2, t, f)
			}
			if a.size[d]+a.at[d] < full {
				scalePlane(w, shape, d+2, a.size[d]-1-t, f)
			}
		}
	}
	return w
}

// scalePlane multiplies the plane at index i of dimension d.
func scalePlane(w []float32, shape tensor.Shape, d, i int, f float32) {
	inner := shape[d+1:].Elems()
	for o := range shape[:d].Elems() {
		line := w[(o*shape[d]+i)*inner:][:inner]
		for k := range line {
			line[k] *= f
		}
	}
}

// maskWeights repeats a condition's mask, cut to the area, over channels and items.
func (s *session) maskWeights(c *cond, a *area) []float32 {
	batch, channels := s.shape[0], s.shape[1]
	mask := c.mask
	if mask.Dim(0) > batch {
		mask = mask.Slice(0, 0, batch)
	}
	mask = a.cut(mask, 1).Dense()
	src := mask.F32()
	n := len(src) / mask.Dim(0)
	w := s.in.arena.take(batch * channels * n)
	for i := range batch {
		from := src[i%mask.Dim(0)*n:][:n]
		for ch := range channels {
			to := w[(i*channels+ch)*n:][:n]
			for k, v := range from {
				to[k] = v * c.maskStrength * c.strength
			}
		}
	}
	return w
}

// fallbacks adds the jobs of the conditions that act where no other of their list does.
func (s *session) fallbacks(jobs []*job, lists [][]*cond, x *tensor.Tensor, sigma float32) []*job {
	for i, l := range lists {
		if !slices.ContainsFunc(l, func(c *cond) bool { return c.fallback }) {
			continue
		}
		left := s.uncovered(jobs, i)
		if !slices.ContainsFunc(left, func(v float32) bool { return v > 0 }) {
			continue
		}
		for _, c := range l {
			if !c.fallback {
				continue
			}
			if j := s.job(c, i, x, sigma); j != nil {
				j.weight = j.area.cut(tensor.FromF32(left, s.shape...), 2).F32()
				jobs = append(jobs, j)
			}
		}
	}
	return jobs
}

// uncovered is one less the weights of a list's jobs, at least 0.
func (s *session) uncovered(jobs []*job, list int) []float32 {
	left := s.in.arena.take(s.shape.Elems())
	fill(left, 1)
	for _, j := range jobs {
		if j.list == list {
			eachLine(s.shape, j.area, func(at, from, n int) {
				for k := range n {
					left[at+k] -= j.weightAt(from + k)
				}
			})
		}
	}
	for i, v := range left {
		left[i] = max(v, 0)
	}
	return left
}

func (j *job) weightAt(i int) float32 {
	if j.weight == nil {
		return j.strength
	}
	return j.weight[i]
}

// eachLine visits the innermost lines of an area of a latent: where one starts in the latent, where in the area's own
// part, and its length.
func eachLine(shape tensor.Shape, a *area, visit func(at, from, n int)) {
	if a == nil {
		visit(0, 0, shape.Elems())
		return
	}
	last := len(shape) - 1
	size := append(tensor.Shape{shape[0], shape[1]}, a.size...)
	n, lines := size[last], size[:last].Elems()
	for l := range lines {
		at, rest, stride := a.at[last-2], l, shape[last]
		for d := last - 1; d >= 0; d-- {
			i := rest % size[d]
			rest /= size[d]
			if d >= 2 {
				i += a.at[d-2]
			}
			at += i * stride
			stride *= shape[d]
		}
		visit(at, l*n, n)
	}
}

// sums gathers the weighted predictions of each list.
type sums struct {
	shape      tensor.Shape
	out, count [][]float32 // count is nil where one job with one weight is all there is
	plain      []bool
}

func newSums(lists [][]*cond, jobs []*job, shape tensor.Shape, mem *arena) *sums {
	s := &sums{shape: shape}
	for i := range lists {
		mine := 0
		plain := true
		for _, j := range jobs {
			if j.list == i {
				mine++
				plain = plain && j.weight == nil && j.strength > 1e-30
			}
		}
		s.out = append(s.out, mem.zeros(shape.Elems()))
		s.plain = append(s.plain, mine == 1 && plain)
		var count []float32
		if mine > 0 && !s.plain[i] {
			count = mem.take(shape.Elems())
			fill(count, 1e-37)
		}
		s.count = append(s.count, count)
	}
	return s
}

// add takes a job's prediction, in the shape of its area.
func (s *sums) add(j *job, prediction []float32) {
	out, count := s.out[j.list], s.count[j.list]
	if s.plain[j.list] {
		copy(out, prediction)
		return
	}
	eachLine(s.shape, j.area, func(at, from, n int) {
		for k := range n {
			w := j.weightAt(from + k)
			out[at+k] += prediction[from+k] * w
			count[at+k] += w
		}
	})
}

func (s *sums) means() [][]float32 {
	for i, out := range s.out {
		for k, c := range s.count[i] {
			out[k] /= c
		}
	}
	return s.out
}
