package route

import (
	"net/url"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// Route is one of an extension's routes: a method and segments, of which those with a colon match anything.
type Route struct {
	Pattern  string // as it was described
	method   string
	segments []string
}

// Router finds the route of a request. It works on escaped paths, so that an escaped slash is part of a parameter.
type Router struct{ routes []Route }

// New takes the routes that are described and granted.
func New(described, granted []string) *Router {
	r := &Router{}
	for _, p := range described {
		if !slices.Contains(granted, p) {
			continue
		}
		method, path, err := pack.SplitRoute(p)
		if err != nil {
			continue // described routes were checked
		}
		r.routes = append(r.routes, Route{p, method, strings.Split(path[1:], "/")})
	}
	return r
}

// Empty reports whether there is no route.
func (r *Router) Empty() bool { return len(r.routes) == 0 }

// Find gives the route and its parameters. A route with fewer parameters goes first. Without one, allow lists the methods
// under which the path is known.
func (r *Router) Find(method, escaped string) (best *Route, params map[string]string, allow []string) {
	segments := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i := range r.routes {
		x := &r.routes[i]
		got, ok := x.match(segments)
		switch {
		case !ok:
		case x.method != method && !(method == "HEAD" && x.method == "GET"):
			if allow = append(allow, x.method); x.method == "GET" {
				allow = append(allow, "HEAD")
			}
		case best == nil || len(got) < len(params):
			best, params = x, got
		}
	}
	if best != nil {
		return best, params, nil
	}
	slices.Sort(allow)
	return nil, nil, slices.Compact(allow)
}

func (x *Route) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(x.segments) {
		return nil, false
	}
	params := map[string]string{}
	for i, want := range x.segments {
		got, err := url.PathUnescape(segments[i])
		if err != nil {
			return nil, false
		}
		if name, ok := strings.CutPrefix(want, ":"); ok && got != "" {
			params[name] = got
		} else if got != want {
			return nil, false
		}
	}
	return params, true
}

// Clashes finds a route that could be asked for by a path that other answers as well.
func (r *Router) Clashes(other *Router) (string, bool) {
	for i := range r.routes {
		for j := range other.routes {
			if a, b := &r.routes[i], &other.routes[j]; a.method == b.method && overlap(a.segments, b.segments) {
				return a.Pattern, true
			}
		}
	}
	return "", false
}

func overlap(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], ":") && !strings.HasPrefix(b[i], ":") {
			return false
		}
	}
	return true
}
