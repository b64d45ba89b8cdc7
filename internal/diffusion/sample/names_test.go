package sample_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/golden"
)

func TestGoldenNames(t *testing.T) {
	f, err := os.Open(filepath.Join(golden.Dir(t, "nodes"), "object_info.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]struct {
		Input struct{ Required map[string]json.RawMessage }
	}
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]string{"sampler_name": sample.SamplerNames(), "scheduler": sample.SchedulerNames()} {
		var port []json.RawMessage
		var want []string
		if err := json.Unmarshal(all["KSampler"].Input.Required[name], &port); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(port[0], &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestNamesExist(t *testing.T) {
	for _, name := range sample.SamplerNames() {
		if s, err := sample.SamplerByName(name); err != nil || s.Solve == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
