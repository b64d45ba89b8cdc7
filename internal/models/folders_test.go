package models_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/models"
)

// put writes files with a letter in each, and makes the directories of names that end in a slash.
func put(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// age sets the time of change of a directory and all below into the past, so that listings of it are kept.
func age(t *testing.T, dir string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return os.Chtimes(path, then, then)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFoldersList(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "checkpoints/a.safetensors", "checkpoints/sub/b.safetensors", "checkpoints/c.CKPT", "checkpoints/d.txt", "checkpoints/.hidden.safetensors",
		"checkpoints/Z.safetensors", "checkpoints/a.png", "checkpoints/.git/x.safetensors", "checkpoints/.safetensors", "unet/u.safetensors", "diffusion_models/v.safetensors",
		"diffusion_models/u.safetensors", "clip/c.bin", "configs/v1.yaml", "classifiers/plain", "classifiers/with.txt", "diffusers/model.safetensors")
	base := t.TempDir()
	put(t, base, "custom_nodes/any/thing.py")
	f := models.NewFolders(base, dir)
	for _, c := range []struct {
		key  string
		want []string
	}{
		{"checkpoints", []string{".hidden.safetensors", "Z.safetensors", "a.safetensors", "c.CKPT", filepath.Join("sub", "b.safetensors")}},
		{"diffusion_models", []string{"u.safetensors", "v.safetensors"}},
		{"unet", []string{"u.safetensors", "v.safetensors"}},
		{"clip", []string{"c.bin"}},
		{"configs", []string{"v1.yaml"}},
		{"classifiers", []string{"plain"}},
		{"diffusers", nil},
		{"vae", nil},
		{"custom_nodes", []string{filepath.Join("any", "thing.py")}},
	} {
		got, err := f.List(c.key)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.key, diff)
		}
	}
	if _, err := f.List("nope"); !errors.Is(err, fault.NotFound) {
		t.Errorf("List of no folder: %v", err)
	}
	if f.Has("unet") || !f.Has("diffusion_models") || f.Has("nope") {
		t.Error("Has knows old names or lacks new ones")
	}
	if got := f.Keys(); len(got) != 27 || got[0] != "checkpoints" || got[26] != "detection" {
		t.Errorf("keys %v", got)
	}
	if got := f.Extensions("vae"); got[0] != ".bin" || len(got) != 8 {
		t.Errorf("extensions %v", got)
	}
}

func TestFoldersFollowLinks(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	put(t, other, "far.safetensors", "deep/d.safetensors")
	put(t, dir, "vae/here.safetensors")
	links := map[string]string{
		filepath.Join(dir, "vae", "there"):              other,
		filepath.Join(dir, "vae", "file.safetensors"):   filepath.Join(other, "far.safetensors"),
		filepath.Join(dir, "vae", "loop"):               dir,
		filepath.Join(dir, "vae", "lost.safetensors"):   filepath.Join(other, "none"),
		filepath.Join(dir, "vae", "own loop"):           filepath.Join(dir, "vae"),
		filepath.Join(other, "deep", "back to the top"): other,
	}
	for at, to := range links {
		if err := os.Symlink(to, at); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	f := models.NewFolders(dir, dir)
	got, err := f.List("vae")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"file.safetensors", "here.safetensors", "there/deep/d.safetensors", "there/far.safetensors"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if path, err := f.Find("vae", "there/far.safetensors"); err != nil || path != filepath.Join(dir, "vae", "there", "far.safetensors") {
		t.Errorf("found %q, %v", path, err)
	}
}

func TestFoldersListIsKept(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "vae/a.safetensors", "vae/sub/")
	age(t, dir, time.Hour)
	f := models.NewFolders(dir, dir)
	list := func() string {
		got, err := f.List("vae")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(got, " ")
	}
	if got := list(); got != "a.safetensors" {
		t.Fatalf("list %q", got)
	}
	put(t, dir, "vae/sub/b.safetensors")
	if got := list(); got != "a.safetensors sub/b.safetensors" {
		t.Errorf("after a change below: %q", got)
	}
	age(t, dir, time.Minute)
	if err := os.Remove(filepath.Join(dir, "vae", "a.safetensors")); err != nil {
		t.Fatal(err)
	}
	if got := list(); got != "sub/b.safetensors" {
		t.Errorf("after a removal: %q", got)
	}
	more := t.TempDir()
	f.Add("vae", filepath.Join(more, "later"), false)
	if got := list(); got != "sub/b.safetensors" {
		t.Errorf("with a root that is not there: %q", got)
	}
	put(t, more, "later/c.safetensors")
	if got := list(); got != "c.safetensors sub/b.safetensors" {
		t.Errorf("when the root appears: %q", got)
	}
}

func TestFoldersFind(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "checkpoints/a.safetensors", "checkpoints/sub/b.safetensors", "checkpoints/d.txt", "checkpoints/dir.safetensors/", "vae/only.safetensors", "secret.safetensors")
	f := models.NewFolders(dir, dir)
	for _, c := range []struct {
		key, name string
		code      fault.Code
		text      string
	}{
		{"checkpoints", "a.safetensors", "", ""},
		{"checkpoints", "sub/b.safetensors", "", ""},
		{"checkpoints", "d.txt", fault.NotFound, "not in the folder"},
		{"checkpoints", "dir.safetensors", fault.NotFound, "not in the folder"},
		{"checkpoints", "none.safetensors", fault.NotFound, "put it there"},
		{"checkpoints", "only.safetensors", fault.NotFound, "but in vae"},
		{"nope", "a.safetensors", fault.NotFound, "no model folder"},
		{"checkpoints", "../secret.safetensors", fault.BadRequest, "leads out"},
		{"checkpoints", "sub/../a.safetensors", fault.BadRequest, "leads out"},
		{"checkpoints", filepath.Join(dir, "secret.safetensors"), fault.BadRequest, "leads out"},
		{"checkpoints", "", fault.BadRequest, "leads out"},
		{"checkpoints", "a.safetensors\x00", fault.BadRequest, "leads out"},
	} {
		path, err := f.Find(c.key, c.name)
		if c.code == "" {
			if err != nil || path != filepath.Join(dir, c.key, filepath.FromSlash(c.name)) {
				t.Errorf("%s: %q, %v", c.name, path, err)
			}
			continue
		}
		if !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %q, %v; want %s …%s…", c.name, path, err, c.code, c.text)
		}
	}
}

func TestFoldersAdd(t *testing.T) {
	f := models.NewFolders("base", "models")
	f.Add("vae", "x", false)
	f.Add("vae", "y", true)
	f.Add("vae", "x/", true)
	f.Add("vae", "y", false)
	f.Add("unet", "z", false)
	f.Add("mine", "m", false)
	f.AddOutput("out")
	for key, want := range map[string][]string{
		"vae":              {"x", "y", "models/vae", "out/vae"},
		"diffusion_models": {"models/unet", "models/diffusion_models", "z", "out/diffusion_models"},
		"text_encoders":    {"models/text_encoders", "models/clip", "out/clip"},
		"mine":             {"m"},
		"nope":             nil,
	} {
		got := f.Roots(key)
		for i := range got {
			got[i] = filepath.ToSlash(got[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

func TestFoldersAddConfig(t *testing.T) {
	t.Setenv("COCOON_TEST_MODELS", "/env")
	t.Setenv("HOME", "/home/me")
	dir := t.TempDir()
	path := filepath.Join(dir, "extra.yaml")
	text := "a111:\n    base_path: $COCOON_TEST_MODELS/sd # here\n    checkpoints: models/Stable-diffusion\n    loras: |\n         models/Lora\n         models/LyCORIS\n" +
		"home:\n  base_path: ~/models\n  is_default: true\n  vae: 'v'\nhere:\n  vae: rel\n  mine: /abs\nempty:\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := models.NewFolders("base", "models")
	if err := f.AddConfig(path); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][]string{
		"checkpoints": {"models/checkpoints", "/env/sd/models/Stable-diffusion"},
		"loras":       {"models/loras", "/env/sd/models/Lora", "/env/sd/models/LyCORIS"},
		"vae":         {"/home/me/models/v", "models/vae", filepath.Join(dir, "rel")},
		"mine":        {"/abs"},
	} {
		if diff := cmp.Diff(want, f.Roots(key)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if err := f.AddConfig(filepath.Join(dir, "none.yaml")); !errors.Is(err, fault.NotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("a:\n\tb: c"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.AddConfig(path); !errors.Is(err, fault.BadFile) || !strings.Contains(err.Error(), "extra.yaml: line 2") {
		t.Errorf("a tab: %v", err)
	}
}

// TestFoldersTogether lists and changes folders from many goroutines at once.
func TestFoldersTogether(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "vae/a.safetensors")
	f := models.NewFolders(dir, dir)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				if i == 0 {
					f.Add("vae", filepath.Join(dir, "more"), true)
				}
				if got, err := f.List("vae"); err != nil || len(got) != 1 {
					t.Errorf("list %v, %v", got, err)
				}
				if _, err := f.Find("vae", "a.safetensors"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
