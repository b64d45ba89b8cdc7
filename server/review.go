package server

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Brought is what a package brings for clients beside nodes, routes and pages, by the names that they show.
type Brought struct {
	Languages, Help, Workflows, Subgraphs []string
	// Left says what of it is not shown, or not as it is, and why; at most maxLeft.
	Left []string
}

const maxLeft = 50

// ReviewExtension looks at the files of a package as a server will that runs it. Which classes it has is not known: words about
// any are taken to be of its own.
func ReviewExtension(id string, files map[string]int64, read func(name string) ([]byte, error)) Brought {
	v := review{b: &bundle{ExtensionContent: ExtensionContent{ID: id, Files: files, Read: read}}}
	v.words()
	for name, n := range files {
		if dir, _, _ := strings.Cut(name, "/"); dir == "docs" {
			v.page(name, n)
		}
	}
	names, templates := v.b.examples()
	for _, name := range names {
		v.graph(&v.out.Workflows, name, templates[name], func(text []byte) error {
			_, err := graphOf(text)
			return err
		})
	}
	for _, file := range v.b.in("subgraphs") {
		if name, ok := strings.CutSuffix(file, ".json"); ok && files["subgraphs/"+file] <= maxSubgraphFile {
			v.graph(&v.out.Subgraphs, name, "subgraphs/"+file, checkSubgraph)
		} else {
			v.tell("subgraphs/%s is no .json, or has more than %d KiB", file, maxSubgraphFile>>10)
		}
	}
	slices.Sort(v.out.Help)
	slices.Sort(v.out.Left)
	return v.out
}

type review struct {
	b   *bundle
	out Brought
}

func (v *review) tell(format string, args ...any) {
	if len(v.out.Left) < maxLeft {
		v.out.Left = append(v.out.Left, fmt.Sprintf(format, args...))
	}
}

func (v *review) words() {
	all := func(string) bool { return true }
	o := owners{ids: []string{spelled(v.b.ID)}}
	x := extract{id: o.ids[0], left: maxWordBytes, class: all, category: all, name: func(key string) bool { return o.name(key) != "" },
		told: func(what string) { v.tell("%s", what) }}
	for _, l := range v.b.languages() {
		if x.language(l, v.b.Files, v.b.Read).Len() > 0 {
			v.out.Languages = append(v.out.Languages, l)
		}
	}
}

// page looks at a file of the help.
func (v *review) page(name string, n int64) {
	switch ending := strings.ToLower(path.Ext(name)); {
	case ending == ".md" && n <= maxHelp:
		v.out.Help = append(v.out.Help, strings.TrimPrefix(name, "docs/"))
		if text, err := v.b.Read(name); err == nil && tagOpens.Match(text) {
			v.tell("%s has HTML, which is shown as text", name)
		}
	case !slices.Contains(append([]string{".md"}, pictures...), ending):
		v.tell("%s is neither Markdown nor a picture", name)
	case ending == ".md" || n > maxHelpPicture:
		v.tell("%s has %d KiB: too much", name, n>>10)
	}
}

// graph looks at a workflow.
func (v *review) graph(into *[]string, name, file string, check func(text []byte) error) {
	text, err := v.b.Read(file)
	if err == nil {
		err = check(text)
	}
	if err != nil {
		v.tell("%s: %v", file, err)
		return
	}
	*into = append(*into, name)
}
