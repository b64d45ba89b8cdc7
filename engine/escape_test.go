package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/google/go-cmp/cmp"
)

// A link that cannot be followed breaks the reference's validation; what it says then is an answer clients know.
func TestLinksThatBreakValidation(t *testing.T) {
	for _, row := range []struct{ name, link, want string }{
		{"no such node", `["9", 0]`, "KeyError: '9'"},
		{"the node is a number", `[3, 0]`, "KeyError: 3"},
		{"the node is a list", `[["1"], 0]`, "TypeError: unhashable type: 'list'"},
		{"the node is an object", `[{"a": 1}, 0]`, "TypeError: unhashable type: 'dict'"},
		{"output beyond the last", `["2", 1]`, "IndexError: tuple index out of range"},
		{"output before the first", `["2", -2]`, "IndexError: tuple index out of range"},
		{"output is a float", `["2", 0.0]`, "TypeError: tuple indices must be integers or slices, not float"},
		{"output is a text", `["2", "0"]`, "TypeError: tuple indices must be integers or slices, not str"},
		{"output of the newer style, beyond the last", `["3", 2]`, "IndexError: list index out of range"},
		{"output of the newer style is null", `["3", null]`, "TypeError: list indices must be integers or slices, not NoneType"},
	} {
		t.Run(row.name, func(t *testing.T) {
			prompt := fmt.Sprintf(`{"1": {"class_type": "GoldenEcho", "inputs": {"value": %s}}, "2": {"class_type": "StubInt", "inputs": {"value": 1}},
				"3": {"class_type": "GoldenV3", "inputs": {}}}`, row.link)
			_, err := start(t).engine.Submit(t.Context(), engine.Submission{Prompt: []byte(prompt)})
			var p *engine.PromptError
			if !errors.As(err, &p) || p.NodeErrors[0].Node != "1" {
				t.Fatalf("error %v, want one of node 1", err)
			}
			x := p.NodeErrors[0].Errors[0]
			kind, _ := x.ExtraInfo.(*doc.Object).Get("exception_type")
			if d := cmp.Diff(row.want, fmt.Sprint(kind, ": ", x.Details)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}
