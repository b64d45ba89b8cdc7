package server

import (
	"net/http"
	"regexp"
	"strings"
)

// assetPaths are what lies below /api/assets, by method. Anything else is no route.
var assetPaths = map[string]*regexp.Regexp{
	"GET":    regexp.MustCompile(`^(` + uuidForm + `(/content)?|tags/refine|seed/status)$`),
	"HEAD":   regexp.MustCompile(`^(hash/[^/]+|` + uuidForm + `(/content)?|tags/refine|seed/status)$`),
	"PUT":    regexp.MustCompile(`^` + uuidForm + `$`),
	"DELETE": regexp.MustCompile(`^` + uuidForm + `(/tags)?$`),
	"POST":   regexp.MustCompile(`^(` + uuidForm + `/tags|from-hash|seed|seed/cancel|prune)$`),
}

const uuidForm = `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`

// assets answers all asset routes. Compat: without a catalogue they say that it is off, which is what clients ask about first.
func (s *Server) assets(w http.ResponseWriter, r *http.Request, p params) error {
	rest := strings.TrimPrefix(p.ps.ByName("rest"), "/")
	if rest != "" || strings.HasSuffix(r.URL.Path, "/") {
		if form := assetPaths[r.Method]; form == nil || !form.MatchString(rest) {
			return s.noAssetRoute(w, r, rest)
		}
	}
	if s.c.Assets != nil {
		return s.answerAsset(w, r, s.asset(w, r, rest))
	}
	writeDoc(w, http.StatusServiceUnavailable, object("error", object("code", "SERVICE_DISABLED",
		"message", "Assets system is disabled. Start the server with --enable-assets to use this feature.", "details", object())))
	return nil
}

// noAssetRoute answers below /api/assets what any path without a route gets.
func (s *Server) noAssetRoute(w http.ResponseWriter, r *http.Request, rest string) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		s.webRoot(w, r)
		return nil
	}
	w.Header().Set("Allow", strings.Join(assetMethods(rest), ","))
	raise(w, http.StatusMethodNotAllowed)
	return nil
}

// assetMethods are the methods that a path below /api/assets takes, those of the client's files among them.
func assetMethods(rest string) []string {
	allow := []string{}
	for _, m := range []string{"DELETE", "GET", "HEAD", "POST", "PUT"} {
		if m == "GET" || m == "HEAD" || assetPaths[m].MatchString(rest) {
			allow = append(allow, m)
		}
	}
	return allow
}
