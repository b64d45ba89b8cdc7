package workflow

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/golden"
)

// TestGoldenFiles drops every recorded file: what was read from it, and the nodes on the canvas after.
func TestGoldenFiles(t *testing.T) {
	types := goldenTypes(t, goldenFiles)
	dir := golden.Dir(t, "workflows")
	list, err := os.ReadFile(filepath.Join(dir, "files.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseJSON(string(list), true)
	if err != nil {
		t.Fatal(err)
	}
	files := v.(*object)
	for _, name := range files.keys {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, "files", name))
			if err != nil {
				t.Fatal(err)
			}
			want := files.object(name)
			o, err := Open(t.Context(), name, data, types, fixedOptions())
			if want.has("read_error") {
				return // the client never answers; we may read it
			}
			if d := cmp.Diff(wantRead(want), gotRead(name, data)); d != "" {
				t.Errorf("read (-want +got):\n%s", d)
			}
			got := []any{}
			if err == nil {
				for _, n := range o.Canvas.root.nodes {
					got = append(got, n.typ)
				}
			}
			if d := cmp.Diff(want.array("graph"), got); d != "" {
				t.Errorf("nodes (-want +got), error %v:\n%s", err, d)
			}
		})
	}
}

func wantRead(want *object) map[string]string {
	read := want.object("read")
	if read == nil {
		return nil
	}
	m := map[string]string{}
	for _, k := range read.keys {
		m[k] = read.text(k)
	}
	return m
}

// gotRead tells the kind of each entry: a text still to parse, or the kind of JSON.
func gotRead(name string, data []byte) map[string]string {
	found := readMetadata(name, data)
	if !found.read {
		return nil
	}
	m := map[string]string{}
	for k, e := range found.entries {
		m[k] = "text"
		if e.parsed {
			if m[k] = "object"; e.text[0] == '[' {
				m[k] = "array"
			}
		}
	}
	return m
}
