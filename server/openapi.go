package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/server/reply"
	"github.com/cocoonhq/cocoon/server/spec"
	v2 "github.com/cocoonhq/cocoon/server/v2"
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

// described is the table of routes with those of version 2 of the API, if it is there.
func (s *Server) described() []route {
	rows := s.table()
	if s.c.Feed == nil {
		return rows
	}
	rows = append(rows, route{path: version2Heading})
	for _, t := range v2.Routes() {
		rows = append(rows, route{method: t.Method, path: strings.NewReplacer("{", ":", "}", "").Replace(t.Path), help: t.Help})
	}
	return rows
}

// version2Heading stands over the routes of version 2.
const version2Heading = "Version 2"

// OpenAPI describes the API as OpenAPI 3.1, from the table of routes.
func (s *Server) OpenAPI() []byte {
	paths := &doc.Object{}
	tag := ""
	for _, t := range s.described() {
		if t.method == "" {
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
		op := doc.Of("operationId", operationID(t.method, p), "tags", []string{tag}, "summary", t.help)
		if err := operations[t.method+" "+p].Write(op, names); err != nil {
			panic(err) // the table is ours
		}
		if t.alias {
			op.Set("description", "Also under /api"+p+".")
		}
		s.secure(op, t)
		entry.Set(strings.ToLower(t.method), op)
	}
	all := doc.Of("openapi", "3.1.0",
		"info", doc.Of("title", "Cocoon", "version", s.c.Version, "description", "ComfyUI's API and a few routes of Cocoon's own."),
		"paths", paths)
	components := doc.Of("schemas", schemas())
	all.Set("components", components)
	if s.c.Auth != nil {
		ways := s.waysIn()
		components.Set("securitySchemes", ways)
		security := []any{}
		for _, name := range ways.Keys() {
			security = append(security, doc.Of(name, []any{}))
		}
		all.Set("security", security)
	}
	return reply.Spaced(doc.Encode(all))
}

// schemas are the shapes that have names, by these in order.
func schemas() *doc.Object {
	all := &doc.Object{}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		s, err := spec.Schema(shapes[name])
		if err != nil {
			panic(err) // the table is ours
		}
		all.Set(name, s)
	}
	return all
}

// waysIn are the ways in which a request brings its key, as OpenAPI writes them.
func (s *Server) waysIn() *doc.Object {
	ways := doc.Of("bearer", doc.Of("type", "http", "scheme", "bearer", "description", "The key, made by: cocoon key new."),
		"header", doc.Of("type", "apiKey", "in", "header", "name", "X-API-Key", "description", "The same key."))
	if s.c.CORS == "" {
		ways.Set("basic", doc.Of("type", "http", "scheme", "basic", "description", "The same key as the password, for browsers; any name."))
	}
	ways.Set("socket", doc.Of("type", "apiKey", "in", "query", "name", "token", "description", "The same key, for WebSockets alone."))
	return ways
}

// secure tells what a route needs of those who ask, on a server with keys.
func (s *Server) secure(op *doc.Object, t route) {
	switch {
	case s.c.Auth == nil:
	case unguarded(t.path):
		op.Set("security", []any{})
	default:
		op.Set("x-needs", needOf(t).String())
	}
}

func operationID(method, p string) string {
	return strings.ToLower(method) + strings.NewReplacer("/", "_", "{", "", "}", "", ".", "_").Replace(p)
}

// openAPI is GET /openapi.json.
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request, _ params) error {
	reply.Raw(w, 200, s.OpenAPI())
	return nil
}

// Line is a route as the documentation shows it. A line without a method is a heading, whose name is Path.
type Line struct {
	Method, Path, Help string
	Alias              bool // also under /api
	Op                 spec.Op
}

// Lines lists the API in the order of its table, without routes that need no words.
func Lines() []Line {
	var lines []Line
	for _, t := range (&Server{c: Config{Feed: &v2.Feed{}}}).described() {
		switch {
		case t.method == "":
			lines = append(lines, Line{Path: t.path})
		case t.help != "":
			p, _ := braces(t.shownPath())
			lines = append(lines, Line{t.method, p, t.help, t.alias, operations[t.method+" "+p]})
		}
	}
	return lines
}
