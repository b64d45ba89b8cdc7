package diffusion

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// TestPartsOfTheirOwn loads the demo's parts under the names that files of parts alone have.
func TestPartsOfTheirOwn(t *testing.T) {
	src := openDemo(t)
	b := diffusiontest.CPU(t)
	whole, err := Load(src, b)
	if err != nil {
		t.Fatal(err)
	}
	below := func(prefix string) weights.Source {
		return weights.Rename(src, func(old string) (string, bool) {
			name, ok := strings.CutPrefix(old, prefix)
			return name, ok
		})
	}
	m, err := LoadModel(below("model.diffusion_model."), "", b)
	if err != nil || m.Family() != whole.Family {
		t.Fatalf("%v, %v; want %s", m, err, whole.Family)
	}
	if _, err := LoadModel(below("model."), "diffusion_model", b); err != nil {
		t.Error(err)
	}
	c, err := LoadText(below("cond_stage_model.transformer."), "l", "", b)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(c *CLIP) []float32 {
		all, err := c.EncodeText(context.Background(), "green hills", nil)
		if err != nil {
			t.Fatal(err)
		}
		return all[0].Cross.F32()
	}
	if !slices.Equal(encode(c), encode(whole.CLIP)) {
		t.Error("the text encoder alone says something else")
	}
}

func TestPartsRefused(t *testing.T) {
	b, none := diffusiontest.CPU(t), weights.Map{"x": tensor.New(tensor.F32, 1)}
	if _, err := LoadModel(none, "", b); !errors.Is(err, fault.Unsupported) {
		t.Errorf("a model of no family: %v", err)
	}
	if _, err := LoadText(none, "t5", "", b); !errors.Is(err, fault.Unsupported) {
		t.Errorf("an encoder of no kind: %v", err)
	}
	if _, err := LoadText(none, "l", "", b); !errors.Is(err, fault.BadFile) {
		t.Errorf("an encoder without tensors: %v", err)
	}
	if _, err := LoadTexts(none, b); !errors.Is(err, fault.Unsupported) {
		t.Errorf("a checkpoint of no family: %v", err)
	}
}
