package workflow

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGoldenQueue presses Run three times: the prompt is built first, then values with a control move on.
func TestGoldenQueue(t *testing.T) {
	types := goldenTypes(t, nil)
	forCases(t, "queue", func(t *testing.T, c *object) {
		canvas, err := LoadWorkflow(t.Context(), appendJSON(nil, c.get("workflow")), types, fixedOptions())
		if err != nil {
			t.Fatal(err)
		}
		embedded := c.array("embedded_widgets_values")
		for i, want := range c.array("prompts") {
			got, err := canvas.Prompt(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			checkPrompt(t, got, appendJSON(nil, want))
			values := canvas.Values()
			for id, list := range embedded[i].(*object).vals {
				if d := cmp.Diff(decode(t, appendJSON(nil, list)), decode(t, values[id])); d != "" {
					t.Errorf("press %d: values of node %s (-want +got):\n%s", i+1, id, d)
				}
			}
			canvas.Advance()
		}
	})
}
