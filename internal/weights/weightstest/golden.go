// Package weightstest gives tests the weights of golden files and made-up ones. Only tests import it.
package weightstest

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Open opens a golden weights file and closes it at the end of the test.
func Open(t testing.TB, path string) *weights.File {
	t.Helper()
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// FromGolden gives the weights of the golden file at path under their checkpoint names, whichever way the file holds them:
// as a recipe (metadata weights = generated-v1, checked by its weights_check), as tensors w.<name>, with vocabulary tables as
// their non-zero rows (wrowids.<name>, wrows.<name>), or in another file of the folder that metadata weights names.
func FromGolden(t testing.TB, path string) weights.Source {
	t.Helper()
	f := Open(t, path)
	meta := f.Metadata()
	switch kind := meta["weights"]; {
	case kind == "generated-v1":
		return generatedFrom(t, path, meta)
	case kind != "" && kind != "stored":
		if filepath.Base(kind) != kind {
			t.Fatalf("%s: weights in %q", path, kind)
		}
		if filepath.Ext(kind) == "" {
			kind += ".safetensors"
		}
		return FromGolden(t, filepath.Join(filepath.Dir(path), kind))
	}
	return stored(t, f)
}

func generatedFrom(t testing.TB, path string, meta map[string]string) weights.Source {
	t.Helper()
	seed, err := strconv.ParseInt(meta["seed"], 10, 64)
	if err != nil {
		t.Fatalf("%s: seed: %v", path, err)
	}
	g, err := Generate(uint64(seed), []byte(meta["weights_spec"]))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var check map[string][2]float32
	if err := json.Unmarshal([]byte(meta["weights_check"]), &check); err != nil {
		t.Fatalf("%s: weights_check: %v", path, err)
	}
	for name, want := range check {
		w, ok := g.Tensor(name)
		if !ok {
			t.Fatalf("%s: weights_check of %q, which the recipe lacks", path, name)
		}
		data := w.F32()
		if got := [2]float32{data[0], data[len(data)-1]}; got != want {
			t.Fatalf("%s: generated %s begins and ends with %v, want %v", path, name, got, want)
		}
	}
	return g
}

func stored(t testing.TB, f *weights.File) weights.Source {
	t.Helper()
	direct := weights.Rename(f, func(old string) (string, bool) { return strings.CutPrefix(old, "w.") })
	tables := weights.Map{}
	for _, name := range f.Names() {
		if key, ok := strings.CutPrefix(name, "wrows."); ok {
			tables[key] = table(t, f, key)
		}
	}
	if len(tables) == 0 {
		return direct
	}
	return joined{direct, tables}
}

// table puts the non-zero rows of a vocabulary table in their places.
func table(t testing.TB, f *weights.File, key string) *tensor.Tensor {
	t.Helper()
	rows, _ := f.Tensor("wrows." + key)
	ids, ok := f.Tensor("wrowids." + key)
	if !ok {
		t.Fatalf("%s: wrows.%s has no wrowids", f.Path(), key)
	}
	text, ok := f.Metadata()["rows."+key]
	for name := key; !ok && strings.Contains(name, "."); { // written without the file's key_prefix
		_, name, _ = strings.Cut(name, ".")
		text, ok = f.Metadata()["rows."+name]
	}
	var shape tensor.Shape
	if err := json.Unmarshal([]byte(text), &shape); err != nil {
		t.Fatalf("%s: rows.%s: %v", f.Path(), key, err)
	}
	out := tensor.New(tensor.F32, shape...)
	width := shape.Last()
	for i, id := range ids.Clone().I64() {
		copy(out.F32()[int(id)*width:][:width], rows.Clone().F32()[i*width:])
	}
	return out
}

// joined is two sources as one; the first wins.
type joined [2]weights.Source

func (j joined) Names() []string {
	all := append(slices.Clone(j[0].Names()), j[1].Names()...)
	slices.Sort(all)
	return slices.Compact(all)
}

func (j joined) Tensor(name string) (*tensor.Tensor, bool) {
	if t, ok := j[0].Tensor(name); ok {
		return t, true
	}
	return j[1].Tensor(name)
}
