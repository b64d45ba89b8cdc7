package models

import (
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// UNet is the configuration of a U-shaped diffusion model or of a ControlNet of one, read from names and shapes.
type UNet struct {
	In, Out                int // channels; Out is 0 for a ControlNet
	Channels               int // of the first block
	Label                  int // width of the label vector; 0 for none
	ResBlocks              []int
	ChannelMult            []int
	TransformerDepth       []int // an entry an input block with a residual block
	TransformerDepthOutput []int
	TransformerDepthMiddle int // -1: the middle has no transformer; -2: there is no middle
	LinearProjections      bool
	Context                int // width of the text encoding; 0 when nothing reads one
	Temporal               bool
	TemporalCross          bool // the temporal attention reads the context
	Heads                  int  // attention heads; 0: Channels a head are HeadWidth
	HeadWidth              int
	Diffusers              bool // the tensors have the names of the diffusers library
}

// readUNet reads the configuration below n's prefix ("input_blocks.0.0.weight", …); nil when there is no such model.
//
// Compat: which blocks count, and in which order their depths stand, as the reference's detection has it.
func readUNet(n names) *UNet {
	first := n.shape("input_blocks.0.0.weight")
	if len(first) < 2 || first[0] <= 0 {
		return nil
	}
	u := &UNet{Channels: first[0], In: first[1], Out: 4, Label: n.dim("label_emb.0.0.weight", 1)}
	if n.has("out.2.weight") {
		u.Out = n.dim("out.2.weight", 0)
	}
	blocks, res, mult := n.count("input_blocks.", "."), 0, 0
	for i := range blocks {
		in, out := n.sub(fmt.Sprintf("input_blocks.%d.", i)), n.sub(fmt.Sprintf("output_blocks.%d.", blocks-i-1))
		if in.has("0.op.weight") {
			u.ResBlocks, u.ChannelMult = append(u.ResBlocks, res), append(u.ChannelMult, mult)
			res, mult = 0, 0
			u.TransformerDepthOutput = append(u.TransformerDepthOutput, transformers(out))
			continue
		}
		if in.has("0.in_layers.0.weight") {
			res++
			mult = in.dim("0.out_layers.3.weight", 0) / u.Channels
			u.TransformerDepth = append(u.TransformerDepth, transformers(in))
			u.readTransformer(in)
		}
		if out.has("0.in_layers.0.weight") {
			u.TransformerDepthOutput = append(u.TransformerDepthOutput, transformers(out))
		}
	}
	u.ResBlocks, u.ChannelMult = append(u.ResBlocks, res), append(u.ChannelMult, mult)
	switch {
	case n.has("middle_block.1.proj_in.weight"):
		u.TransformerDepthMiddle = n.count("middle_block.1.transformer_blocks.", ".")
	case n.has("middle_block.0.in_layers.0.weight"):
		u.TransformerDepthMiddle = -1
	default:
		u.TransformerDepthMiddle = -2
	}
	return u
}

func transformers(block names) int { return block.count("1.transformer_blocks.", ".") }

// readTransformer takes what the first transformer tells of all.
func (u *UNet) readTransformer(block names) {
	if u.Context != 0 || transformers(block) == 0 {
		return
	}
	u.Context = block.dim("1.transformer_blocks.0.attn2.to_k.weight", 1)
	u.LinearProjections = len(block.shape("1.proj_in.weight")) == 2
	mixers := []string{"1.time_stack.0.", "1.time_mix_blocks.0."}
	for _, m := range mixers {
		u.Temporal = u.Temporal || block.has(m+"attn1.to_q.weight")
		u.TemporalCross = u.TemporalCross || block.has(m+"attn2.to_q.weight")
	}
}

// readDiffusersUNet reads the configuration of a model or ControlNet with the names of the diffusers library; nil when there
// is none.
func readDiffusersUNet(n names) *UNet {
	first := n.shape("conv_in.weight")
	if len(first) != 4 || first[0] <= 0 || !n.has("time_embedding.linear_1.weight") || !n.hasBelow("down_blocks.0.resnets.0.") {
		return nil
	}
	u := &UNet{Channels: first[0], In: first[1], Out: n.dim("conv_out.weight", 0), Diffusers: true, TransformerDepthMiddle: -2}
	u.Label = n.dim("class_embedding.linear_1.weight", 1)
	if n.has("add_embedding.linear_1.weight") {
		u.Label = n.dim("add_embedding.linear_1.weight", 1)
	}
	levels := n.count("down_blocks.", ".")
	for i := range levels {
		level := n.sub(fmt.Sprintf("down_blocks.%d.", i))
		res := level.count("resnets.", ".")
		u.ResBlocks = append(u.ResBlocks, res)
		u.ChannelMult = append(u.ChannelMult, level.dim("resnets.0.conv2.weight", 0)/u.Channels)
		for j := range res {
			u.TransformerDepth = append(u.TransformerDepth, u.diffusersDepth(level, j))
		}
	}
	u.TransformerDepthOutput = u.diffusersOutput(n, levels)
	if n.hasBelow("mid_block.resnets.0.") {
		u.TransformerDepthMiddle = -1
		if depth := u.diffusersDepth(n.sub("mid_block."), 0); depth > 0 {
			u.TransformerDepthMiddle = depth
		}
	}
	return u
}

// diffusersDepth is the depth of the transformer behind a level's residual block.
func (u *UNet) diffusersDepth(level names, block int) int {
	at := level.sub(fmt.Sprintf("attentions.%d.", block))
	depth := at.count("transformer_blocks.", ".")
	if depth > 0 && u.Context == 0 {
		u.Context = at.dim("transformer_blocks.0.attn2.to_k.weight", 1)
		u.LinearProjections = len(at.shape("proj_in.weight")) == 2
	}
	return depth
}

// diffusersOutput is the depths on the way up, outermost level first as everywhere here. A ControlNet has no such blocks: then
// they mirror the way down, with one residual block more a level.
func (u *UNet) diffusersOutput(n names, levels int) []int {
	var out []int
	at := 0
	for i := range levels {
		depths := u.TransformerDepth[at : at+u.ResBlocks[i]]
		at += u.ResBlocks[i]
		up := n.sub(fmt.Sprintf("up_blocks.%d.", levels-1-i))
		blocks := up.count("resnets.", ".")
		for j := range blocks {
			out = append(out, u.diffusersDepth(up, blocks-1-j))
		}
		if blocks == 0 && len(depths) > 0 {
			out = append(append(out, depths...), depths[len(depths)-1])
		}
	}
	return out
}

// deviation is the population standard deviation of a tensor's elements; false when it cannot be read.
func deviation(n names, name string) (float64, bool) {
	if s := n.shape(name); s == nil || s.Elems() == 0 || s.Elems() > 1<<20 {
		return 0, false
	}
	t, ok := n.src.Tensor(n.prefix + name)
	if !ok || t.DType() == tensor.Invalid {
		return 0, false
	}
	values := tensor.ToF64(t)
	var mean, sum float64
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(values))), true
}
