package tensor

func inferReshape(_ *Op, args []Value, want Shape) (DType, Shape, error) {
	s, ok := resolveShape(args[0].Shape, want)
	if !ok {
		return 0, nil, bad("%v cannot be viewed as %v", args[0].Shape, want)
	}
	return args[0].DType, s, nil
}

func inferPermute(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x := args[0].Shape
	if len(o.Attr.I) != len(x) {
		return 0, nil, bad("%d axes for %v", len(o.Attr.I), x)
	}
	s, seen := make(Shape, len(x)), 0
	for i, a := range o.Attr.I {
		if a < 0 || a >= len(x) {
			return 0, nil, bad("axis %d of %v", a, x)
		}
		s[i] = x[a]
		seen |= 1 << a
	}
	if seen != 1<<len(x)-1 {
		return 0, nil, bad("axes %v name one twice", o.Attr.I)
	}
	return args[0].DType, s, nil
}

func inferBroadcastTo(_ *Op, args []Value, want Shape) (DType, Shape, error) {
	s, ok := Broadcast(args[0].Shape, want)
	if !ok || !s.Equal(want) {
		return 0, nil, bad("%v does not broadcast to %v", args[0].Shape, want)
	}
	return args[0].DType, s, nil
}

func inferSlice(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x := args[0].Shape
	axis, from, to, step := o.Attr.I[0], o.Attr.I[1], o.Attr.I[2], o.Attr.I[3]
	if axis < 0 || axis >= len(x) || from < 0 || to < from || to > x[axis] || step < 1 {
		return 0, nil, bad("slice %d:%d:%d of axis %d of %v", from, to, step, axis, x)
	}
	s := x.Clone()
	s[axis] = (to - from + step - 1) / step
	return args[0].DType, s, nil
}

func inferConcat(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	axis, s := o.Attr.I[0], args[0].Shape.Clone()
	if axis < 0 || axis >= len(s) {
		return 0, nil, bad("axis %d of %v", axis, s)
	}
	for _, a := range args[1:] {
		x := a.Shape.Clone()
		if len(x) != len(s) || a.DType != args[0].DType {
			return 0, nil, bad("%v %v beside %v %v", args[0].DType, args[0].Shape, a.DType, a.Shape)
		}
		n := x[axis]
		if x[axis] = s[axis]; !x.Equal(s) {
			return 0, nil, bad("%v beside %v on axis %d", args[0].Shape, a.Shape, axis)
		}
		s[axis] += n
	}
	return args[0].DType, s, nil
}

func inferPad(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x := args[0].Shape
	axis, before, after, mode := o.Attr.I[0], o.Attr.I[1], o.Attr.I[2], o.Attr.I[3]
	if axis < 0 || axis >= len(x) || before < 0 || after < 0 || mode < 0 || mode > 3 {
		return 0, nil, bad("pad %v of %v", o.Attr.I, x)
	}
	if most := max(before, after); (mode == 1 && most >= x[axis]) || (mode == 3 && most > x[axis]) || (mode == 2 && x[axis] == 0) {
		return 0, nil, bad("pad by %d needs more than %v has on axis %d", most, x, axis)
	}
	s := x.Clone()
	s[axis] += before + after
	return args[0].DType, s, nil
}

func inferTile(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	s, axis, count := args[0].Shape.Clone(), o.Attr.I[0], o.Attr.I[1]
	if axis < 0 || axis >= len(s) || count < 1 || s[axis] > maxElems/count {
		return 0, nil, bad("tile axis %d of %v by %d", axis, s, count)
	}
	s[axis] *= count
	return args[0].DType, s, nil
}

func inferGather(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
	table, ids := args[0], args[1]
	if len(table.Shape) != 2 || (ids.DType != I64 && ids.DType != I32) {
		return 0, nil, bad("gather from %v by %v %v", table.Shape, ids.DType, ids.Shape)
	}
	return F32, append(ids.Shape.Clone(), table.Shape[1]), nil
}

func inferAxis(size func(int) int) func(*Op, []Value, Shape) (DType, Shape, error) {
	return func(o *Op, args []Value, _ Shape) (DType, Shape, error) {
		s, axis := args[0].Shape.Clone(), o.Attr.I[0]
		if axis < 0 || axis >= len(s) {
			return 0, nil, bad("axis %d of %v", axis, s)
		}
		s[axis] = size(s[axis])
		return F32, s, nil
	}
}

// inferAlong is of kinds that move elements along an axis.
func inferAlong(o *Op, args []Value, want Shape) (DType, Shape, error) {
	_, s, err := inferAxis(keepAxis)(o, args, want)
	return args[0].DType, s, err
}

func inferArgMax(o *Op, args []Value, want Shape) (DType, Shape, error) {
	_, s, err := inferAxis(dropAxis)(o, args, want)
	return I64, s, err
}

func inferMatMul(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, y := args[0].Shape, args[1].Shape
	if len(x) < 2 || len(y) < 2 || x[len(x)-1] != y[len(y)-2] {
		return 0, nil, bad("%v times %v", x, y)
	}
	lead, ok := Broadcast(x[:len(x)-2], y[:len(y)-2])
	if !ok {
		return 0, nil, bad("%v times %v", x, y)
	}
	return F32, append(lead, x[len(x)-2], y[len(y)-1]), nil
}

func inferLinear(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, w := args[0].Shape, args[1].Shape
	if len(x) < 1 || len(w) != 2 || x.Last() != w[1] || (len(args) == 3 && !args[2].Shape.Equal(w[:1])) {
		return 0, nil, bad("linear of %v", shapesOf(args))
	}
	return F32, append(x[:len(x)-1:len(x)-1].Clone(), w[0]), nil
}

func inferConv(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, w, i := args[0].Shape, args[1].Shape, o.Attr.I
	if len(x) != 4 || len(w) != 4 || (len(args) == 3 && !args[2].Shape.Equal(w[:1])) {
		return 0, nil, bad("conv2d of %v", shapesOf(args))
	}
	groups := i[8]
	if groups < 1 || x[3] != w[1]*groups || w[0]%groups != 0 || min(i[0], i[1], i[6], i[7]) < 1 || min(i[2], i[3], i[4], i[5]) < 0 {
		return 0, nil, bad("conv2d of %v with %v", shapesOf(args), i)
	}
	h := x[1] + i[2] + i[4] - i[6]*(w[2]-1) - 1
	wd := x[2] + i[3] + i[5] - i[7]*(w[3]-1) - 1
	if h < 0 || wd < 0 || min(w[2], w[3]) < 1 {
		return 0, nil, bad("conv2d of %v is smaller than its kernel", shapesOf(args))
	}
	return F32, Shape{x[0], h/i[0] + 1, wd/i[1] + 1, w[0]}, nil
}

func inferGroupNorm(o *Op, args []Value, want Shape) (DType, Shape, error) {
	x, groups := args[0].Shape, o.Attr.I[0]
	if len(x) < 2 || groups < 1 || x.Last()%groups != 0 {
		return 0, nil, bad("group_norm of %v in %d groups", x, groups)
	}
	return inferNorm(o, args, want)
}

func inferNorm(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
	x := args[0].Shape
	for _, w := range args[1:] {
		if len(x) < 1 || !w.Shape.Equal(x[len(x)-1:]) {
			return 0, nil, bad("norm of %v", shapesOf(args))
		}
	}
	return F32, x, nil
}

func inferAttention(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	q, k, v, heads := args[0].Shape, args[1].Shape, args[2].Shape, o.Attr.I[0]
	if len(q) != 3 || len(k) != 3 || len(v) != 3 || q[0] != k[0] || k[0] != v[0] || q[2] != k[2] || k[1] != v[1] {
		return 0, nil, bad("attention of %v", shapesOf(args))
	}
	if heads < 1 || q[2]%heads != 0 || v[2]%heads != 0 {
		return 0, nil, bad("attention of %v with %d heads", shapesOf(args), heads)
	}
	if len(args) == 4 {
		full := Shape{q[0], heads, q[1], k[1]}
		if s, ok := Broadcast(args[3].Shape, full); !ok || !s.Equal(full) {
			return 0, nil, bad("attention mask %v for %v", args[3].Shape, full)
		}
	}
	return F32, Shape{q[0], q[1], v[2]}, nil
}

func inferGLU(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x := args[0].Shape
	if len(x) < 1 || x.Last()%2 != 0 || o.Attr.I[0] < GateSigmoid || o.Attr.I[0] > GateGELUTanh {
		return 0, nil, bad("glu of %v", x)
	}
	return F32, append(x[:len(x)-1:len(x)-1].Clone(), x.Last()/2), nil
}

func inferResize(o *Op, args []Value, want Shape) (DType, Shape, error) {
	x := args[0].Shape
	if len(x) != 4 || len(want) != 4 || want[0] != x[0] || want[3] != x[3] || min(want[1], want[2], x[1], x[2]) < 1 ||
		o.Attr.I[0] < Nearest || o.Attr.I[0] > Area {
		return 0, nil, bad("resize %v to %v", x, want)
	}
	return F32, want, nil
}

func inferPool(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, i := args[0].Shape, o.Attr.I
	if len(x) != 4 || min(i[0], i[1], i[2], i[3]) < 1 || x[1] < i[0] || x[2] < i[1] {
		return 0, nil, bad("pool %v by %v", x, i)
	}
	return F32, Shape{x[0], (x[1]-i[0])/i[2] + 1, (x[2]-i[1])/i[3] + 1, x[3]}, nil
}

func inferCast(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	to := DType(o.Attr.I[0])
	if o.Attr.I[0] < int(F32) || o.Attr.I[0] > int(Bool) {
		return 0, nil, bad("cast to %v", to)
	}
	return to, args[0].Shape, nil
}

func shapesOf(args []Value) []Shape {
	out := make([]Shape, len(args))
	for i, a := range args {
		out[i] = a.Shape
	}
	return out
}
