package nodes

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/diffusion"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/store/disk"
	"github.com/cocoonhq/cocoon/nodes-builtin/image"
)

// shelf lists files of every folder, as the recording's "$files" stand for them.
type shelf struct{}

func (shelf) Names(_ context.Context, folder string) []string { return []string{"$" + folder} }
func (shelf) Version(context.Context, string, string) string  { return "" }
func (shelf) Embeddings() diffusion.Embeddings                { return nil }
func (shelf) Model(context.Context, string) (*diffusion.Model, error) {
	return nil, nil
}
func (shelf) Text(context.Context, string) (*diffusion.CLIP, error) { return nil, nil }
func (shelf) VAE(context.Context, string) (*diffusion.VAE, error) {
	return nil, nil
}
func (shelf) Checkpoint(context.Context, string) (diffusion.Checkpoint, error) {
	return diffusion.Checkpoint{}, nil
}

// all is every node over empty folders, but for one picture in the input folder.
func all(t *testing.T) []node.Node {
	t.Helper()
	base := t.TempDir()
	dir := func(n string) string { return filepath.Join(base, n) }
	files, err := disk.Open(disk.Dirs{Input: dir("input"), Output: dir("output"), Temp: dir("temp"), User: dir("user")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	if err := os.WriteFile(filepath.Join(files.Path(disk.Input), "$input.png"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return All(Deps{Models: shelf{}, Images: image.Config{Files: files}})
}

// TestGoldenObjectInfo compares what /object_info says of each of our nodes to the recording: all keys but prose.
func TestGoldenObjectInfo(t *testing.T) {
	want := recordedInfo(t)
	reg, err := node.NewRegistry(all(t)...)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]map[string]any
	if err := json.Unmarshal(node.ObjectInfo(t.Context(), reg), &got); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for class, info := range got {
		w, ok := want[class]
		if !ok {
			continue // of a pack that the recording has not
		}
		compared++
		t.Run(class, func(t *testing.T) {
			if d := cmp.Diff(w, withoutProse(info)); d != "" {
				t.Errorf("-recorded +ours\n%s", d)
			}
		})
	}
	if compared == 0 {
		t.Fatal("no node compared")
	}
}

func recordedInfo(t *testing.T) map[string]map[string]any {
	t.Helper()
	f, err := os.Open(filepath.Join(golden.Dir(t, "nodes"), "object_info.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]any
	if err := json.NewDecoder(z).Decode(&want); err != nil {
		t.Fatal(err)
	}
	for class := range want {
		want[class] = files(want[class]).(map[string]any)
	}
	return want
}

// files replaces a recorded list of files by what our shelf lists.
func files(v any) any {
	switch x := v.(type) {
	case map[string]any:
		if f, ok := x["$files"].(map[string]any); ok {
			list := append([]any{}, x["before"].([]any)...)
			for folder := range f {
				if folder == "unet" || folder == "clip" {
					continue // other places of a folder that is there, too
				}
				name := "$" + folder
				if folder == "input" {
					name += ".png"
				}
				list = append(list, name)
			}
			return append(list, x["after"].([]any)...)
		}
		for k, e := range x {
			x[k] = files(e)
		}
	case []any:
		for i, e := range x {
			x[i] = files(e)
		}
	}
	return v
}

// withoutProse makes the changes to an entry that the recording made: see the goldens' README.
func withoutProse(info map[string]any) map[string]any {
	var tips any
	if list, ok := info["output_tooltips"].([]any); ok {
		flags := make([]any, len(list))
		for i, tip := range list {
			flags[i] = tip != nil
		}
		tips = flags
	}
	delete(info, "output_tooltips")
	strip(info)
	info["has_output_tooltips"] = tips
	return info
}

func strip(v any) {
	switch x := v.(type) {
	case map[string]any:
		delete(x, "description")
		delete(x, "tooltip")
		delete(x, "placeholder")
		for _, e := range x {
			strip(e)
		}
	case []any:
		for _, e := range x {
			strip(e)
		}
	}
}
