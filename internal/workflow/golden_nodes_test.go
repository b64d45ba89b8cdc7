package workflow

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/golden"
)

// goldenWidget is a widget of node_widgets.json.gz.
type goldenWidget struct {
	Name     string
	Type     string
	Value    any
	InFile   *bool `json:"in_file"`
	InPrompt *bool `json:"in_prompt"`
	Special  bool
}

type goldenNode struct {
	Title   string
	Widgets []goldenWidget
	Inputs  [][3]any
	Outputs [][2]string
}

// TestGoldenNodeWidgets compares fresh nodes of all types: title, widgets in order, slots, outputs. Values of combos that list
// files depend on the disk and are recorded as null here, since the list is empty.
func TestGoldenNodeWidgets(t *testing.T) {
	types := goldenTypes(t, nil)
	var nodes map[string]goldenNode
	if err := json.Unmarshal(unzip(t, filepath.Join(golden.Dir(t, "workflows"), "node_widgets.json.gz")), &nodes); err != nil {
		t.Fatal(err)
	}
	for name, want := range nodes {
		t.Run(name, func(t *testing.T) {
			def := types.get(name)
			if def == nil {
				t.Fatal("object_info lacks this type")
			}
			if d := cmp.Diff(want, describe(t, newNode(def), want)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// describe writes a node the way the golden has it; computed values and those of file lists are taken over from it.
func describe(t *testing.T, n *node, want goldenNode) goldenNode {
	got := goldenNode{Title: n.title, Widgets: []goldenWidget{}, Inputs: [][3]any{}, Outputs: [][2]string{}}
	no := false
	for i, w := range n.widgets {
		g := goldenWidget{Name: w.name, Type: w.typ}
		if !w.unset {
			g.Value = decode(t, appendJSON(nil, w.value))
		}
		if !w.inFile {
			g.InFile = &no
		}
		if !w.inPrompt {
			g.InPrompt = &no
		}
		if i < len(want.Widgets) {
			if g.Special = want.Widgets[i].Special; g.Special || listsFiles(w) {
				g.Value = want.Widgets[i].Value
			}
		}
		got.Widgets = append(got.Widgets, g)
	}
	for _, s := range n.inputs {
		slot := [3]any{s.name, s.typ, nil}
		if s.widget != "" {
			slot[2] = s.widget
		}
		got.Inputs = append(got.Inputs, slot)
	}
	for _, o := range n.outputs {
		got.Outputs = append(got.Outputs, [2]string{o.name, o.typ})
	}
	return got
}

// listsFiles reports whether a combo's choices came from the disk: without it, they are none or the fixed ones only.
func listsFiles(w *widget) bool {
	return w.typ == "combo" && w.in != nil && w.options == nil && len(w.choices) == 0 && !strings.Contains(w.name, ".")
}
