package interp

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// reduce runs the kinds over one axis.
func (c *call) reduce() {
	x, axis := c.args[0], c.int(0)
	outer, n, inner := split(x.shape, axis)
	line := make([]float64, n)
	for o := range outer {
		for i := range inner {
			at := o*n*inner + i
			for k := range line {
				line[k] = x.v[at+k*inner]
			}
			if keeps(c.op.Kind) {
				fillLine(c.op.Kind, line)
				for k, v := range line {
					c.out.v[at+k*inner] = v
				}
				continue
			}
			c.out.v[o*inner+i] = fold(c.op.Kind, line)
		}
	}
}

func split(s tensor.Shape, axis int) (outer, n, inner int) {
	return s[:axis].Elems(), s[axis], s[axis+1:].Elems()
}

func keeps(k tensor.Kind) bool { return k == tensor.KindCumSum || k == tensor.KindSoftmax }

func fillLine(k tensor.Kind, line []float64) {
	if k == tensor.KindSoftmax {
		softmax(line)
		return
	}
	sum := 0.0
	for i, v := range line {
		sum += v
		line[i] = sum
	}
}

func softmax(line []float64) {
	most := fold(tensor.KindAmax, line)
	sum := 0.0
	for i, v := range line {
		line[i] = math.Exp(v - most)
		sum += line[i]
	}
	for i := range line {
		line[i] /= sum
	}
}

func fold(k tensor.Kind, line []float64) float64 {
	switch k {
	case tensor.KindAmax:
		most := math.Inf(-1)
		for _, v := range line {
			most = max(most, v)
		}
		return most
	case tensor.KindAmin:
		least := math.Inf(1)
		for _, v := range line {
			least = min(least, v)
		}
		return least
	case tensor.KindProd:
		p := 1.0
		for _, v := range line {
			p *= v
		}
		return p
	case tensor.KindArgMax:
		at := 0
		for i, v := range line {
			if v > line[at] || (v != v && line[at] == line[at]) {
				at = i
			}
		}
		return float64(at)
	}
	sum := 0.0
	for _, v := range line {
		sum += v
	}
	if k == tensor.KindMean {
		return sum / float64(len(line))
	}
	return sum
}
