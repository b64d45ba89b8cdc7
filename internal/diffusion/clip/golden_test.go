package clip

import (
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
	"github.com/cocoonhq/cocoon/internal/tokenizer"
	vocabulary "github.com/cocoonhq/cocoon/internal/tokenizer/clip"
	"github.com/cocoonhq/cocoon/internal/weights"
	"github.com/cocoonhq/cocoon/internal/weights/weightstest"
)

// config is a golden file's hyperparameters.
type config struct {
	Encoders map[string]struct {
		Heads      int    `json:"num_attention_heads"`
		Activation string `json:"hidden_act"`
		Width      int    `json:"hidden_size"`
		Layers     int    `json:"num_hidden_layers"`
	} `json:"encoders"`
	Layer       int  `json:"layer_option"` // null is 0, the default
	Unprojected bool `json:"unprojected_pooled"`
}

// kinds are the encoders of each family of the golden files: how each is named in their tensors and where it is in a checkpoint.
var kinds = map[string][]struct {
	name, prefix string
	config       Config
}{
	"sd1":          {{"l", "cond_stage_model.transformer", SD1}},
	"sd2":          {{"h", "cond_stage_model.model", SD2}},
	"sdxl":         {{"l", "conditioner.embedders.0.transformer", SDXLSmall}, {"g", "conditioner.embedders.1.model", SDXLLarge}},
	"sdxl-refiner": {{"g", "conditioner.embedders.0.model", SDXLLarge}},
	"cascade":      {{"g", "text_encoder.clip_g", Cascade}},
}

func TestGolden(t *testing.T) {
	diffusiontest.Each(t, "clip-text", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "text_encoder" {
			return false
		}
		testEncode(t, c, diffusiontest.CPU(t))
		return true
	})
}

// TestGoldenOracle runs the smallest encoder in float64, which shows that its program is right and not only near.
func TestGoldenOracle(t *testing.T) {
	diffusiontest.Each(t, "clip-text", func(t *testing.T, c diffusiontest.Case) bool {
		if c.Part != "text_encoder" || c.Family != "sd1" {
			return false
		}
		testEncode(t, c, interp.New())
		return true
	})
}

func testEncode(t *testing.T, c diffusiontest.Case, b tensor.Backend) {
	var cfg config
	c.Config(t, &cfg)
	src := weightstest.FromGolden(t, c.Path)
	run := programs.New(b)
	defer run.Close()
	var parts []Text
	for _, k := range kinds[c.Family] {
		s := weights.NewScope(src, k.prefix)
		k.config.Heads = cfg.Encoders[k.name].Heads
		e := New(s, k.config)
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		if want := cfg.Encoders[k.name]; e.Width() != want.Width || e.Layers() != want.Layers {
			t.Errorf("%s: %d layers %d wide, want %d and %d", k.name, e.Layers(), e.Width(), want.Layers, want.Width)
		}
		text, err := e.Encode(t.Context(), run, chunks(t, c, k.name), Options{Layer: cfg.Layer, Unprojected: cfg.Unprojected})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, text)
	}
	got := Join(parts...)
	c.Compare(t, "out.cond", got.Hidden)
	c.Compare(t, "out.pooled", got.Pooled)
}

// chunks reads the token chunks of a case.
func chunks(t *testing.T, c diffusiontest.Case, name string) []tokenizer.Chunk {
	t.Helper()
	ids, shape := c.I64("in.ids_" + name)
	ws, _ := c.F32("in.weights_" + name)
	rows := c.Tensor(t, "in.emb_"+name)
	out := make([]tokenizer.Chunk, shape[0])
	for i, id := range ids {
		if id == -1000000 {
			continue
		}
		tok := tokenizer.Token{ID: int32(id), Weight: float64(ws[i])}
		if id < 0 {
			r := int(-1 - id)
			tok.Embedding = rows.Slice(0, r, r+1).F32()
		}
		chunk := &out[i/shape[1]]
		chunk.Tokens = append(chunk.Tokens, tok)
	}
	return out
}

func TestForeignEmbedding(t *testing.T) {
	e := &Encoder{config: Config{Pad: 5}, width: 2, vocab: 1 << 17, position: tensor.New(tensor.F32, 4, 2)}
	in, err := e.inputs(tokenizer.Chunk{Tokens: []tokenizer.Token{{ID: vocabulary.Start}, {Embedding: []float32{1, 2, 3}}, {ID: 7}, {ID: vocabulary.End}}})
	if err != nil {
		t.Fatal(err)
	}
	ids, pooled := in.tensors[0].I64(), in.tensors[1].I64()[0]
	want := []int64{int64(vocabulary.Start), 7, int64(vocabulary.End), 5}
	for i, id := range ids {
		if id != want[i] {
			t.Errorf("ids %v, want %v", ids, want)
			break
		}
	}
	if in.embedded || pooled != 2 {
		t.Errorf("embedded %v, pooled %d, want false and 2", in.embedded, pooled)
	}
}
