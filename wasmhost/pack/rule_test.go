package pack

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func TestRules(t *testing.T) {
	g := Grant{HTTP: []HTTPRule{{Rule: "GET https://api.acme.dev/v1/*"}, {Rule: "POST https://api.acme.dev:8443/x"}}}
	for _, row := range []struct {
		method, address string
		want            bool
	}{
		{"GET", "https://api.acme.dev/v1/a?b=c", true}, {"GET", "https://API.acme.dev:443/v1/a", true}, {"POST", "https://api.acme.dev:8443/x", true},
		{"POST", "https://api.acme.dev/v1/a", false}, {"GET", "http://api.acme.dev/v1/a", false}, {"GET", "https://api.acme.dev/v2", false},
		{"GET", "https://api.acme.dev/v1/../v2", false}, {"GET", "https://api.acme.dev/v1/%2e%2e/v2", false}, {"GET", "https://api.acme.dev/v1/a%2fb", false},
		{"GET", "https://api.acme.dev.evil.com/v1/a", false}, {"GET", "https://api.acme.dev@evil.com/v1/a", false}, {"GET", "https://u:p@api.acme.dev/v1/a", false},
		{"POST", "https://api.acme.dev:8443/xy", false}, {"GET", "https://api.acme.dev:444/v1/a", false},
	} {
		u, err := url.Parse(row.address)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := g.Permitted(row.method, u); got != row.want {
			t.Errorf("%s %s: %v", row.method, row.address, got)
		}
	}
}

// TestRuleHosts: a rule names one host in its usual form, so that who grants it sees where requests go.
func TestRuleHosts(t *testing.T) {
	for host, good := range map[string]bool{
		"api.acme.dev": true, "API.acme.dev": true, "a-b.c_d.dev": true, "xn--bcher-kva.example": true, "localhost": true, "api.acme.dev:8443": true,
		"93.184.216.34": true, "127.0.0.1:8188": true, "[2606:2800:220:1::1]": true, "[::1]:80": true, "1e100.net": true, "0x.dev": true,
		"2130706433": false, "0x7f000001": false, "0x7f.1": false, "127.1": false, "0177.0.0.1": false, "017700000001": false, "127.0.0.1.": false, "1.2.3.4.5": false,
		"127.0.0.0x1": false, "a.0x": false, "256.1.1.1": false, "127.0.0.01": false,
		"api.acme.dev.": false, ".acme.dev": false, "a..dev": false, ".": false, "acme": true,
		"１２７.0.0.1": false, "ａcme.dev": false, "bücher.example": false, "a。dev": false, "acme.dev\u200b": false,
		"[fe80::1%25eth0]": false, "[::ffff:127.0.0.1]": false, "[0:0:0:0:0:0:0:1]": false, "[::1": false, "[v1.x]": false,
		"u@acme.dev": false, "u:p@acme.dev": false, "@acme.dev": false, "*.acme.dev": false, "acme.dev:": false, "acme.dev:0443": false, "acme.dev:0": false, "acme.dev:99999": false,
		"a b.dev": false, "a%2eb": false, strings.Repeat("a", 64) + ".dev": false, strings.Repeat("a.", 127) + "dev": false, "-a.dev": false, "a-.dev": false, "": false,
	} {
		_, err := parseRule("GET https://" + host + "/x")
		if (err == nil) != good || err != nil && fault.CodeOf(err) != fault.BadFile {
			t.Errorf("%q: %v", host, err)
		}
	}
}

// FuzzRule: what a rule allows has its method, scheme, host and port, and stands below its path.
func FuzzRule(f *testing.F) {
	f.Add("GET https://api.acme.dev/v1/*", "GET", "https://api.acme.dev/v1/../v2")
	f.Add("POST http://127.0.0.1:80/x", "POST", "http://0x7f.1/x")
	f.Fuzz(func(t *testing.T, text, method, address string) {
		r, err := parseRule(text)
		u, err2 := url.Parse(address)
		if err != nil || err2 != nil || !r.allows(method, u) {
			return
		}
		again, err := url.Parse(u.String()) // as it is sent
		if err != nil || !r.allows(method, again) || method != r.method || u.Scheme != r.scheme || !strings.EqualFold(u.Hostname(), r.host) || u.User != nil ||
			!strings.HasPrefix(u.EscapedPath()+"/", r.path) || strings.Contains(u.Path, "/../") {
			t.Errorf("%q allows %s %q", text, method, address)
		}
	})
}
