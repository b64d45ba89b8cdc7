package vae

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/internal/golden"
)

// TestGoldenDiffusers renames every tensor of a diffusers file as recorded.
func TestGoldenDiffusers(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(golden.Dir(t, "models/keymaps-unet"), "vae-diffusers-to-ldm.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for old, v := range all {
		want, ok := v.(string)
		if list, pair := v.([]any); pair { // [name, what happens to its shape]
			want, ok = list[0].(string)
		}
		if got := plainName(old, 3); !ok || got != want {
			t.Errorf("%s: %s, want %v", old, got, v)
		}
	}
}
