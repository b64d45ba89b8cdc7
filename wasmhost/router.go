package wasmhost

import (
	"net/url"
	"slices"
	"strings"
)

// route is one of an extension's routes: a method and segments, of which those with a colon match anything.
type route struct {
	pattern  string
	method   string
	segments []string
}

// router finds the route of a request. It works on escaped paths, so that an escaped slash is part of a parameter.
type router struct{ routes []route }

// newRouter takes the routes that are described and granted.
func newRouter(described, granted []string) *router {
	r := &router{}
	for _, p := range described {
		if !slices.Contains(granted, p) {
			continue
		}
		method, path, err := splitRoute(p)
		if err != nil {
			continue // described routes were checked
		}
		r.routes = append(r.routes, route{p, method, strings.Split(path[1:], "/")})
	}
	return r
}

// find gives the route and its parameters. A route with fewer parameters goes first. Without one, allow lists the methods
// under which the path is known.
func (r *router) find(method, escaped string) (best *route, params map[string]string, allow []string) {
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

func (x *route) match(segments []string) (map[string]string, bool) {
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
