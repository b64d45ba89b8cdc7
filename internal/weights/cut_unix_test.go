//go:build unix

package weights_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// TestCutInUse cuts a file whose tensors a compiled program reads, as "cp new.safetensors old.safetensors" does.
func TestCutInUse(t *testing.T) {
	const n = 256 // width of a linear layer
	path := filepath.Join(t.TempDir(), "w.safetensors")
	data := file(`{"w":{"dtype":"F16","shape":[256,256],"data_offsets":[0,131072]}}`, make([]byte, 2*n*n)...)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, _ := f.Tensor("w")
	b := cpu.New(cpu.Options{Threads: 2})
	defer b.Close()
	g := tensor.NewGraph()
	x := g.Input("x", tensor.F32, 64, n)
	g.Output(g.Linear(x, g.Weight(w), tensor.None))
	exe, err := b.Compile(g.Program())
	if err != nil {
		t.Fatal(err)
	}
	in := tensor.New(tensor.F32, 64, n)
	if _, err := exe.Run(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := exe.Run(t.Context(), in); !errors.Is(err, fault.BadFile) || !strings.Contains(err.Error(), "overwritten") {
			t.Errorf("error %v, want bad_file", err)
		}
	}
	if err := tensor.Guard(func() error { _ = w.Clone(); return nil }); !errors.Is(err, fault.BadFile) {
		t.Errorf("error of a plain read %v, want bad_file", err)
	}
}
