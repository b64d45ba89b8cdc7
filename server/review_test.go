package server

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReviewExtension(t *testing.T) {
	files := lens("1")
	for name, text := range map[string]string{
		"locales/fr/nodeDefs.json": `{"Lens": {"display_name": "<b>x", "color": "y"}}`, "locales/es/commands.json": `{"Comfy_Run": {"label": "x"}}`, "locales/it/main.json": "{",
		"docs/Html.md": "<b>x</b>", "docs/x.js": "1", "workflows/none.json": "1", "subgraphs/empty.json": "{}", "subgraphs/read.me": "x",
	} {
		files[name] = text
	}
	sizes := map[string]int64{}
	for name, text := range files {
		sizes[name] = int64(len(text))
	}
	got := ReviewExtension("acme.lens", sizes, func(name string) ([]byte, error) { return []byte(files[name]), nil })
	left := strings.Join(got.Left, "\n")
	got.Left = nil
	want := Brought{Languages: []string{"de"}, Help: []string{"Html.md", "Lens.md", "Lens/de.md"}, Workflows: []string{"Bend light"}, Subgraphs: []string{"blur"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	for _, part := range []string{"fr/nodeDefs.json: Lens: display_name has the start of a tag", "fr/nodeDefs.json: Lens: color is none", "es/commands.json: Comfy_Run is none", "it/main.json: ",
		"docs/Html.md has HTML", "docs/x.js is neither", "workflows/none.json: ", "subgraphs/empty.json: ", "subgraphs/read.me is no .json"} {
		if !strings.Contains(left, part) {
			t.Errorf("it does not tell of %q:\n%s", part, left)
		}
	}
}
