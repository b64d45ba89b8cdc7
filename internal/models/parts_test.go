package models_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/internal/demo"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
)

// partsLibrary has the demo in the folders of its parts, and a picture that calls itself a model.
func partsLibrary(t *testing.T) *models.Library {
	t.Helper()
	base := t.TempDir()
	dir := filepath.Join(base, "models")
	if _, _, err := demo.Install(filepath.Join(dir, "checkpoints")); err != nil {
		t.Fatal(err)
	}
	if err := demo.Share(dir); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"diffusion_models", "text_encoders"} {
		if err := os.WriteFile(filepath.Join(dir, folder, "web.safetensors"), []byte("<html><body>log in</body></html>"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := cpu.New(cpu.Options{Threads: 1})
	l := models.NewLibrary(models.NewFolders(base, dir), b)
	t.Cleanup(func() { l.Close(); b.Close() })
	return l
}

func TestPartsOfACheckpoint(t *testing.T) {
	l, ctx := partsLibrary(t), context.Background()
	whole, err := l.Checkpoint(ctx, demo.Name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := l.Model(ctx, demo.Name)
	if err != nil || m.Family() != whole.Model.Family() {
		t.Fatalf("%v, %v", m, err)
	}
	c, err := l.Text(ctx, demo.Name)
	if err != nil || c == nil {
		t.Fatal(err)
	}
	got, err := c.EncodeText(ctx, "green hills", nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := whole.CLIP.EncodeText(ctx, "green hills", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range want[0].Cross.F32() {
		if got[0].Cross.F32()[i] != v {
			t.Fatalf("element %d is %v, want %v", i, got[0].Cross.F32()[i], v)
		}
	}
	if v, err := l.VAE(ctx, demo.Name); err != nil || v == nil {
		t.Error(err)
	}
}

func TestPartsThatAreNone(t *testing.T) {
	l, ctx := partsLibrary(t), context.Background()
	for name, code := range map[string]fault.Code{"web.safetensors": fault.BadFile, "none.safetensors": fault.NotFound} {
		if _, err := l.Model(ctx, name); !errors.Is(err, code) {
			t.Errorf("the model %s: %v, want %s", name, err, code)
		}
		if _, err := l.Text(ctx, name); !errors.Is(err, code) {
			t.Errorf("the encoder %s: %v, want %s", name, err, code)
		}
	}
}
