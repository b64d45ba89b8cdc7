package tensor

import "fmt"

// Graph records a program. Its methods take and give Refs; a shape that does not fit is a slip of the model's and panics.
// Programs from outside are built op by op and proved by Program.Check instead.
type Graph struct {
	p       Program
	weights map[*Tensor]ID
}

// Ref is a value while it is being recorded.
type Ref struct {
	id    ID
	dtype DType
	shape Shape
}

// None is no value: an absent bias, mask or weight.
var None = Ref{id: -1}

// Shape is the value's shape. The caller must not change it.
func (r Ref) Shape() Shape { return r.shape }

// Dim is the size of dimension i; a negative i counts from the innermost.
func (r Ref) Dim(i int) int {
	if i < 0 {
		i += len(r.shape)
	}
	return r.shape[i]
}

// DType is the value's dtype.
func (r Ref) DType() DType { return r.dtype }

// IsNone reports whether r is None.
func (r Ref) IsNone() bool { return r.id < 0 }

// NewGraph starts an empty program.
func NewGraph() *Graph { return &Graph{weights: map[*Tensor]ID{}} }

// Input declares a value that each run is given.
func (g *Graph) Input(name string, dt DType, shape ...int) Ref {
	r := g.value(Value{Role: Input, DType: dt, Shape: Shape(shape).Clone(), Name: name})
	g.p.Inputs = append(g.p.Inputs, r.id)
	return r
}

// Weight brings in a tensor that stays the same in every run. The same tensor gives the same value. nil gives None.
func (g *Graph) Weight(t *Tensor) Ref {
	if t == nil {
		return None
	}
	if id, ok := g.weights[t]; ok {
		return Ref{id, t.DType(), t.Shape()}
	}
	r := g.value(Value{Role: Weight, DType: t.DType(), Shape: t.Shape(), Data: t})
	g.weights[t] = r.id
	return r
}

// Output marks values as the program's results, in order.
func (g *Graph) Output(rs ...Ref) {
	for _, r := range rs {
		g.p.Outputs = append(g.p.Outputs, r.id)
	}
}

// Program is what was recorded. The Graph must not be used afterwards.
func (g *Graph) Program() *Program { return &g.p }

func (g *Graph) value(v Value) Ref {
	g.p.Values = append(g.p.Values, v)
	return Ref{ID(len(g.p.Values) - 1), v.DType, v.Shape}
}

// Op records one op of any kind; want is the result's shape where it does not follow from the arguments (reshape, broadcast,
// resize), nil otherwise. Arguments that are None are left off.
func (g *Graph) Op(k Kind, attr Attr, want Shape, args ...Ref) Ref {
	o := Op{Kind: k, Attr: attr}
	for _, a := range args {
		if !a.IsNone() {
			o.Args = append(o.Args, a.id)
		}
	}
	dt, s, err := g.p.infer(&o, want)
	if err != nil {
		panic(fmt.Sprintf("tensor: record: %v", err))
	}
	r := g.value(Value{Role: Temp, DType: dt, Shape: s})
	o.Out = r.id
	g.p.Ops = append(g.p.Ops, o)
	return r
}
