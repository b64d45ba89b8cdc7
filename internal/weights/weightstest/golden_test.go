package weightstest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// TestGoldenWeights reads the weights of every model golden there is; the recipes check themselves.
func TestGoldenWeights(t *testing.T) {
	root := golden.Dir(t, "models")
	paths, err := filepath.Glob(filepath.Join(root, "*", "*.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			if Open(t, path).Metadata()["format"] != "cocoon-golden-1" {
				return // not a case with weights
			}
			src := FromGolden(t, path)
			for _, name := range src.Names() {
				info, ok := weights.Describe(src, name)
				if !ok || info.DType == tensor.Invalid {
					t.Errorf("%s: %+v", name, info)
				}
			}
		})
	}
}

// write puts a safetensors file of one F32 tensor into dir.
func write(t *testing.T, path, header string, data ...byte) {
	t.Helper()
	out := append([]byte{byte(len(header)), byte(len(header) >> 8), 0, 0, 0, 0, 0, 0}, header...)
	if err := os.WriteFile(path, append(out, data...), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFromGolden(t *testing.T) {
	dir := t.TempDir()
	own, other := filepath.Join(dir, "own.safetensors"), filepath.Join(dir, "other.safetensors")
	write(t, own, `{"__metadata__":{"rows.t":"[3, 1]"},
		"w.a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
		"in.x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},
		"wrows.p.t":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},
		"wrowids.p.t":{"dtype":"I64","shape":[1],"data_offsets":[12,20]}}`,
		0, 0, 128, 63, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 0, 0, 0, 0, 0)
	write(t, other, `{"__metadata__":{"weights":"own.safetensors"}}`)
	for _, path := range []string{own, other} {
		src := FromGolden(t, path)
		if names := src.Names(); len(names) != 2 || names[0] != "a" || names[1] != "p.t" {
			t.Errorf("%s: names %v", path, names)
		}
		table, _ := src.Tensor("p.t")
		if got := table.F32(); len(got) != 3 || got[0] != 0 || got[1] != 2 || got[2] != 0 {
			t.Errorf("%s: table %v", path, got)
		}
	}
}
