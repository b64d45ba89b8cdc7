package main

import (
	"context"
	"io"
	"testing"

	"github.com/cocoonhq/cocoon/internal/value"
)

// TestGuestsSample draws with nodes that a guest put in its own place: models, encodings and latents pass through it unseen.
func TestGuestsSample(t *testing.T) {
	if testing.Short() {
		t.Skip("builds guests and samples")
	}
	o := &options{base: t.TempDir(), previewMethod: "none", verbose: "ERROR", testNodes: "wasm"}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	log, err := newLogger(o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	bar := newBar(io.Discard)
	a, err := newApp(log.WithContext(context.Background()), o, bar, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	got := map[string]any{}
	if err := a.registry.Add(capture("Capture", got)); err != nil {
		t.Fatal(err)
	}
	link := func(id string, output int) []any { return []any{id, output} }
	runPrompt(t, a, bar, map[string]map[string]any{
		"1": {"class_type": "CheckpointLoaderSimple", "inputs": map[string]any{"ckpt_name": "papercut.safetensors"}},
		"2": {"class_type": "TestSamplingInExpansion", "inputs": map[string]any{"model": link("1", 0), "clip": link("1", 1), "vae": link("1", 2),
			"seed": uint64(1<<63 + 5), "steps": 1, "cfg": 1.0, "prompt": "a boat", "negative_prompt": ""}},
		"3": {"class_type": "Capture", "inputs": map[string]any{"value": link("2", 0), "key": "image"}},
	})
	m, ok := got["image"].(value.Image)
	if !ok || m.Dim(0) != 1 || m.Dim(3) != 3 {
		t.Errorf("got %v, want a picture", got["image"])
	}
}
