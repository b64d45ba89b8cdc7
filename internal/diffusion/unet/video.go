package unet

import (
	"strconv"

	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// mixer blends what a layer saw in each picture with what it saw across pictures; its factor is learned, and items that are
// single pictures keep the first alone.
type mixer struct{ factor *tensor.Tensor } // [1]

func newMixer(s *weights.Scope) mixer { return mixer{s.Tensor("mix_factor", 1)} }

// record blends x and y [b, ..., c].
func (m mixer) record(c *call, x, y tensor.Ref) tensor.Ref {
	g := c.g
	shape := make([]int, len(x.Shape()))
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = x.Dim(0)
	still := g.Reshape(c.in.ImagesOnly, shape...) // [b, 1, ...]
	own := g.Op(tensor.KindWhere, tensor.Attr{}, nil, still, still, g.Unary(tensor.KindSigmoid, g.Weight(m.factor)))
	return g.Add(y, g.Mul(own, g.Sub(x, y)))
}

// videoRes is a residual block in space followed by one in time.
type videoRes struct {
	space resBlock
	time  resBlock
	mix   mixer
}

// newTimeRes reads a residual block whose convolutions reach over three pictures: weights [out, in, 3, 1, 1].
func newTimeRes(s *weights.Scope, width, emb int) resBlock {
	conv := func(s *weights.Scope) nn.Conv {
		c := nn.Conv{W: s.Tensor("weight", width, width, 3, 1, 1), B: s.Tensor("bias", width)}
		if c.W != nil {
			c.W = c.W.Reshape(width, width, 3, 1)
		}
		c.Attr = tensor.Conv{Stride: 1, Pad: [4]int{1, 0, 1, 0}}
		return c
	}
	return resBlock{
		norm1: nn.NewGroupNorm(s.Sub("in_layers.0"), width, resEps),
		conv1: conv(s.Sub("in_layers.2")),
		emb:   nn.NewLinear(s.Sub("emb_layers.1"), emb, width),
		norm2: nn.NewGroupNorm(s.Sub("out_layers.0"), width, resEps),
		conv2: conv(s.Sub("out_layers.3")),
	}
}

func (v videoRes) record(c *call, x tensor.Ref) tensor.Ref {
	g := c.g
	x = v.space.record(c, x) // [b·t, h, w, c]
	n, t, places, width := x.Dim(0)/c.in.Frames, c.in.Frames, x.Dim(1)*x.Dim(2), x.Dim(3)
	rows := g.Reshape(x, n, t, places, width) // time as height, places as width
	emb := g.Reshape(v.time.emb.Record(g, c.emb), n, t, 1, width)
	y := g.Reshape(g.Add(rows, v.time.inner(g, rows, emb)), x.Shape()...)
	return v.mix.record(c, x, y)
}

// videoSpatial is a transformer whose blocks are each followed by one across pictures.
type videoSpatial struct {
	spatial
	across     []acrossBlock
	pos1, pos2 nn.Linear
	mix        mixer
}

// acrossBlock is a transformer block with an MLP before it.
type acrossBlock struct {
	normIn nn.LayerNorm
	ffIn   feedForward
	transformerBlock
}

func (b *builder) videoSpatial(s *weights.Scope, t spatial, width int) layer {
	channels := nn.Dim(s.Shape("norm.weight"), 0)
	hidden := nn.Dim(s.Shape("time_pos_embed.0.weight"), 0)
	v := videoSpatial{
		spatial: t,
		pos1:    nn.NewLinear(s.Sub("time_pos_embed.0"), channels, hidden),
		pos2:    nn.NewLinear(s.Sub("time_pos_embed.2"), hidden, channels),
		mix:     newMixer(s.Sub("time_mixer")),
	}
	for i := range t.blocks {
		l := s.Sub("time_stack." + strconv.Itoa(i))
		v.across = append(v.across, acrossBlock{
			normIn:           nn.NewLayerNorm(l.Sub("norm_in"), width),
			ffIn:             newFeedForward(l.Sub("ff_in"), width),
			transformerBlock: b.transformerBlock(l, width, false),
		})
	}
	return v
}

func (v videoSpatial) record(c *call, x tensor.Ref) tensor.Ref {
	g, n, places, t := c.g, x.Dim(0), x.Dim(1)*x.Dim(2), c.in.Frames
	y := v.in.Record(g, g.Reshape(v.norm.Record(g, x), n, places, x.Dim(3))) // [b·t, hw, c]
	pos := v.pos2.Record(g, g.SiLU(v.pos1.Record(g, framePlaces(g, n, t, x.Dim(3)))))
	pos = g.Reshape(pos, n, 1, pos.Dim(1))
	context := firstFrames(g, c.in.Context, t, places)
	for i, b := range v.blocks {
		y = b.record(g, y, c.in.Context)
		z := g.Reshape(g.Add(y, pos), n/t, t, places, y.Dim(2))
		z = g.Reshape(g.Permute(z, 0, 2, 1, 3), n/t*places, t, y.Dim(2)) // [b·hw, t, c]
		z = v.across[i].record(g, z, context)
		z = g.Permute(g.Reshape(z, n/t, places, t, y.Dim(2)), 0, 2, 1, 3)
		y = v.mix.record(c, y, g.Reshape(z, y.Shape()...))
	}
	return g.Add(x, g.Reshape(v.out.Record(g, y), x.Shape()...))
}

func (a acrossBlock) record(g *tensor.Graph, x, context tensor.Ref) tensor.Ref {
	x = g.Add(a.ffIn.record(g, a.normIn.Record(g, x)), x)
	return a.transformerBlock.record(g, x, context)
}

// firstFrames takes the context of each video's first picture, once for every place: [b·hw, tokens, width].
func firstFrames(g *tensor.Graph, context tensor.Ref, frames, places int) tensor.Ref {
	n, l, w := context.Dim(0)/frames, context.Dim(1), context.Dim(2)
	first := g.Slice(g.Reshape(context, n, frames, l, w), 1, 0, 1)
	return g.Reshape(g.Broadcast(first, n, places, l, w), n*places, l, w)
}

// framePlaces is the sinusoidal embedding of each picture's number in its video, [b·t, width].
func framePlaces(g *tensor.Graph, n, frames, width int) tensor.Ref {
	at := make([]float32, n)
	for i := range at {
		at[i] = float32(i % frames)
	}
	return g.Weight(nn.Timesteps(at, width, Period))
}
