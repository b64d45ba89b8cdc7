// Command apidoc writes docs/api.md from the server's table of routes and the words in page.md.
package main

import (
	_ "embed"
	"fmt"
	"os"
	"strings"

	"github.com/cocoonhq/cocoon/server"
)

//go:embed page.md
var page string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: apidoc FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], []byte(strings.Replace(page, "<!-- routes -->\n", routes(), 1)), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "apidoc:", err)
		os.Exit(1)
	}
}

func routes() string {
	var b strings.Builder
	for _, l := range server.Lines() {
		if l.Method == "" {
			fmt.Fprintf(&b, "\n### %s\n\n| method | path | `/api` | |\n|---|---|---|---|\n", l.Path)
			continue
		}
		also := ""
		if l.Alias {
			also = "yes"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", l.Method, l.Path, also, strings.ReplaceAll(l.Help, "|", `\|`))
	}
	return b.String()
}
