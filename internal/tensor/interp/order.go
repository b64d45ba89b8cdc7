package interp

import (
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// lines calls f with each line of the argument along the op's axis and writes what it gives.
func (c *call) lines(f func(line []float64) []float64) {
	x, axis := c.args[0], c.int(0)
	outer, n, inner := split(x.shape, axis)
	m := c.out.shape[axis]
	line := make([]float64, n)
	for o := range outer {
		for i := range inner {
			for k := range line {
				line[k] = x.v[(o*n+k)*inner+i]
			}
			for k, v := range f(line) {
				c.out.v[(o*m+k)*inner+i] = v
			}
		}
	}
}

// fold1 is lines for what makes one number of a line.
func (c *call) fold1(f func(line []float64) float64) {
	c.lines(func(line []float64) []float64 { return []float64{f(line)} })
}

// alongAxis runs the kinds along one axis from KindArgMin to KindTopKIndex.
func (c *call) alongAxis() {
	switch c.op.Kind {
	case tensor.KindArgMin:
		c.fold1(argMin)
	case tensor.KindVar:
		c.fold1(func(l []float64) float64 { return variance(l, c.int(1)) })
	case tensor.KindStd:
		c.fold1(func(l []float64) float64 { return math.Sqrt(variance(l, c.int(1))) })
	case tensor.KindLogSumExp:
		c.fold1(logSumExp)
	case tensor.KindLogSoftmax:
		c.lines(func(l []float64) []float64 {
			s := logSumExp(l)
			for i := range l {
				l[i] -= s
			}
			return l
		})
	case tensor.KindCumProd:
		c.scan(func(a, b float64) float64 { return a * b })
	case tensor.KindCumMax:
		c.scan(func(a, b float64) float64 { return max(a, b) })
	case tensor.KindCumMin:
		c.scan(func(a, b float64) float64 { return min(a, b) })
	case tensor.KindMedian:
		c.fold1(func(l []float64) float64 { return quantile(l, float64((len(l)-1)/2)) })
	case tensor.KindQuantile:
		c.fold1(func(l []float64) float64 { return quantile(l, c.num(0)*float64(len(l)-1)) })
	case tensor.KindNorm:
		c.fold1(func(l []float64) float64 {
			s := 0.0
			for _, v := range l {
				s += v * v
			}
			return math.Sqrt(s)
		})
	default:
		c.sort()
	}
}

func (c *call) scan(f func(a, b float64) float64) {
	c.lines(func(l []float64) []float64 {
		for i := 1; i < len(l); i++ {
			l[i] = f(l[i-1], l[i])
		}
		return l
	})
}

func argMin(l []float64) float64 {
	at := 0
	for i, v := range l {
		if v < l[at] || (v != v && l[at] == l[at]) {
			at = i
		}
	}
	return float64(at)
}

func variance(l []float64, correction int) float64 {
	mean, sq := 0.0, 0.0
	for _, v := range l {
		mean += v
	}
	mean /= float64(len(l))
	for _, v := range l {
		sq += (v - mean) * (v - mean)
	}
	return sq / float64(max(len(l)-correction, 0))
}

func logSumExp(l []float64) float64 {
	most := fold(tensor.KindAmax, l)
	if math.IsInf(most, 0) {
		return most
	}
	sum := 0.0
	for _, v := range l {
		sum += math.Exp(v - most)
	}
	return most + math.Log(sum)
}

// greaterNaN orders numbers with NaN behind all others.
func greaterNaN(a, b float64) int {
	switch {
	case a != a && b != b:
		return 0
	case a != a:
		return 1
	case b != b, a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// quantile is the element at a place of the sorted line, between two elements by their distance.
func quantile(l []float64, at float64) float64 {
	s := slices.Clone(l)
	slices.SortFunc(s, greaterNaN)
	if last := s[len(s)-1]; last != last {
		return last
	}
	lo := int(at)
	if t := at - float64(lo); t > 0 {
		return s[lo] + t*(s[lo+1]-s[lo])
	}
	return s[lo]
}

// sort runs the kinds that order.
func (c *call) sort() {
	down := c.int(1) == 1
	if c.op.Kind == tensor.KindTopK || c.op.Kind == tensor.KindTopKIndex {
		down = c.int(2) == 1
	}
	places := c.op.Kind == tensor.KindArgSort || c.op.Kind == tensor.KindTopKIndex
	c.lines(func(l []float64) []float64 {
		order := make([]int, len(l))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			if down {
				a, b = b, a
			}
			return greaterNaN(l[a], l[b])
		})
		out := make([]float64, c.out.shape[c.int(0)])
		for i := range out {
			if out[i] = l[order[i]]; places {
				out[i] = float64(order[i])
			}
		}
		return out
	})
}

func checkIDs(ids []float64, n int) error {
	for _, id := range ids {
		if id < 0 || id >= float64(n) {
			return fault.New(fault.BadTensor, "index %v of %d", id, n)
		}
	}
	return nil
}

// byIndex runs the kinds with ids.
func (c *call) byIndex() error {
	x := c.args[0]
	switch c.op.Kind {
	case tensor.KindOneHot:
		n := c.int(0)
		if err := checkIDs(x.v, n); err != nil {
			return err
		}
		for i, id := range x.v {
			c.out.v[i*n+int(id)] = 1
		}
	case tensor.KindScatterAdd:
		ids, rows, d := c.args[1], c.args[2], x.shape[1]
		if err := checkIDs(ids.v, x.shape[0]); err != nil {
			return err
		}
		copy(c.out.v, x.v)
		for i, id := range ids.v {
			for k := range d {
				c.out.v[int(id)*d+k] += rows.v[i*d+k]
			}
		}
	case tensor.KindTakeAlong:
		ids, axis := c.args[1], c.int(0)
		if err := checkIDs(ids.v, x.shape[axis]); err != nil {
			return err
		}
		from := make([]int, len(x.shape))
		each(c.out.shape, func(i int, at []int) {
			copy(from, at)
			from[axis] = int(ids.v[i])
			c.out.v[i] = x.v[index(x.shape, from)]
		})
	}
	return nil
}
