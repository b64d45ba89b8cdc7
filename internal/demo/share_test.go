package demo

import (
	"os"
	"path/filepath"
	"testing"
)

func TestShare(t *testing.T) {
	has := func(models, dir string) bool {
		st, err := os.Stat(filepath.Join(models, dir, Name))
		return err == nil && st.Size() == int64(len(Checkpoint))
	}
	for _, row := range []struct {
		name    string
		install bool
		other   string // a model that is there already
		want    bool
	}{
		{"the demo alone", true, "", true},
		{"no demo", false, "", false},
		{"a model of its user", true, "unet/mine.safetensors", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			models := t.TempDir()
			if row.install {
				if _, _, err := Install(filepath.Join(models, "checkpoints")); err != nil {
					t.Fatal(err)
				}
			}
			if row.other != "" {
				path := filepath.Join(models, filepath.FromSlash(row.other))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := Share(models); err != nil {
					t.Fatal(err)
				}
			}
			for _, dir := range []string{"diffusion_models", "text_encoders", "vae"} {
				if got := has(models, dir); got != row.want {
					t.Errorf("%s: %v, want %v", dir, got, row.want)
				}
			}
		})
	}
}
