// Package clip is CLIP's text transformer (ViT-L/14, OpenCLIP's H and bigG): token chunks in, hidden states and a pooled
// vector out. Source: arXiv:2103.00020; the variants differ by Config alone, and all sizes are read from shapes.
package clip

import (
	"strconv"

	"github.com/cocoonhq/cocoon/internal/nn"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Config is what tensors do not tell of an encoder.
type Config struct {
	Heads       int         // attention heads; 0: the width over 64
	Activation  tensor.Kind // of the MLPs: KindQuickGELU (ViT-L) or KindGELU (OpenCLIP)
	Layer       int         // hidden layer it gives, from the end (-1 the last); 0: the last, normed
	NormHidden  bool        // the final norm is applied to a chosen hidden layer too
	Projected   bool        // the pooled vector goes through the text projection, if there is one
	MaskPadding bool        // tokens after the end token are hidden
	Pad         int32       // the token that fills chunks
}

// Encoder is a text transformer. It is immutable.
type Encoder struct {
	config   Config
	width    int
	vocab    int
	token    *tensor.Tensor // [vocab, width]
	position *tensor.Tensor // [positions, width]
	layers   []layer
	final    nn.LayerNorm
	project  projection
}

// projection is the text projection in one of its two layouts, or absent.
type projection struct {
	linear nn.Linear      // [out, in]
	turned *tensor.Tensor // [in, out]
}

// layer is one transformer layer, the norms before attention and MLP.
type layer struct {
	norm1, norm2  nn.LayerNorm
	q, k, v, out  nn.Linear
	widen, narrow nn.Linear
}

// New reads an encoder from a scope in either public layout: Hugging Face's ("text_model.encoder.layers.0…") or OpenCLIP's
// ("transformer.resblocks.0…"). What is missing or of the wrong shape is in the scope afterwards.
func New(s *weights.Scope, c Config) *Encoder {
	e := &Encoder{config: c}
	if s.Has("positional_embedding") {
		e.readOpen(s)
	} else {
		e.readHF(s)
	}
	if c.Heads == 0 {
		e.config.Heads = max(1, e.width/64)
	}
	return e
}

// Width is the size of a hidden state.
func (e *Encoder) Width() int { return e.width }

// Layers is the number of transformer layers.
func (e *Encoder) Layers() int { return len(e.layers) }

func (e *Encoder) readHF(s *weights.Scope) {
	t := s
	for _, name := range []string{"text_model", "transformer.text_model"} {
		if s.HasSub(name) {
			t = s.Sub(name)
			break
		}
	}
	e.embeddings(t, "embeddings.token_embedding.weight", "embeddings.position_embedding.weight")
	for i := 0; t.HasSub("encoder.layers." + strconv.Itoa(i)); i++ {
		l := t.Sub("encoder.layers." + strconv.Itoa(i))
		a := l.Sub("self_attn")
		hidden := nn.Dim(l.Shape("mlp.fc1.weight"), 0)
		e.layers = append(e.layers, layer{
			norm1:  nn.NewLayerNorm(l.Sub("layer_norm1"), e.width),
			norm2:  nn.NewLayerNorm(l.Sub("layer_norm2"), e.width),
			q:      nn.NewLinear(a.Sub("q_proj"), e.width, e.width),
			k:      nn.NewLinear(a.Sub("k_proj"), e.width, e.width),
			v:      nn.NewLinear(a.Sub("v_proj"), e.width, e.width),
			out:    nn.NewLinear(a.Sub("out_proj"), e.width, e.width),
			widen:  nn.NewLinear(l.Sub("mlp.fc1"), e.width, hidden),
			narrow: nn.NewLinear(l.Sub("mlp.fc2"), hidden, e.width),
		})
	}
	e.final = nn.NewLayerNorm(t.Sub("final_layer_norm"), e.width)
	e.readProjection(s)
}

func (e *Encoder) readOpen(s *weights.Scope) {
	e.embeddings(s, "token_embedding.weight", "positional_embedding")
	for i := 0; s.HasSub("transformer.resblocks." + strconv.Itoa(i)); i++ {
		l := s.Sub("transformer.resblocks." + strconv.Itoa(i))
		hidden := nn.Dim(l.Shape("mlp.c_fc.weight"), 0)
		w := l.Tensor("attn.in_proj_weight", 3*e.width, e.width)
		b := l.Tensor("attn.in_proj_bias", 3*e.width)
		third := func(i int) nn.Linear {
			return nn.Linear{W: w.Slice(0, i*e.width, (i+1)*e.width), B: b.Slice(0, i*e.width, (i+1)*e.width)}
		}
		e.layers = append(e.layers, layer{
			norm1:  nn.NewLayerNorm(l.Sub("ln_1"), e.width),
			norm2:  nn.NewLayerNorm(l.Sub("ln_2"), e.width),
			q:      third(0),
			k:      third(1),
			v:      third(2),
			out:    nn.NewLinear(l.Sub("attn.out_proj"), e.width, e.width),
			widen:  nn.NewLinear(l.Sub("mlp.c_fc"), e.width, hidden),
			narrow: nn.NewLinear(l.Sub("mlp.c_proj"), hidden, e.width),
		})
	}
	e.final = nn.NewLayerNorm(s.Sub("ln_final"), e.width)
	e.readProjection(s)
}

func (e *Encoder) embeddings(s *weights.Scope, token, position string) {
	e.vocab, e.width = nn.Dim(s.Shape(token), 0), nn.Dim(s.Shape(token), 1)
	e.token = s.Tensor(token, -1, -1)
	e.position = s.Tensor(position, -1, e.width)
}

func (e *Encoder) readProjection(s *weights.Scope) {
	switch {
	case s.Has("text_projection.weight"):
		e.project.linear.W = s.Tensor("text_projection.weight", -1, e.width)
	case s.Has("text_projection"):
		e.project.turned = s.Tensor("text_projection", e.width, -1)
	}
}
