package tensortest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Example is one op with arguments of a size: what the costs and the memory of a kind are measured and tested with.
type Example struct {
	Name string
	Kind tensor.Kind
	Attr tensor.Attr
	In   []Arg
	Want tensor.Shape // nil where it follows
}

// Arg is an argument: normally distributed numbers or, where Below is not 0, ids below that.
type Arg struct {
	DType tensor.DType
	Shape tensor.Shape
	Below int
}

func f32(shape ...int) Arg { return Arg{DType: tensor.F32, Shape: shape} }

// Program is the op alone.
func (e *Example) Program() *tensor.Program {
	g := tensor.NewGraph()
	var args []tensor.Ref
	for _, a := range e.In {
		args = append(args, g.Input("", a.DType, a.Shape...))
	}
	g.Output(g.Op(e.Kind, e.Attr, e.Want, args...))
	return g.Program()
}

// Inputs are arguments for Program: positive numbers, so that no function takes a short way out.
func (e *Example) Inputs() []*tensor.Tensor {
	rnd := rand.New(rand.NewPCG(1, 1))
	few := make([]float32, 4093) // as many as are random; a prime, so that lines differ
	for i := range few {
		few[i] = float32(math.Abs(rnd.NormFloat64())) + 0.1
	}
	var all []*tensor.Tensor
	for _, a := range e.In {
		x := tensor.New(tensor.F32, a.Shape...)
		for i := range x.F32() {
			x.F32()[i] = few[i%len(few)] * (1 + float32(i>>12)*1e-7)
		}
		if a.Below > 0 {
			x = tensor.New(tensor.I64, a.Shape...)
			for i := range x.I64() {
				x.I64()[i] = int64(i*7919) % int64(a.Below)
			}
		}
		if a.DType != x.DType() {
			x = tensor.Convert(x, a.DType)
		}
		all = append(all, x)
	}
	return all
}

// Examples has each kind at least once, with about n elements in the largest tensor, and kinds whose cost depends on more than
// that in several forms.
func Examples(n int) []Example {
	n = max(n, 3*16*16)
	s := exampleSizes{n: n, side: int(math.Sqrt(float64(n) / 3)), square: int(math.Sqrt(float64(n)))}
	var all []Example
	for _, part := range [][]Example{s.elements(), s.moves(), s.lines(), s.layers(), s.pictures(), s.windows(), s.newer()} {
		all = append(all, part...)
	}
	for i := range all {
		if e := &all[i]; e.Name == "" {
			e.Name = e.Kind.String()
		} else {
			e.Name = e.Kind.String() + " " + e.Name
		}
	}
	return all
}

// exampleSizes are elements, and the sides of a picture of three channels and of a matrix that have about as many.
type exampleSizes struct{ n, side, square int }

func (s exampleSizes) picture() Arg { return f32(1, s.side, s.side, 3) }

// flat has a number of neighbours a row.
func (s exampleSizes) flat(row int) Arg { return f32(max(s.n/row, 1), row) }

func (s exampleSizes) elements() []Example {
	var all []Example
	attr := tensor.Attr{F: []float64{2.3, 3.1, -1}}
	for _, k := range tensor.Kinds() {
		switch {
		case k <= tensor.KindMish, k >= tensor.KindExp2 && k <= tensor.KindSmoothStep:
			all = append(all, Example{"", k, attr, []Arg{f32(s.n)}, nil})
		case k >= tensor.KindAdd && k <= tensor.KindEqual, k >= tensor.KindGreater && k <= tensor.KindCopySign:
			all = append(all, Example{"", k, attr, []Arg{f32(s.n), f32(s.n)}, nil}, Example{"by row", k, attr, []Arg{s.flat(64), f32(64)}, nil})
		case k == tensor.KindWhere, k == tensor.KindLerp:
			all = append(all, Example{"", k, attr, []Arg{f32(s.n), f32(s.n), f32(s.n)}, nil})
		case k == tensor.KindBlend:
			for m := tensor.BlendMultiply; m <= tensor.BlendExclusion; m++ {
				all = append(all, Example{fmt.Sprint("mode ", m), k, tensor.Attr{I: []int{m}}, []Arg{f32(s.n), f32(s.n)}, nil})
			}
		}
	}
	for dt := tensor.F32; dt <= tensor.Bool; dt++ {
		for _, to := range []tensor.DType{tensor.F32, tensor.F16, tensor.I32} {
			all = append(all, Example{fmt.Sprint(dt, " to ", to), tensor.KindCast, tensor.Attr{I: []int{int(to)}}, []Arg{{DType: dt, Shape: tensor.Shape{s.n}}}, nil})
		}
	}
	return append(all, Example{"of halves", tensor.KindSin, attr, []Arg{{DType: tensor.F16, Shape: tensor.Shape{s.n}}}, nil},
		Example{"of halves", tensor.KindAdd, attr, []Arg{{DType: tensor.F16, Shape: tensor.Shape{s.n}}, f32(s.n)}, nil})
}

func (s exampleSizes) moves() []Example {
	at := func(i ...int) tensor.Attr { return tensor.Attr{I: i, F: []float64{0.5}} }
	one := func(name string, k tensor.Kind, a tensor.Attr, x Arg, want ...int) Example {
		var shape tensor.Shape
		if len(want) > 0 {
			shape = want
		}
		return Example{name, k, a, []Arg{x}, shape}
	}
	m, row := s.square, s.n/64
	bytes := Arg{DType: tensor.U8, Shape: tensor.Shape{m, m}}
	return []Example{
		one("", tensor.KindReshape, at(), f32(m, m), m*m),
		one("", tensor.KindPermute, at(1, 0), f32(m, m)), one("of bytes", tensor.KindPermute, at(1, 0), bytes), one("of thin rows", tensor.KindPermute, at(1, 0), s.flat(3)),
		one("in cubes", tensor.KindPermute, at(2, 1, 0), f32(16, 16, s.n/256)),
		one("", tensor.KindBroadcast, at(), f32(m, 1), m, m), one("of a row", tensor.KindBroadcast, at(), f32(m), m, m),
		one("", tensor.KindSlice, at(0, 0, row, 2), s.flat(64)), one("by columns", tensor.KindSlice, at(1, 0, 64, 2), s.flat(64)), one("of a view", tensor.KindSlice, at(1, 3, 60, 1), s.flat(64)),
		{"", tensor.KindConcat, at(1), []Arg{s.flat(64), f32(s.n/64, 3), s.flat(64)}, nil},
		one("", tensor.KindPad, at(1, 5, 9, 0), s.flat(64)), one("to much", tensor.KindPad, at(0, s.n/2, s.n/2, 0), f32(1)), one("by reflection", tensor.KindPad, at(1, 5, 9, 1), s.flat(64)),
		one("", tensor.KindFlip, at(1), s.flat(64)), one("", tensor.KindRoll, at(1, 5), s.flat(64)), one("", tensor.KindTile, at(0, 64), f32(s.n/64)), one("of columns", tensor.KindTile, at(1, 64), f32(s.n/64, 1)),
		{"", tensor.KindGather, at(), []Arg{f32(1000, 64), {tensor.I64, tensor.Shape{s.n / 64}, 1000}}, nil},
		{"of numbers", tensor.KindGather, at(), []Arg{f32(1000, 1), {tensor.I64, tensor.Shape{s.n}, 1000}}, nil},
		{"of halves", tensor.KindGather, at(), []Arg{{DType: tensor.F16, Shape: tensor.Shape{1000, 64}}, {tensor.I32, tensor.Shape{s.n / 64}, 1000}}, nil},
		one("", tensor.KindTriu, at(0), f32(m, m)), one("", tensor.KindTril, at(0), f32(m, m)),
		one("", tensor.KindPixelShuffle, at(4), f32(1, m/8, m/8, 64)), one("", tensor.KindPixelUnshuffle, at(8), f32(1, m/8*8, m/8*8, 1)),
		one("", tensor.KindUnfold, at(3, 3, 1, 1, 1, 1, 1, 1), f32(1, m/3, m/3, 1)), one("of channels", tensor.KindUnfold, at(3, 3, 1, 1, 1, 1, 1, 1), f32(1, m/24, m/24, 64)),
		one("", tensor.KindRepeat, at(1, 4), f32(s.n/64, 16)), one("of columns", tensor.KindRepeat, at(0, 4), f32(s.n/4)),
		{"", tensor.KindIota, tensor.Attr{I: []int{1}, F: []float64{0, 1}}, nil, tensor.Shape{m, m}}, {"of rows", tensor.KindIota, tensor.Attr{I: []int{0}, F: []float64{0, 1}}, nil, tensor.Shape{m, m}},
		{"", tensor.KindFull, at(), nil, tensor.Shape{s.n}}, {"", tensor.KindUniform, at(1, 2, 3), nil, tensor.Shape{s.n}}, {"", tensor.KindNormal, at(1, 2, 3), nil, tensor.Shape{s.n}},
	}
}

func (s exampleSizes) lines() []Example {
	var all []Example
	add := func(k tensor.Kind, f float64, i ...int) {
		for _, of := range []struct {
			name string
			axis int
			x    Arg
		}{{"of a long line", 0, f32(s.n)}, {"of lines of 64", 1, s.flat(64)}, {"of pairs", 1, s.flat(2)}, {"across", 0, f32(max(s.n/1024, 1), 1024)}, {"of columns", 0, f32(4, s.n/4)}} {
			i := append([]int{of.axis}, i...)
			if k == tensor.KindTopK || k == tensor.KindTopKIndex {
				i = []int{of.axis, max(of.x.Shape[of.axis]/4, 1), 1}
			}
			all = append(all, Example{of.name, k, tensor.Attr{I: i, F: []float64{f}}, []Arg{of.x}, nil})
		}
	}
	for _, k := range tensor.Kinds() {
		if k >= tensor.KindSum && k <= tensor.KindSoftmax || k >= tensor.KindArgMin && k <= tensor.KindTopKIndex {
			add(k, 0.3, 1)
		}
	}
	ids := func(n int, shape ...int) Arg { return Arg{tensor.I64, shape, n} }
	none := tensor.Attr{}
	return append(all,
		Example{"", tensor.KindScatterAdd, none, []Arg{f32(100, 64), ids(100, s.n/64), s.flat(64)}, nil},
		Example{"of numbers", tensor.KindScatterAdd, none, []Arg{f32(1000, 1), ids(1000, s.n), f32(s.n, 1)}, nil},
		Example{"", tensor.KindOneHot, tensor.Attr{I: []int{64}}, []Arg{ids(64, s.n/64)}, nil}, Example{"of two", tensor.KindOneHot, tensor.Attr{I: []int{2}}, []Arg{ids(2, s.n/2)}, nil},
		Example{"", tensor.KindTakeAlong, tensor.Attr{I: []int{1}}, []Arg{s.flat(64), ids(64, max(s.n/64, 1), 64)}, nil})
}
