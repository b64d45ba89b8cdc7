package clip

import "github.com/cocoonhq/cocoon/internal/tensor"

// variant is what tells the programs of one encoder apart.
type variant struct {
	length    int  // tokens
	embedded  bool // vectors stand in for some tokens
	layer     int  // index of the hidden layer it gives; -1: the last one, normed
	projected bool
}

// record writes the program of a variant. Inputs: token ids I64 [1, length], the pooled token's index I64 [1]; when embedded
// the vectors [1, length, width] and where they stand [1, length, 1]; when padding is hidden the mask [1, 1, 1, length].
// Outputs: hidden states [1, length, width] and the pooled vector [1, …].
func (e *Encoder) record(g *tensor.Graph, v variant) {
	ids := g.Input("ids", tensor.I64, 1, v.length)
	at := g.Input("pooled", tensor.I64, 1)
	x := g.Gather(g.Weight(e.token), ids) // [1, l, w]
	if v.embedded {
		rows := g.Input("rows", tensor.F32, 1, v.length, e.width)
		stands := g.Input("stands", tensor.F32, 1, v.length, 1)
		x = g.Op(tensor.KindWhere, tensor.Attr{}, nil, stands, rows, x)
	}
	mask := tensor.None
	if e.config.MaskPadding {
		mask = g.Input("mask", tensor.F32, 1, 1, 1, v.length)
	}
	position := g.Cast(g.Weight(e.position), tensor.F32)
	x = g.Add(x, g.Slice(position, 0, 0, v.length))
	hidden := tensor.None
	for i, l := range e.layers {
		x = l.record(g, x, mask, e.config)
		if i == v.layer {
			hidden = x
		}
	}
	x = e.final.Record(g, x)
	switch {
	case v.layer < 0:
		hidden = x
	case e.config.NormHidden:
		hidden = e.final.Record(g, hidden)
	}
	pooled := g.Gather(g.Reshape(x, v.length, e.width), at) // [1, w]
	if v.projected {
		pooled = e.project.record(g, pooled)
	}
	g.Output(hidden, pooled)
}

func (p projection) record(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	switch {
	case p.turned != nil:
		return g.MatMul(x, g.Cast(g.Weight(p.turned), tensor.F32))
	case p.linear.W != nil:
		return p.linear.Record(g, x)
	}
	return x
}

func (l layer) record(g *tensor.Graph, x, mask tensor.Ref, c Config) tensor.Ref {
	n := l.norm1.Record(g, x) // [1, l, w]
	a := g.Attention(l.q.Record(g, n), l.k.Record(g, n), l.v.Record(g, n), mask, c.Heads, true)
	x = g.Add(x, l.out.Record(g, a))
	h := g.Unary(c.Activation, l.widen.Record(g, l.norm2.Record(g, x)))
	return g.Add(x, l.narrow.Record(g, h))
}

// Prove records the encoder once. It panics when weights do not fit together.
func (e *Encoder) Prove() {
	e.record(tensor.NewGraph(), variant{length: 1, layer: -1, projected: true})
}
