package models_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/internal/demo"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
)

func TestLibrary(t *testing.T) {
	base, ctx := t.TempDir(), t.Context()
	dir := filepath.Join(base, "models", "checkpoints")
	if _, _, err := demo.Install(dir); err != nil {
		t.Fatal(err)
	}
	b := cpu.New(cpu.Options{Threads: 1})
	defer b.Close()
	l := models.NewLibrary(models.NewFolders(base, filepath.Join(base, "models")), b)
	defer l.Close()
	first, err := l.Checkpoint(ctx, demo.Name)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.Checkpoint(ctx, demo.Name); err != nil || again.Model != first.Model {
		t.Errorf("a second load gives another model (%v)", err)
	}
	if _, err := l.VAE(ctx, demo.Name); !errors.Is(err, fault.NotFound) {
		t.Errorf("a VAE that is not there: %v", err)
	}

	version := l.Version(ctx, "checkpoints", demo.Name)
	if version == "" || l.Version(ctx, "checkpoints", "none.safetensors") != "" {
		t.Errorf("version %q", version)
	}
	path := filepath.Join(dir, demo.Name)
	if err := os.WriteFile(path+".new", []byte(demo.Checkpoint[:1000]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if now := l.Version(ctx, "checkpoints", demo.Name); now == version {
		t.Error("another content has the same version")
	}
	if _, err := l.Checkpoint(ctx, demo.Name); !errors.Is(err, fault.BadFile) {
		t.Errorf("the file that replaced it: %v, want bad_file", err)
	}
}
