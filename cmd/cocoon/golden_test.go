package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// newTestApp is the whole program without a server, over folders of its own.
func newTestApp(t *testing.T, bus engine.Bus) (*app, *options) {
	t.Helper()
	o := &options{base: t.TempDir(), previewMethod: "auto", previewSize: 512, verbose: "ERROR"}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	log, err := newLogger(o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(log.WithContext(context.Background()), o, bus, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, o
}

// capture keeps what passes through: an output node, so that the engine runs it.
func capture(id string, got map[string]any) node.Node {
	type in struct {
		Value any
		Key   string
	}
	return node.Def[in, struct{}]{
		ID: id, Category: "test", OutputNode: true,
		Ports: func(p *node.Ports, in *in, _ *struct{}) {
			node.Linked(p, "value", node.Any, &in.Value)
			node.Text(p, "key", &in.Key, "")
		},
		Do: func(_ context.Context, in in) (struct{}, error) {
			got[in.Key] = in.Value
			return struct{}{}, nil
		},
	}.Node()
}

// TestGoldenDemoPrompts draws the recorded prompts through the engine, the store and the real nodes.
func TestGoldenDemoPrompts(t *testing.T) {
	dir := golden.Dir(t, "demo")
	text, err := os.ReadFile(filepath.Join(dir, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]struct {
		Prompt map[string]map[string]any `json:"prompt"`
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	want := golden.Read(t, filepath.Join(dir, "cases.safetensors"))
	bar := newBar(io.Discard)
	a, o := newTestApp(t, bar)
	copyInputs(t, filepath.Join(dir, "input"), o.input)
	got := map[string]any{}
	if err := a.registry.Add(capture("Capture", got)); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tap(c.Prompt)
			runPrompt(t, a, bar, c.Prompt)
			latent, _ := want.F32(name + ".latent")
			if d := relativeL2(got["latent"].(value.Latent).Samples, latent); !(d <= 2e-4) {
				t.Errorf("latent differs by %.2g of its size, may by 2e-4", d)
			}
			image, _ := want.F32(name + ".image")
			if db := psnr(got["image"].(value.Image).Tensor, image); !(db >= 70) {
				t.Errorf("picture is at %.1f dB, must be at 70 or more", db)
			}
		})
	}
}

// tap puts a capture node behind the sampler and the decoder of a prompt.
func tap(prompt map[string]map[string]any) {
	keys := map[string]string{"KSampler": "latent", "VAEDecode": "image"}
	for id, n := range prompt {
		if key := keys[fmt.Sprint(n["class_type"])]; key != "" {
			prompt["tap "+key] = map[string]any{
				"class_type": "Capture", "inputs": map[string]any{"value": []any{id, 0}, "key": key},
			}
		}
	}
}

func runPrompt(t *testing.T, a *app, b *bar, prompt any) {
	t.Helper()
	text, err := json.Marshal(prompt)
	if err != nil {
		t.Fatal(err)
	}
	b.reset()
	if _, err := a.engine.Submit(t.Context(), engine.Submission{Prompt: text, ClientID: barClient}); err != nil {
		t.Fatal(explain(err, nil))
	}
	end, err := b.wait(t.Context())
	if err != nil || end.problem != "" {
		t.Fatal(err, end.problem)
	}
}

func copyInputs(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// relativeL2 is |got-want| / |want|.
func relativeL2(got *tensor.Tensor, want []float32) float64 {
	diff, size := 0.0, 0.0
	for i, v := range got.Dense().F32() {
		d := float64(v) - float64(want[i])
		diff += d * d
		size += float64(want[i]) * float64(want[i])
	}
	return math.Sqrt(diff / size)
}

// psnr compares pictures of values 0 to 1, in dB.
func psnr(got *tensor.Tensor, want []float32) float64 {
	sum := 0.0
	for i, v := range got.Dense().F32() {
		d := float64(v) - float64(want[i])
		sum += d * d
	}
	return -10 * math.Log10(sum/float64(len(want)))
}
