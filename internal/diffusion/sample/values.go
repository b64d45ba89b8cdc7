package sample

import (
	"maps"
	"reflect"
	"slices"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Values are what a network takes from a condition, by the reference's names: "c_crossattn", "y", "c_concat", …
type Values map[string]Value

// Kind says how a Value meets batches, areas and other conditions' values.
type Kind uint8

// The kinds of values.
const (
	Regular    Kind = iota // repeated to the batch, stacked with equal shapes
	NoiseShape             // as Regular, and cut to the condition's area
	CrossAttn              // as Regular, but [batch, tokens, width] with unequal tokens is repeated to a common length
	Constant               // one for all: stacked only with equals
	List                   // several Regular tensors
)

// Value is one of a condition's.
type Value struct {
	Kind    Kind
	Tensor  *tensor.Tensor   // Regular, NoiseShape and CrossAttn: F32, batch first
	List    []*tensor.Tensor // List
	Literal any              // Constant
}

// maxRepeat bounds how often the shorter of two token sequences is repeated to stack them.
const maxRepeat = 4

// fit repeats or cuts the value to the batch and cuts it to the area.
func (v Value) fit(batch int, a *area) Value {
	switch v.Kind {
	case Constant:
	case List:
		list := make([]*tensor.Tensor, len(v.List))
		for i, t := range v.List {
			list[i] = repeatBatch(t, batch)
		}
		v.List = list
	case NoiseShape:
		v.Tensor = repeatBatch(a.cut(v.Tensor, 2), batch)
	default:
		v.Tensor = repeatBatch(v.Tensor, batch)
	}
	return v
}

// stacks reports whether the two can be one batch.
func (v Value) stacks(o Value) bool {
	switch {
	case v.Kind != o.Kind:
		return false
	case v.Kind == Constant:
		return reflect.DeepEqual(v.Literal, o.Literal)
	case v.Kind == List:
		return slices.EqualFunc(v.List, o.List, func(a, b *tensor.Tensor) bool { return a.Shape().Equal(b.Shape()) })
	case v.Tensor.Shape().Equal(o.Tensor.Shape()):
		return true
	case v.Kind != CrossAttn:
		return false
	}
	a, b := v.Tensor.Shape(), o.Tensor.Shape()
	if len(a) != 3 || len(b) != 3 || a[0] != b[0] || a[2] != b[2] || a[1] == 0 || b[1] == 0 {
		return false
	}
	return lcm(a[1], b[1])/min(a[1], b[1]) <= maxRepeat
}

func lcm(a, b int) int {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return a / x * b
}

func (v Values) stacks(o Values) bool {
	return len(v) == len(o) && maps.EqualFunc(v, o, Value.stacks)
}

// stack makes one batch of values that stack.
func stack(all []Values) Values {
	out := Values{}
	for name, first := range all[0] {
		switch first.Kind {
		case Constant:
		case List:
			list := make([]*tensor.Tensor, len(first.List))
			for i := range list {
				list[i] = concat(parts(all, func(v Values) *tensor.Tensor { return v[name].List[i] }))
			}
			first.List = list
		case CrossAttn:
			first.Tensor = concat(equalTokens(parts(all, func(v Values) *tensor.Tensor { return v[name].Tensor })))
		default:
			first.Tensor = concat(parts(all, func(v Values) *tensor.Tensor { return v[name].Tensor }))
		}
		out[name] = first
	}
	return out
}

func parts(all []Values, of func(Values) *tensor.Tensor) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(all))
	for i, v := range all {
		out[i] = of(v)
	}
	return out
}

// equalTokens repeats token sequences to their least common length: attention over a repeated sequence gives the same.
func equalTokens(all []*tensor.Tensor) []*tensor.Tensor {
	tokens := 1
	for _, t := range all {
		tokens = lcm(tokens, t.Dim(1))
	}
	for i, t := range all {
		all[i] = repeatDim(t, 1, tokens)
	}
	return all
}

// concat stacks contiguous tensors along the batch.
func concat(all []*tensor.Tensor) *tensor.Tensor {
	if len(all) == 1 {
		return all[0]
	}
	shape := all[0].Shape().Clone()
	shape[0] = 0
	for _, t := range all {
		shape[0] += t.Dim(0)
	}
	out := tensor.New(all[0].DType(), shape...)
	at := 0
	for _, t := range all {
		at += copy(out.Bytes()[at:], t.Dense().Bytes())
	}
	return out
}

// concatChannels puts the channels of b behind those of a, item by item.
func concatChannels(a, b *tensor.Tensor) *tensor.Tensor {
	shape := a.Shape().Clone()
	shape[1] += b.Dim(1)
	out := tensor.New(tensor.F32, shape...)
	dst, x, y := out.F32(), a.F32(), b.Dense().F32()
	n := shape[0]
	for i := range n {
		at := copy(dst[i*len(dst)/n:], x[i*len(x)/n:(i+1)*len(x)/n])
		copy(dst[i*len(dst)/n+at:], y[i*len(y)/n:(i+1)*len(y)/n])
	}
	return out
}

func repeatBatch(t *tensor.Tensor, batch int) *tensor.Tensor { return repeatDim(t, 0, batch) }

// repeatDim repeats or cuts dimension d to size n.
func repeatDim(t *tensor.Tensor, d, n int) *tensor.Tensor {
	have := t.Dim(d)
	switch {
	case have == n || have == 0:
		return t.Dense()
	case have > n:
		return t.Slice(d, 0, n).Dense()
	}
	shape := t.Shape().Clone()
	shape[d] = n
	out := tensor.New(t.DType(), shape...)
	inner := shape[d+1:].Elems() * t.DType().Size()
	src, dst := t.Dense().Bytes(), out.Bytes()
	for o := range shape[:d].Elems() {
		for i := range n {
			copy(dst[(o*n+i)*inner:][:inner], src[(o*have+i%have)*inner:][:inner])
		}
	}
	return out
}

// Batch is what a call of the network covers: one or more conditions over the same items, stacked.
type Batch struct {
	Values  Values         // stacked over the conditions
	Lists   []int          // which list each condition comes from: 0 positive, 1 negative, …, in the guider's order
	Sigma   float32        // the noise level
	Sigmas  []float32      // of the whole run
	Patches map[string]any // Options.Patches
	Control any            // the conditions' KeyControl; nil for none
}

// Tensor gives a stacked tensor by name, nil when there is none.
func (b *Batch) Tensor(name string) *tensor.Tensor { return b.Values[name].Tensor }

// Cross gives the stacked cross-attention tensor, F32 [n, tokens, width], nil when there is none.
func (b *Batch) Cross() *tensor.Tensor { return b.Tensor("c_crossattn") }
