package pack

import (
	"net/url"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// rule is an HTTPRule taken apart.
type rule struct {
	method, scheme, host, port, path string
	wild                             bool // the path is a prefix
}

// parseRule reads "GET https://api.acme.dev/v1/*". A path may end in *; hosts are exact, and
// written in their usual form.
func parseRule(s string) (rule, error) {
	bad := fault.New(fault.BadFile, "%q is no rule of the form GET https://host/path*", s)
	method, address, ok := strings.Cut(s, " ")
	u, err := url.Parse(address)
	if !ok || err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return rule{}, bad
	}
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, method) || !plainHost(u) {
		return rule{}, bad
	}
	path, wild := strings.CutSuffix(u.EscapedPath(), "*")
	if strings.Contains(path, "*") {
		return rule{}, bad
	}
	return rule{method, u.Scheme, strings.ToLower(u.Hostname()), portOf(u), path, wild}, nil
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// allows reports whether a request fits. Paths with dots or escaped separators never do.
func (r rule) allows(method string, u *url.URL) bool {
	path := u.EscapedPath()
	lower := strings.ToLower(path)
	if strings.Contains(path, "//") || strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") || strings.Contains(lower, "%2e") || strings.Contains(path, "\\") {
		return false
	}
	for _, seg := range strings.Split(path, "/") {
		if seg == "." || seg == ".." {
			return false
		}
	}
	if method != r.method || u.Scheme != r.scheme || strings.ToLower(u.Hostname()) != r.host || portOf(u) != r.port || u.User != nil {
		return false
	}
	if path == "" {
		path = "/"
	}
	return path == r.path || r.wild && strings.HasPrefix(path, r.path)
}

// Permitted finds the rule of a request.
func (g *Grant) Permitted(method string, u *url.URL) (HTTPRule, bool) {
	for _, h := range g.HTTP {
		if r, err := parseRule(h.Rule); err == nil && r.allows(method, u) {
			return h, true
		}
	}
	return HTTPRule{}, false
}
