package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/cocoonhq/cocoon/server"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// printContents says what a package brings for clients beside its nodes, and what of it they will not be shown.
func printContents(w io.Writer, p *pack.Package) {
	sizes := map[string]int64{}
	for _, name := range p.Names() {
		sizes[name] = p.Bytes(name)
	}
	b := server.ReviewExtension(p.Manifest.ID, sizes, p.File)
	for _, x := range []struct {
		what string
		list []string
	}{
		{"Translations", b.Languages}, {"Help", b.Help}, {"Workflows", b.Workflows}, {"Subgraphs", b.Subgraphs},
	} {
		if len(x.list) > 0 {
			fmt.Fprintf(w, "%s: %s\n", x.what, shortList(x.list))
		}
	}
	if _, there := sizes[pageFile]; there && p.Manifest.Capabilities.Web == "" {
		fmt.Fprintf(w, "Not shown: %s: manifest.json does not ask for \"web\": \"sandboxed\"\n", pageFile)
	}
	for _, left := range b.Left {
		fmt.Fprintf(w, "Not shown: %s\n", visible(left))
	}
}

// shortList joins names, up to ten.
func shortList(names []string) string {
	const most = 10
	for i := range names {
		names[i] = visible(names[i])
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
