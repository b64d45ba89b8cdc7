package cpu

import (
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// none is no value.
const none tensor.ID = -1

// node is an op together with the ops behind it that are computed in the same step.
type node struct {
	op   *tensor.Op
	out  tensor.ID   // result of the last op
	add  tensor.ID   // added to the op's result: of the same shape, or by image and channel; none if absent
	act  tensor.Kind // then applied to each element; KindInvalid if absent
	gate int         // then a GLU with this gate; -1 if absent
	// pad is the convolution that alone reads the result, which is then written with that one's padding around it.
	pad *tensor.Op
}

// reads lists the values that the node reads.
func (n *node) reads() []tensor.ID {
	if n.add == none {
		return n.op.Args
	}
	return append(n.op.Args[:len(n.op.Args):len(n.op.Args)], n.add)
}

// fuser finds ops that can be computed together.
type fuser struct {
	p     *tensor.Program
	nodes []node
	by    []int // by value: the node that computes it, -1 for none
	uses  []int // by value: how many ops and outputs read it
}

// fuse lists a program's ops with the ones behind them merged in where a step can compute both.
func fuse(p *tensor.Program) []node {
	f := &fuser{p: p, by: make([]int, len(p.Values)), uses: make([]int, len(p.Values))}
	for i := range f.by {
		f.by[i] = -1
	}
	for i := range p.Ops {
		for _, a := range p.Ops[i].Args {
			f.uses[a]++
		}
	}
	for _, id := range p.Outputs {
		f.uses[id]++
	}
	for i := range p.Ops {
		o := &p.Ops[i]
		if !f.merge(o) {
			f.pad(o)
			f.nodes = append(f.nodes, node{op: o, out: o.Out, add: none, gate: -1})
			f.by[o.Out] = len(f.nodes) - 1
		}
	}
	return f.nodes
}

// merge computes o in the step of an earlier node when it can.
func (f *fuser) merge(o *tensor.Op) bool {
	switch {
	case o.Kind == tensor.KindAdd:
		x, y := o.Args[0], o.Args[1]
		if f.by[x] < f.by[y] {
			x, y = y, x
		}
		return x != y && f.mergeAdd(o, x, y)
	case o.Kind == tensor.KindGLU:
		n := f.sole(o.Args[0])
		if n == nil || n.op.Kind != tensor.KindLinear || n.add != none || n.act != 0 {
			return false
		}
		n.gate = o.Attr.I[0]
		return f.extend(n, o)
	case fusedAct(o.Kind):
		n := f.sole(o.Args[0])
		if n == nil || n.act != 0 || !(isProduct(n.op.Kind) || n.op.Kind == tensor.KindGroupNorm && o.Kind == tensor.KindSiLU) {
			return false
		}
		n.act = o.Kind
		return f.extend(n, o)
	}
	return false
}

// mergeAdd adds y, which is there before x is computed, in the step that computes x.
func (f *fuser) mergeAdd(o *tensor.Op, x, y tensor.ID) bool {
	n := f.sole(x)
	if n == nil || !isProduct(n.op.Kind) || n.add != none || n.act != 0 || f.p.Values[y].DType != tensor.F32 {
		return false
	}
	xs, ys := f.p.Values[x].Shape, f.p.Values[y].Shape
	if !ys.Equal(xs) && !(n.op.Kind == tensor.KindConv2D && ys.Equal(tensor.Shape{xs[0], 1, 1, xs[3]})) {
		return false
	}
	n.add = y
	return f.extend(n, o)
}

func (f *fuser) extend(n *node, o *tensor.Op) bool {
	i := f.by[n.out]
	n.out = o.Out
	f.by[o.Out] = i
	return true
}

// pad lets the step that computes o's image write it with o's padding, when o is a convolution and alone in reading it.
func (f *fuser) pad(o *tensor.Op) {
	if o.Kind != tensor.KindConv2D || o.Attr.I[2]+o.Attr.I[3]+o.Attr.I[4]+o.Attr.I[5] == 0 {
		return
	}
	n := f.sole(o.Args[0])
	if n != nil && (n.op.Kind == tensor.KindGroupNorm || n.op.Kind == tensor.KindResize) && f.p.Values[n.out].Shape.Elems() > 0 {
		n.pad = o
	}
}

// sole is the node that computes a value which is read once and not yet merged further, nil if there is none.
func (f *fuser) sole(id tensor.ID) *node {
	if f.by[id] < 0 || f.uses[id] != 1 {
		return nil
	}
	n := &f.nodes[f.by[id]]
	if n.out != id || n.gate >= 0 || n.pad != nil {
		return nil
	}
	return n
}

func isProduct(k tensor.Kind) bool { return k == tensor.KindLinear || k == tensor.KindConv2D }

func fusedAct(k tensor.Kind) bool {
	switch k {
	case tensor.KindSiLU, tensor.KindGELU, tensor.KindGELUTanh, tensor.KindQuickGELU, tensor.KindReLU, tensor.KindSigmoid, tensor.KindTanh:
		return true
	}
	return false
}
