package server

import (
	"net/http"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// shownPath is a route's path as clients know it.
func (t route) shownPath() string {
	if t.as != "" {
		return t.as
	}
	return t.path
}

// braces writes a router's path as OpenAPI does: {name} for :name and *name.
func braces(p string) (path string, names []string) {
	parts := strings.Split(p, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") || strings.HasPrefix(part, "*") {
			names = append(names, part[1:])
			parts[i] = "{" + part[1:] + "}"
		}
	}
	return strings.Join(parts, "/"), names
}

// OpenAPI describes the API as OpenAPI 3.1, from the table of routes.
func (s *Server) OpenAPI() []byte {
	paths := &doc.Object{}
	tag := ""
	for _, t := range s.rows {
		if t.do == nil {
			tag = t.path
		}
		if t.help == "" {
			continue
		}
		p, names := braces(t.shownPath())
		item, _ := paths.Get(p)
		entry, ok := item.(*doc.Object)
		if !ok {
			entry = &doc.Object{}
			paths.Set(p, entry)
		}
		parameters := []any{}
		for _, n := range names {
			parameters = append(parameters, object("name", n, "in", "path", "required", true, "schema", object("type", "string")))
		}
		op := object("operationId", operationID(t.method, p), "tags", []string{tag}, "summary", t.help, "parameters", parameters,
			"responses", object("default", object("description", "See the page of the API.")))
		if t.alias {
			op.Set("description", "Also under /api"+p+".")
		}
		entry.Set(strings.ToLower(t.method), op)
	}
	return spaced(doc.Encode(object("openapi", "3.1.0",
		"info", object("title", "Cocoon", "version", s.c.Version, "description", "ComfyUI's API and a few routes of Cocoon's own."),
		"paths", paths)))
}

func operationID(method, p string) string {
	return strings.ToLower(method) + strings.NewReplacer("/", "_", "{", "", "}", "", ".", "_").Replace(p)
}

// openAPI is GET /openapi.json.
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request, _ params) error {
	rawJSON(w, 200, s.OpenAPI())
	return nil
}

// Line is a route as the documentation shows it. A line without a method is a heading, whose name is Path.
type Line struct {
	Method, Path, Help string
	Alias              bool // also under /api
}

// Lines lists the API in the order of its table, without routes that need no words.
func Lines() []Line {
	var lines []Line
	for _, t := range (&Server{}).table() {
		switch {
		case t.do == nil:
			lines = append(lines, Line{Path: t.path})
		case t.help != "":
			p, _ := braces(t.shownPath())
			lines = append(lines, Line{t.method, p, t.help, t.alias})
		}
	}
	return lines
}
