// Package unet is the U-shaped denoiser of latent diffusion models: residual blocks, attention over space and text, skips
// from each block on the way down to its mirror on the way up. Source: arXiv:2112.10752, key names of its public code.
//
// Everything that tensor names and shapes tell is read from them: depth, widths, which blocks attend, how many inputs.
package unet

import (
	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Period is the slowest wavelength of the time embedding.
const Period = 10000

// Config says what names and shapes do not.
type Config struct {
	Heads     int    // attention heads everywhere; 0: as many as HeadWidth gives
	HeadWidth int    // channels a head, where Heads is 0
	CrossOnly []bool // by level, outermost first: the first attention of a block reads the context too; nil: nowhere
}

// heads is the number of attention heads for a width.
func (c Config) heads(width int) int {
	if c.Heads > 0 {
		return c.Heads
	}
	return max(1, width/max(1, c.HeadWidth))
}

func (c Config) crossOnly(level int) bool { return level < len(c.CrossOnly) && c.CrossOnly[level] }

// UNet is the network. It is immutable.
type UNet struct {
	Channels  int // of its input: the latent's and what is joined to it
	Out       int // channels of its output
	TimeWidth int // width of the sinusoidal time embedding
	Context   int // width of the text encoding; 0 when nothing reads one
	Label     int // width of the label vector; 0 for none
	Labels    int // number of label classes where labels are numbers; 0 where they are vectors or none
	Temporal  bool

	time1, time2   nn.Linear
	label1, label2 nn.Linear
	labelTable     *tensor.Tensor // [classes, emb]

	input  []block
	middle block // empty when the model has none
	output []block
	norm   nn.GroupNorm
	conv   nn.Conv
}

// New reads a network from the tensors of a scope ("input_blocks.0.0.weight", …). What is missing or of the wrong shape is
// in the scope afterwards.
func New(s *weights.Scope, c Config) *UNet {
	first := s.Sub("input_blocks.0.0").Shape("weight")
	time := s.Sub("time_embed")
	u := &UNet{Channels: nn.Dim(first, 1), TimeWidth: nn.Dim(time.Shape("0.weight"), 1)}
	b := builder{config: c, emb: nn.Dim(time.Shape("0.weight"), 0)}
	u.time1 = nn.NewLinear(time.Sub("0"), u.TimeWidth, b.emb)
	u.time2 = nn.NewLinear(time.Sub("2"), b.emb, b.emb)
	u.readLabel(s, b.emb)
	u.input = b.blocks(s, "input_blocks")
	if s.HasSub("middle_block") {
		u.middle = b.block(s.Sub("middle_block"))
	}
	u.output = b.blocks(s, "output_blocks")
	u.Context, u.Temporal = b.context, b.temporal
	last := s.Sub("out")
	u.Out = nn.Dim(last.Shape("2.weight"), 0)
	width := nn.Dim(last.Shape("0.weight"), 0)
	u.norm = nn.NewGroupNorm(last.Sub("0"), width, resEps)
	u.conv = nn.NewConv3x3(last.Sub("2"), width, u.Out)
	return u
}

func (u *UNet) readLabel(s *weights.Scope, emb int) {
	switch {
	case s.Has("label_emb.weight"):
		u.Labels = nn.Dim(s.Shape("label_emb.weight"), 0)
		u.labelTable = s.Tensor("label_emb.weight", u.Labels, emb)
	case s.Has("label_emb.0.0.weight"):
		l := s.Sub("label_emb.0")
		u.Label = nn.Dim(l.Shape("0.weight"), 1)
		u.label1 = nn.NewLinear(l.Sub("0"), u.Label, emb)
		u.label2 = nn.NewLinear(l.Sub("2"), emb, emb)
	}
}

// Inputs are what a forward pass reads.
type Inputs struct {
	X       tensor.Ref // [b, h, w, Channels]
	Time    tensor.Ref // [b, TimeWidth], the sinusoidal embedding of each item's timestep
	Context tensor.Ref // [b, tokens, Context]; None when Context is 0
	Label   tensor.Ref // [b, Label], or I64 [b] class numbers; None when the model has no labels
	Frames  int        // pictures that belong to one video, of a Temporal model; else ignored
	// ImagesOnly is [b], 1 for items that are single pictures, of a Temporal model.
	ImagesOnly tensor.Ref
}

// Record gives what the network predicts, [b, h, w, Out].
func (u *UNet) Record(g *tensor.Graph, in Inputs) tensor.Ref {
	emb := u.time2.Record(g, g.SiLU(u.time1.Record(g, in.Time))) // [b, emb]
	switch {
	case u.labelTable != nil:
		emb = g.Add(emb, g.Gather(g.Weight(u.labelTable), in.Label))
	case u.Label > 0:
		emb = g.Add(emb, u.label2.Record(g, g.SiLU(u.label1.Record(g, in.Label))))
	}
	c := &call{g: g, emb: g.SiLU(emb), in: in}
	var skips []tensor.Ref
	h := in.X
	for _, b := range u.input {
		h = b.record(c, h)
		skips = append(skips, h)
	}
	h = u.middle.record(c, h)
	for _, b := range u.output {
		h = g.Concat(-1, h, skips[len(skips)-1])
		skips = skips[:len(skips)-1]
		if len(skips) > 0 {
			last := skips[len(skips)-1]
			c.height, c.width = last.Dim(1), last.Dim(2)
		}
		h = b.record(c, h)
	}
	return u.conv.Record(g, g.SiLU(u.norm.Record(g, h)))
}
