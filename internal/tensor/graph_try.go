package tensor

// TryOp is Op for programs that come from outside: what does not fit is an error and leaves the graph as it was.
func (g *Graph) TryOp(k Kind, attr Attr, want Shape, args ...Ref) (Ref, error) {
	o := Op{Kind: k, Attr: attr}
	for _, a := range args {
		o.Args = append(o.Args, a.id)
	}
	dt, s, err := g.p.infer(&o, want)
	if err != nil {
		return None, err
	}
	r := g.value(Value{Role: Temp, DType: dt, Shape: s})
	o.Out = r.id
	g.p.Ops = append(g.p.Ops, o)
	return r, nil
}
