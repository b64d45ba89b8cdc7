package server

import (
	"html/template"
	"net/http"
)

// apiTemplate is the API for people, from the same table as /openapi.json.
var apiTemplate = template.Must(template.New("api").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Cocoon's API</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0 }
code { font-size: .9em; overflow-wrap: anywhere }
</style>
<h1>Cocoon's API</h1>
<p>ComfyUI's API and a few routes of Cocoon's own, the same as <a href="/openapi.json">OpenAPI 3.1</a> for programs.</p>
{{range .}}{{if .Method}}<tr><td>{{.Method}}<td><code>{{.Path}}</code><td>{{.Help}}{{else}}</table><h2>{{.Path}}</h2><table>{{end}}
{{end}}</table>
</html>
`))

// apiPage is GET /cocoon/api.
func (s *Server) apiPage(w http.ResponseWriter, _ *http.Request, _ params) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	return apiTemplate.Execute(w, Lines())
}
