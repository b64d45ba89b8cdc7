package server

import (
	"html/template"
	"net/http"
	"strings"
)

// apiTemplate is the API for people, from the same table as /openapi.json.
var apiTemplate = template.Must(template.New("api").Funcs(template.FuncMap{"lines": indentedLines}).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Cocoon's API</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0 }
code, pre { font-size: .9em; overflow-wrap: anywhere; white-space: pre-wrap }
pre { margin: .25rem 0 }
summary { cursor: pointer; opacity: .7 }
</style>
<h1>Cocoon's API</h1>
<p>ComfyUI's API and a few routes of Cocoon's own, the same as <a href="/openapi.json">OpenAPI 3.1</a> for programs.</p>
<p>Types are written as in <code>{a: string, b?: [int]}</code>: an object with a text a, and perhaps a list b of numbers. <code>{*: T}</code>
has any names, and names with a capital are <a href="#shapes">shapes</a>.</p>
{{range .Lines}}{{if .Method}}<tr><td>{{.Method}}<td><code>{{.Path}}</code><td>{{.Help}}
<details><summary>More</summary><pre>{{with .Op.Query}}Query
{{lines .}}{{end}}{{with .Op.Headers}}Headers
{{lines .}}{{end}}{{with .Op.Body}}Body
{{lines .}}{{end}}Answers
{{lines .Op.Answers}}</pre></details>{{else}}</table><h2>{{.Path}}</h2><table>{{end}}
{{end}}</table>
<h2 id="shapes">Shapes</h2>
<table>{{range $name, $shape := .Shapes}}<tr><td><code>{{$name}}</code><td><pre>{{lines $shape}}</pre>
{{end}}</table>
</html>
`))

// indentedLines is notation with each line set in.
func indentedLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		b.WriteString("  " + strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// apiPage is GET /cocoon/api.
func (s *Server) apiPage(w http.ResponseWriter, _ *http.Request, _ params) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	return apiTemplate.Execute(w, struct {
		Lines  []Line
		Shapes map[string]string
	}{Lines(), shapes})
}
