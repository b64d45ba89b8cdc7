package clip

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tokenizer"
	vocabulary "github.com/cocoonhq/cocoon/internal/tokenizer/clip"
)

// Options change what an encoder gives.
type Options struct {
	Layer       int  // hidden layer from the end, -1 the last; 0: the encoder's own. Deeper than there are layers: the last, normed
	Unprojected bool // the pooled vector stays as it is
}

// Text is an encoded prompt.
type Text struct {
	Hidden *tensor.Tensor // F32 [1, tokens, width], the chunks one after the other
	Pooled *tensor.Tensor // F32 [1, …], of the first chunk
}

// Encode encodes the chunks of a prompt, each alone. Weights act on the hidden states: a token goes from what the empty
// prompt has in its place through its own state by its weight. No chunks mean the empty prompt.
func (e *Encoder) Encode(ctx context.Context, run *programs.Cache, chunks []tokenizer.Chunk, o Options) (Text, error) {
	longest, weighted := 0, false
	for _, c := range chunks {
		longest = max(longest, len(c.Tokens))
		weighted = weighted || c.Weighted()
	}
	if len(chunks) == 0 {
		chunks = []tokenizer.Chunk{e.empty(vocabulary.Length)}
	}
	var empty []float32
	if weighted {
		t, err := e.chunk(ctx, run, e.empty(longest), o)
		if err != nil {
			return Text{}, err
		}
		empty = t.Hidden.F32()
	}
	var out Text
	hidden := make([]float32, 0, len(chunks)*longest*e.width)
	for i, c := range chunks {
		t, err := e.chunk(ctx, run, c, o)
		if err != nil {
			return Text{}, err
		}
		if i == 0 {
			out.Pooled = t.Pooled
		}
		if weighted {
			e.weigh(t.Hidden.F32(), empty, c)
		}
		hidden = append(hidden, t.Hidden.F32()...)
	}
	out.Hidden = tensor.FromF32(hidden, 1, len(hidden)/e.width, e.width)
	return out, nil
}

// weigh scales how far each token's state is from the empty prompt's.
func (e *Encoder) weigh(states, empty []float32, c tokenizer.Chunk) {
	for i, t := range c.Tokens {
		if t.Weight == 1 {
			continue
		}
		w := float32(t.Weight)
		z, zero := states[i*e.width:(i+1)*e.width], empty[i*e.width:(i+1)*e.width]
		for j := range z {
			z[j] = (z[j]-zero[j])*w + zero[j]
		}
	}
}

// empty is the chunk of an empty prompt.
func (e *Encoder) empty(length int) tokenizer.Chunk {
	c := tokenizer.Chunk{Tokens: make([]tokenizer.Token, max(2, length))}
	for i := range c.Tokens {
		c.Tokens[i] = tokenizer.Token{ID: e.config.Pad, Weight: 1}
	}
	c.Tokens[0].ID, c.Tokens[1].ID = vocabulary.Start, vocabulary.End
	return c
}

func (e *Encoder) chunk(ctx context.Context, run *programs.Cache, c tokenizer.Chunk, o Options) (Text, error) {
	in, err := e.inputs(c)
	if err != nil {
		return Text{}, err
	}
	v := variant{
		length: len(c.Tokens), embedded: in.embedded,
		layer: e.layer(o.Layer), projected: e.config.Projected && !o.Unprojected,
	}
	spec := programs.Spec{Key: key{e, v}, Record: func(g *tensor.Graph) { e.record(g, v) }}
	out, err := run.Run(ctx, spec, in.tensors...)
	if err != nil {
		return Text{}, err
	}
	return Text{Hidden: out[0], Pooled: out[1]}, nil
}

type key struct {
	e *Encoder
	v variant
}

// layer resolves an asked-for layer to an index, or -1 for the normed last one.
func (e *Encoder) layer(asked int) int {
	if asked == 0 {
		asked = e.config.Layer
	}
	if asked >= 0 || -asked > len(e.layers) {
		return -1
	}
	return len(e.layers) + asked
}

// inputs are a chunk as the program reads it.
type inputs struct {
	tensors  []*tensor.Tensor
	embedded bool
}

// inputs lays a chunk out. Vectors of another width than the encoder's are left out and padding takes their room at the end,
// as the reference does with an embedding made for another encoder.
func (e *Encoder) inputs(c tokenizer.Chunk) (inputs, error) {
	n := len(c.Tokens)
	if n == 0 || n > e.position.Dim(0) {
		return inputs{}, fault.New(fault.BadTensor, "a chunk of %d tokens for a text encoder of %d", n, e.position.Dim(0))
	}
	var in inputs
	ids, seen := make([]int64, n), make([]float32, n)
	rows, stands := tensor.New(tensor.F32, 1, n, e.width), tensor.New(tensor.F32, 1, n, 1)
	at, visible, ended := 0, 0, false
	for _, t := range c.Tokens {
		switch {
		case t.Embedding != nil && len(t.Embedding) != e.width:
			continue
		case t.Embedding != nil:
			in.embedded = true
			copy(rows.F32()[at*e.width:], t.Embedding)
			stands.F32()[at] = 1
			seen[at] = 1
		case t.ID < 0 || int(t.ID) >= e.vocab:
			return inputs{}, fault.New(fault.BadTensor, "token %d for a text encoder of %d", t.ID, e.vocab)
		default:
			ids[at] = int64(t.ID)
			if !ended {
				seen[at] = 1
			}
			ended = ended || t.ID == vocabulary.End
		}
		visible += int(seen[at])
		at++
	}
	for ; at < n; at++ {
		ids[at] = int64(e.config.Pad)
	}
	pooled := int64(max(0, visible-1)) // the first end token, unless vectors stand behind it
	in.tensors = []*tensor.Tensor{tensor.FromI64(ids, 1, n), tensor.FromI64([]int64{pooled}, 1)}
	if in.embedded {
		in.tensors = append(in.tensors, rows, stands)
	}
	if e.config.MaskPadding {
		in.tensors = append(in.tensors, tensor.FromF32(maskOf(seen), 1, 1, 1, n))
	}
	return in, nil
}

// maskOf turns 1 for visible into what is added to attention scores.
func maskOf(seen []float32) []float32 {
	for i, s := range seen {
		seen[i] = (1 - s) * -math.MaxFloat32
	}
	return seen
}
