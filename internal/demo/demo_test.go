package demo_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/demo"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// files lists a directory.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestInstall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "models", "checkpoints")
	path, installed, err := demo.Install(dir)
	if err != nil || !installed || path != filepath.Join(dir, demo.Name) {
		t.Fatalf("Install = %q, %v, %v", path, installed, err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != demo.Checkpoint {
		t.Errorf("%d bytes written of %d, %v", len(got), len(demo.Checkpoint), err)
	}
	if diff := cmp.Diff([]string{demo.Name}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if path, installed, err := demo.Install(dir); path != "" || installed || err != nil {
		t.Errorf("again: %q, %v, %v", path, installed, err)
	}
}

func TestInstallLeavesOthersAlone(t *testing.T) {
	other := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		prepare func(dir string) error
		want    bool
	}{
		{"nothing", func(string) error { return nil }, true},
		{"another checkpoint", func(dir string) error { return os.WriteFile(filepath.Join(dir, "b.CKPT"), nil, 0o600) }, false},
		{"one in a folder", func(dir string) error {
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "sub", "b.safetensors"), nil, 0o600)
		}, false},
		{"a link to one", func(dir string) error { return os.Symlink(other, filepath.Join(dir, "l.safetensors")) }, false},
		{"a link to a folder", func(dir string) error { return os.Symlink(filepath.Dir(other), filepath.Join(dir, "more")) }, false},
		{"a dead link", func(dir string) error { return os.Symlink(other+"x", filepath.Join(dir, "l.safetensors")) }, true},
		{"a text", func(dir string) error { return os.WriteFile(filepath.Join(dir, "put_checkpoints_here"), nil, 0o600) }, true},
	} {
		dir := t.TempDir()
		if err := c.prepare(dir); err != nil {
			t.Fatal(err)
		}
		if _, installed, err := demo.Install(dir); err != nil || installed != c.want {
			t.Errorf("%s: installed %v, %v", c.name, installed, err)
		}
	}
}

func TestInstallThroughLink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "checkpoints")
	if err := os.Symlink(dir, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if _, installed, err := demo.Install(link); err != nil || !installed {
		t.Errorf("installed %v, %v", installed, err)
	}
}

func TestInstallLeavesNothingHalfWritten(t *testing.T) {
	dir := t.TempDir()
	stale, recent := filepath.Join(dir, ".papercut-1.part"), filepath.Join(dir, ".papercut-2.part")
	for _, path := range []string{stale, recent} {
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(stale, old, old); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, demo.Name), 0o700); err != nil { // in the way of the last step
		t.Fatal(err)
	}
	path, installed, err := demo.Install(dir)
	if err == nil || installed || path != "" {
		t.Errorf("Install = %q, %v, %v", path, installed, err)
	}
	if diff := cmp.Diff([]string{".papercut-2.part", demo.Name}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestInstallNowhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var f *fault.Error
	if _, installed, err := demo.Install(filepath.Join(file, "checkpoints")); installed || !errors.As(err, &f) {
		t.Errorf("installed %v, %v", installed, err)
	}
}

// TestCheckpoint holds the file to its model card.
func TestCheckpoint(t *testing.T) {
	f, err := weights.Parse(demo.Name, []byte(demo.Checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	r := models.Inspect(f)
	if r.Kind != models.Checkpoint || r.Family != models.SD1 || r.Class != "SD15" || r.Sampling.Prediction != models.EPS || len(r.Missing) != 0 {
		t.Errorf("%v: %+v", r, r)
	}
	want := &models.UNet{In: 4, Out: 4, Channels: 64, ResBlocks: []int{1, 1, 1}, ChannelMult: []int{1, 2, 4}, TransformerDepth: []int{1, 1, 1},
		TransformerDepthOutput: []int{1, 1, 1, 1, 1, 1}, TransformerDepthMiddle: 1, Context: 64, Heads: 8}
	if diff := cmp.Diff(want, r.UNet); diff != "" {
		t.Errorf("UNet (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&models.VAE{Class: "AutoencoderKL", LatentChannels: 4, LatentDims: 2, Ratio: 8, Channels: 32, Encoder: true, Decoder: true}, r.VAE); diff != "" {
		t.Errorf("VAE (-want +got):\n%s", diff)
	}
	text := []models.TextEncoder{{Kind: "clip_l", Prefix: "cond_stage_model.transformer.text_model.", Layers: 4, Width: 64, Vocab: 49408, Positions: 77}}
	if diff := cmp.Diff(text, r.Text); diff != "" {
		t.Errorf("text encoder (-want +got):\n%s", diff)
	}
	for _, p := range r.Parts {
		if diff := cmp.Diff([]string{"F16"}, p.DTypes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.Name, diff)
		}
	}
}
