package diffusion

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/diffusion/clip"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tokenizer"
	vocabulary "github.com/cocoonhq/cocoon/internal/tokenizer/clip"
	"github.com/cocoonhq/cocoon/internal/value"
)

// CLIP is the text encoders of a model.
type CLIP struct {
	parts []textPart
	run   *programs.Cache
	layer int
}

// textPart is one encoder and how its tokens are laid out.
type textPart struct {
	name    string // "l", "h" or "g"
	encoder *clip.Encoder
	options vocabulary.Options
}

// Embeddings finds textual-inversion embeddings. encoder names the text encoder they are for as embedding files do: "clip_l",
// "clip_h", "clip_g". See tokenizer.Embeddings for the rest.
type Embeddings interface {
	Lookup(encoder, name string) (rows [][]float32, ok bool, err error)
}

// Tokens are a prompt's chunks by encoder: "l", "h", "g".
type Tokens map[string][]tokenizer.Chunk

// Tokenize lays a prompt into chunks for each encoder. Where embeddings is nil, "embedding:" is text.
func (c *CLIP) Tokenize(text string, embeddings Embeddings) (Tokens, error) {
	out := Tokens{}
	for _, p := range c.parts {
		var found tokenizer.Embeddings
		if embeddings != nil {
			found = embeddingsOf{embeddings, "clip_" + p.name}
		}
		chunks, err := vocabulary.New(p.options).Tokenize(text, found)
		if err != nil {
			return nil, err
		}
		out[p.name] = chunks
	}
	return out, nil
}

// embeddingsOf is the embeddings for one encoder.
type embeddingsOf struct {
	all     Embeddings
	encoder string
}

// Lookup implements tokenizer.Embeddings.
func (e embeddingsOf) Lookup(name string) ([][]float32, bool, error) {
	return e.all.Lookup(e.encoder, name)
}

// Encode gives the conditioning of a prompt: hidden states as Cross and the pooled vector as value.KeyPooled. unprojected
// leaves the pooled vector out of the text projection.
func (c *CLIP) Encode(ctx context.Context, tokens Tokens, unprojected bool) (value.Cond, error) {
	var parts []clip.Text
	for _, p := range c.parts {
		chunks, ok := tokens[p.name]
		if !ok {
			return value.Cond{}, fault.New(fault.BadRequest, "the tokens are for another kind of text encoder")
		}
		text, err := p.encoder.Encode(ctx, c.run, chunks, clip.Options{Layer: c.layer, Unprojected: unprojected})
		if err != nil {
			return value.Cond{}, err
		}
		parts = append(parts, text)
	}
	text := clip.Join(parts...)
	return value.Set(value.Cond{Cross: text.Hidden}, value.KeyPooled, text.Pooled), nil
}

// EncodeText is Tokenize and Encode in one.
func (c *CLIP) EncodeText(ctx context.Context, text string, embeddings Embeddings) (value.Conditioning, error) {
	tokens, err := c.Tokenize(text, embeddings)
	if err != nil {
		return nil, err
	}
	cond, err := c.Encode(ctx, tokens, false)
	if err != nil {
		return nil, err
	}
	return value.Conditioning{cond}, nil
}

// WithLayer is the encoders stopped at a layer counted from the end, -1 the last ("clip skip 2" is -2); 0 undoes it.
func (c *CLIP) WithLayer(layer int) *CLIP {
	d := *c
	d.layer = layer
	return &d
}

// Width is the size of a hidden state, of all encoders side by side.
func (c *CLIP) Width() int {
	n := 0
	for _, p := range c.parts {
		n += p.encoder.Width()
	}
	return n
}
