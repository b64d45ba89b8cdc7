package unet

import (
	"strconv"

	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// call is one recording of the network.
type call struct {
	g             *tensor.Graph
	emb           tensor.Ref // [b, emb], activated
	in            Inputs
	height, width int // what an upsampling layer grows to: the size of the next skip
}

// layer is one step of a block, [b, h, w, c] to [b, h, w, c].
type layer interface {
	record(c *call, x tensor.Ref) tensor.Ref
}

// block is what stands between two skips.
type block []layer

func (b block) record(c *call, x tensor.Ref) tensor.Ref {
	for _, l := range b {
		x = l.record(c, x)
	}
	return x
}

// builder reads blocks and keeps what they have in common.
type builder struct {
	config   Config
	emb      int
	level    int // of resolution, 0 outermost
	context  int
	temporal bool
}

// blocks reads "name.0", "name.1", … as far as they go.
func (b *builder) blocks(s *weights.Scope, name string) []block {
	var out []block
	for i := 0; ; i++ {
		next := b.block(s.Sub(name + "." + strconv.Itoa(i)))
		if len(next) == 0 {
			return out
		}
		out = append(out, next)
	}
}

// block reads the layers "0", "1", … of a block. What each is shows in any of its tensor names, so that a layer of which one
// is lost is a layer with a tensor missing and not the end of the block.
func (b *builder) block(s *weights.Scope) block {
	var out block
	for i := 0; ; i++ {
		l := s.Sub(strconv.Itoa(i))
		switch {
		case l.HasSub("in_layers"):
			out = append(out, b.res(l))
		case l.HasSub("transformer_blocks") || l.Has("proj_in.weight"):
			out = append(out, b.transformer(l))
		case l.HasSub("op"):
			n := nn.Dim(l.Shape("op.weight"), 0)
			out = append(out, downsample{nn.NewConv(l.Sub("op"), n, n, 3, tensor.Conv{Stride: 2, Pad: [4]int{1, 1, 1, 1}})})
			b.level++
		case l.HasSub("conv"):
			n := nn.Dim(l.Shape("conv.weight"), 0)
			out = append(out, upsample{nn.NewConv3x3(l.Sub("conv"), n, n)})
			b.level--
		case l.Has("weight") || l.Has("bias"):
			w := l.Shape("weight")
			out = append(out, plain{nn.NewConv3x3(l, nn.Dim(w, 1), nn.Dim(w, 0))})
		default:
			return out
		}
	}
}

// plain is a convolution alone.
type plain struct{ conv nn.Conv }

func (p plain) record(c *call, x tensor.Ref) tensor.Ref { return p.conv.Record(c.g, x) }

// downsample halves height and width, rounding up.
type downsample struct{ conv nn.Conv }

func (d downsample) record(c *call, x tensor.Ref) tensor.Ref { return d.conv.Record(c.g, x) }

// upsample grows to the size of the next skip by repeating pixels, then convolves.
type upsample struct{ conv nn.Conv }

func (u upsample) record(c *call, x tensor.Ref) tensor.Ref {
	return u.conv.Record(c.g, c.g.Resize(x, c.height, c.width, tensor.Nearest))
}
