package workflow

import (
	"errors"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// TestGoldenAPI opens prompts as files and converts them back.
func TestGoldenAPI(t *testing.T) {
	types := goldenTypes(t, nil)
	forCases(t, "api", func(t *testing.T, c *object) {
		canvas, err := LoadPrompt(t.Context(), appendJSON(nil, c.get("file")), types, fixedOptions())
		if err != nil {
			t.Fatal(err)
		}
		got, err := canvas.Prompt(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkPrompt(t, got, appendJSON(nil, c.get("prompt")))
	})
}

// TestGoldenA1111 imports the text of A1111's pictures.
func TestGoldenA1111(t *testing.T) {
	types := goldenTypes(t, goldenFiles)
	forCases(t, "a1111", func(t *testing.T, c *object) {
		canvas, err := LoadParameters(c.text("parameters"), types, fixedOptions())
		if outcome := c.text("outcome"); outcome != "imported" {
			if !errors.Is(err, fault.BadFile) {
				t.Fatalf("outcome %q: got %v, want a fault of the file", outcome, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := canvas.Prompt(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkPrompt(t, got, appendJSON(nil, c.get("prompt")))
	})
}
