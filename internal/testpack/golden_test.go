package testpack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/google/go-cmp/cmp"
)

// TestGoldenObjectInfo compares the descriptions of the reference's test pack with the recorded ones.
func TestGoldenObjectInfo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(golden.Dir(t, "nodes"), "testing_pack.object_info.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	reg, err := node.NewRegistry(Upstream()...)
	if err != nil {
		t.Fatal(err)
	}
	for class := range want {
		t.Run(class, func(t *testing.T) {
			var got map[string]map[string]any
			if err := json.Unmarshal(node.ObjectInfoOf(t.Context(), reg, class), &got); err != nil {
				t.Fatal(err)
			}
			info := got[class]
			if info == nil {
				t.Fatal("no such node")
			}
			prune(info)
			tips(info)
			if d := cmp.Diff(want[class], info); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// prune removes prose, as the recording does.
func prune(v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, k := range []string{"description", "tooltip", "placeholder"} {
			delete(x, k)
		}
		for _, e := range x {
			prune(e)
		}
	case []any:
		for _, e := range x {
			prune(e)
		}
	}
}

func tips(info map[string]any) {
	list, ok := info["output_tooltips"].([]any)
	delete(info, "output_tooltips")
	if !ok {
		info["has_output_tooltips"] = nil
		return
	}
	has := make([]any, len(list))
	for i, t := range list {
		has[i] = t != nil
	}
	info["has_output_tooltips"] = has
}
