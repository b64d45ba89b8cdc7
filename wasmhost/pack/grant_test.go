package pack

import (
	"math/rand/v2"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuotaWithinAsked(t *testing.T) {
	for _, x := range []struct {
		name           string
		granted, asked *KVCap // nil without the capability
		want           KVCap
	}{
		{"as asked", &KVCap{Bytes: 4096, Keys: 10}, &KVCap{Bytes: 4096, Keys: 10}, KVCap{4096, 10}},
		{"less", &KVCap{Bytes: 1024, Keys: 5}, &KVCap{Bytes: 4096, Keys: 10}, KVCap{1024, 5}},
		{"more", &KVCap{Bytes: 1 << 40, Keys: 1 << 30}, &KVCap{Bytes: 4096, Keys: 10}, KVCap{4096, 10}},
		{"nothing said is the usual", &KVCap{}, &KVCap{}, KVCap{1 << 20, 1000}},
		{"nothing said, and less asked", &KVCap{}, &KVCap{Bytes: 4096, Keys: 10}, KVCap{4096, 10}},
		{"nothing said, and more asked", &KVCap{}, &KVCap{Bytes: 1 << 30, Keys: 1 << 20}, KVCap{1 << 20, 1000}},
		{"more than the usual, and nothing asked", &KVCap{Bytes: 1 << 30, Keys: 1 << 20}, &KVCap{}, KVCap{1 << 20, 1000}},
		{"not granted", nil, &KVCap{Bytes: 4096, Keys: 10}, KVCap{}},
		{"not asked", &KVCap{Bytes: 4096, Keys: 10}, nil, KVCap{}},
	} {
		granted, asked := Capabilities{KV: x.granted}, Capabilities{KV: x.asked}
		if d := cmp.Diff(x.want, granted.All().Within(asked.All()).KV); d != "" {
			t.Errorf("%s: %s", x.name, d)
		}
	}
}

// TestGrantWithinAsked: whatever is granted, nothing is beyond what was asked for, and what was both granted and asked stays.
func TestGrantWithinAsked(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	some := func(of ...string) (out []string) {
		for _, s := range of {
			if r.IntN(2) == 0 {
				out = append(out, s)
			}
		}
		return out
	}
	rules := []string{"GET https://a.dev/*", "GET https://a.dev/x", "POST https://b.dev/"}
	grant := func() Grant {
		g := Grant{Modules: some("tensor", "node", "kv", "http", "asset", "ws", "msg"), Classes: some("A", "A*", "*"), KV: KVCap{r.Int64N(3) * 1000, r.IntN(3) * 10},
			Asset: AssetCap{Read: some("input", "output", "temp"), Save: r.IntN(2) == 0}, WS: some("a", "b"), Receive: some("a", "b"), Routes: some("GET /a", "POST /a"), Legacy: some("GET /a", "POST /a"),
			RouteBytes: r.Int64N(3) * DefaultBytes, RealClock: r.IntN(2) == 0, SecureRandom: r.IntN(2) == 0, Web: []string{"", WebSandboxed, WebTrusted, "else"}[r.IntN(4)]}
		for _, rule := range some(rules...) {
			g.HTTP = append(g.HTTP, HTTPRule{Rule: rule, Secrets: some("K", "L"), Bytes: r.Int64N(3) * DefaultBytes})
		}
		return g
	}
	for range 3000 {
		g, asked := grant(), grant()
		if asked.Web == "else" {
			asked.Web = ""
		}
		got := g.Within(asked)
		for _, x := range [][3][]string{{got.Modules, g.Modules, asked.Modules}, {got.Classes, g.Classes, asked.Classes}, {got.WS, g.WS, asked.WS}, {got.Receive, g.Receive, asked.Receive},
			{got.Routes, g.Routes, asked.Routes}, {got.Legacy, g.Legacy, asked.Legacy}, {got.Asset.Read, g.Asset.Read, asked.Asset.Read}} {
			if !subset(x[0], x[1]) || !subset(x[0], x[2]) || !subset(intersect(x[1], x[2]), x[0]) {
				t.Fatalf("%q of %q and %q", x[0], x[1], x[2])
			}
		}
		for _, rule := range got.HTTP {
			within := false
			for _, a := range asked.HTTP {
				within = within || a.Rule == rule.Rule && subset(rule.Secrets, a.Secrets) && rule.bytes() <= a.bytes()
			}
			if !within {
				t.Fatalf("the rule %+v of %+v", rule, asked.HTTP)
			}
		}
		for _, rule := range rules {
			_, address, _ := cutRule(rule)
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := got.Permitted("GET", u); ok {
				if _, ok := asked.Permitted("GET", u); !ok {
					t.Fatalf("%s is permitted by %+v within %+v", address, got.HTTP, asked.HTTP)
				}
			}
		}
		if got.Has("kv") && (got.KV.Bytes > asked.KV.bytes() || got.KV.Keys > asked.KV.keys()) || !got.Has("kv") && got.KV != (KVCap{}) || got.BodyBytes() > asked.BodyBytes() ||
			got.Asset.Save && !asked.Asset.Save || got.RealClock && !asked.RealClock || got.SecureRandom && !asked.SecureRandom || webRank(got.Web) > webRank(asked.Web) || webRank(got.Web) < 0 || webRank(got.Web) > max(webRank(g.Web), 0) {
			t.Fatalf("%+v within %+v is %+v", g, asked, got)
		}
		if d := cmp.Diff(got, got.Within(asked)); d != "" {
			t.Fatalf("cut twice is another: %s", d)
		}
	}
}

// cutRule splits a rule.
func cutRule(rule string) (method, address string, ok bool) {
	u, err := parseRule(rule)
	return u.method, u.scheme + "://" + u.host + u.path, err == nil
}
