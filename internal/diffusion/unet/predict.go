package unet

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Call is what one forward pass is given.
type Call struct {
	X         *tensor.Tensor // F32 [b, Channels, h, w]
	Timesteps []float32      // [b]
	Context   *tensor.Tensor // F32 [b, tokens, width]; nil when the network reads none
	Label     *tensor.Tensor // F32 [b, Label], or I64 [b]; nil when it has none
	Frames    int            // pictures a video, of a Temporal network
	// ImagesOnly marks items that are single pictures by 1, of a Temporal network; nil: none is.
	ImagesOnly []float32
	Pixels     int // side of a cell of X in pixels, for messages
}

// shape is what tells the programs of one network apart.
type shape struct {
	u                                    *UNet
	batch, height, width, tokens, frames int
}

// Predict runs the network and gives F32 [b, Out, h, w]. It fails with fault.BadTensor when the call does not fit the network
// and with fault.OutOfMemory when the device has no room.
func (u *UNet) Predict(ctx context.Context, run *programs.Cache, c Call) (*tensor.Tensor, error) {
	if err := u.check(&c); err != nil {
		return nil, err
	}
	inputs := []*tensor.Tensor{c.X, nn.Timesteps(c.Timesteps, u.TimeWidth, Period)}
	if c.Context != nil {
		inputs = append(inputs, c.Context)
	}
	if c.Label != nil {
		inputs = append(inputs, c.Label)
	}
	if u.Temporal {
		inputs = append(inputs, tensor.FromF32(c.ImagesOnly, len(c.ImagesOnly)))
	}
	out, err := run.Run(ctx, u.spec(c), inputs...)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Bytes is the memory that a call of these sizes needs beyond weights, inputs and outputs.
func (u *UNet) Bytes(run *programs.Cache, batch, height, width, tokens int) (int64, error) {
	if u.Context == 0 {
		tokens = 0
	}
	return run.Bytes(u.specOf(shape{u: u, batch: batch, height: height, width: width, tokens: tokens, frames: batch}, 0))
}

// Room reports whether a call of these sizes would fit the memory now. pixels is the side of a latent cell.
func (u *UNet) Room(run *programs.Cache, batch, height, width, tokens, pixels int) error {
	if u.Context == 0 {
		tokens = 0
	}
	return run.Room(u.specOf(shape{u: u, batch: batch, height: height, width: width, tokens: tokens, frames: batch}, pixels))
}

func (u *UNet) spec(c Call) programs.Spec {
	s := shape{u: u, batch: c.X.Dim(0), height: c.X.Dim(2), width: c.X.Dim(3), frames: c.Frames}
	if c.Context != nil {
		s.tokens = c.Context.Dim(1)
	}
	return u.specOf(s, c.Pixels)
}

func (u *UNet) specOf(s shape, pixels int) programs.Spec {
	if !u.Temporal {
		s.frames = 0
	}
	return programs.Spec{
		Key: s, Record: func(g *tensor.Graph) { u.program(g, s) },
		Width: s.width * pixels, Height: s.height * pixels,
	}
}

// program records a forward pass with its inputs and output in the order of the world outside, NCHW.
func (u *UNet) program(g *tensor.Graph, s shape) {
	x := g.Input("x", tensor.F32, s.batch, u.Channels, s.height, s.width)
	in := Inputs{
		X:          g.Permute(x, 0, 2, 3, 1),
		Time:       g.Input("time", tensor.F32, s.batch, u.TimeWidth),
		Context:    tensor.None,
		Label:      tensor.None,
		ImagesOnly: tensor.None,
		Frames:     s.frames,
	}
	if s.tokens > 0 {
		in.Context = g.Input("context", tensor.F32, s.batch, s.tokens, u.Context)
	}
	switch {
	case u.Labels > 0:
		in.Label = g.Input("label", tensor.I64, s.batch)
	case u.Label > 0:
		in.Label = g.Input("label", tensor.F32, s.batch, u.Label)
	}
	if u.Temporal {
		in.ImagesOnly = g.Input("images_only", tensor.F32, s.batch)
	}
	g.Output(g.Permute(u.Record(g, in), 0, 3, 1, 2))
}

// check reports what of a call does not fit the network, and completes the call.
func (u *UNet) check(c *Call) error {
	n := c.X.Dim(0)
	if len(c.X.Shape()) != 4 || c.X.Dim(1) != u.Channels {
		return fault.New(fault.BadTensor, "the model takes a latent of %d channels, not %v", u.Channels, c.X.Shape())
	}
	if len(c.Timesteps) != n {
		return fault.New(fault.BadTensor, "%d timesteps for a batch of %d", len(c.Timesteps), n)
	}
	if u.Context > 0 {
		if c.Context == nil || !c.Context.Shape().Equal(tensor.Shape{n, nn.Dim(shapeOf(c.Context), 1), u.Context}) {
			return fault.New(fault.BadTensor,
				"the model reads text encodings %d wide, a batch of %d, not %v: the prompt was encoded by another model's text encoder",
				u.Context, n, shapeOf(c.Context))
		}
	}
	want := tensor.Shape(nil)
	switch {
	case u.Labels > 0:
		want = tensor.Shape{n}
	case u.Label > 0:
		want = tensor.Shape{n, u.Label}
	}
	if !shapeOf(c.Label).Equal(want) {
		return fault.New(fault.BadTensor, "the model takes labels of shape %v, not %v", want, shapeOf(c.Label))
	}
	if u.Temporal {
		if c.Frames < 1 || n%c.Frames != 0 {
			return fault.New(fault.BadTensor, "a batch of %d is no videos of %d pictures", n, c.Frames)
		}
		if c.ImagesOnly == nil {
			c.ImagesOnly = make([]float32, n)
		}
	}
	return nil
}

func shapeOf(t *tensor.Tensor) tensor.Shape {
	if t == nil {
		return nil
	}
	return t.Shape()
}

// Prove records the network once at a small size. It panics when weights do not fit together.
func (u *UNet) Prove() {
	u.program(tensor.NewGraph(), shape{u: u, batch: 1, height: 8, width: 8, tokens: min(u.Context, 1), frames: 1})
}
