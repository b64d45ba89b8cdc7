package pack

import "testing"

func TestLegacyForms(t *testing.T) {
	for route, ok := range map[string]bool{
		"GET /mypack/list": true, "POST /my-pack/a/:b": true, "GET /impact/set/settings": true,
		"GET /mypack": false, "GET /": false, "GET /:a/list": false, "GET /api/list": false, "GET /ext/acme/list": false, "GET /Prompt/list": false,
		"GET /view/x": false, "GET /v2/userdata": false, "GET /cocoon/info": false, "GET /index.html/x": false, "GET /a/../b": false, "GET //a/b": false,
		"FETCH /mypack/list": false, "/mypack/list": false, "GET /a%2fb/list": false,
	} {
		if err := checkLegacy([]string{route}); (err == nil) != ok {
			t.Errorf("%q: %v", route, err)
		}
	}
}

// TestMoreThanUsual: what asks for more than the usual bytes is an ask of its own, and no grant exceeds what was asked for.
func TestMoreThanUsual(t *testing.T) {
	rule := HTTPRule{Rule: "GET https://a.dev/x", Bytes: 2 * DefaultBytes}
	c := Capabilities{RouteBytes: 4 * DefaultBytes, HTTP: []HTTPRule{rule}, Legacy: []string{"GET /mypack/list"}, Routes: []string{"GET /mypack/list"}}
	all := c.All()
	for _, x := range []struct {
		name  string
		grant Grant
		bytes int64
		rules int
		keys  int
	}{
		{"all", all, 4 * DefaultBytes, 1, 4},
		{"nothing", Grant{}, DefaultBytes, 0, 0},
		{"less", Grant{Modules: []string{"http"}, RouteBytes: DefaultBytes / 2, HTTP: []HTTPRule{{Rule: rule.Rule}}}, DefaultBytes / 2, 1, 0},
		{"more", Grant{Modules: []string{"http"}, RouteBytes: 8 * DefaultBytes, HTTP: []HTTPRule{{Rule: rule.Rule, Bytes: 4 * DefaultBytes}}}, 4 * DefaultBytes, 0, 1},
		{"by keys", c.Select([]string{"legacy:GET /mypack/list", "route_bytes"}), 4 * DefaultBytes, 0, 2},
	} {
		g := x.grant.Within(all)
		if g.BodyBytes() != x.bytes || len(g.HTTP) != x.rules || len(g.Keys(&c)) != x.keys {
			t.Errorf("%s: %d bytes, rules %v, keys %v", x.name, g.BodyBytes(), g.HTTP, g.Keys(&c))
		}
	}
	for _, bad := range []Capabilities{{RouteBytes: -1}, {RouteBytes: mostBytes + 1}, {HTTP: []HTTPRule{{Rule: rule.Rule, Bytes: -1}}}} {
		if bad.check() == nil {
			t.Errorf("%+v", bad)
		}
	}
}
