package pack

import (
	"slices"
	"strings"
)

// Grant is what an operator allows an extension: never more than it asked for.
type Grant struct {
	Modules      []string   `json:"modules,omitempty"` // capabilities by name: tensor, node, kv, http, asset, ws, msg
	Classes      []string   `json:"classes,omitempty"`
	KV           KVCap      `json:"kv,omitzero"`
	HTTP         []HTTPRule `json:"http,omitempty"`
	Asset        AssetCap   `json:"asset,omitzero"`
	WS           []string   `json:"ws,omitempty"`      // kinds of events to the clients
	Receive      []string   `json:"receive,omitempty"` // kinds of messages of the clients
	Routes       []string   `json:"routes,omitempty"`
	Legacy       []string   `json:"legacy,omitempty"`
	RouteBytes   int64      `json:"route_bytes,omitempty"` // 0 is DefaultBytes
	RealClock    bool       `json:"real_clock,omitempty"`
	SecureRandom bool       `json:"secure_random,omitempty"`
	Web          string     `json:"web,omitempty"`
}

// Has reports whether a capability is granted.
func (g *Grant) Has(capability string) bool {
	return capability == "" || slices.Contains(g.Modules, capability)
}

// All grants everything that a manifest asks for.
func (c *Capabilities) All() Grant {
	g := Grant{HTTP: c.HTTP, WS: c.WS.Send, Receive: c.WS.Receive, Routes: c.Routes, Legacy: c.Legacy, RouteBytes: c.RouteBytes, RealClock: c.RealClock, SecureRandom: c.SecureRandom, Web: c.Web}
	for _, x := range []struct {
		name string
		on   bool
	}{
		{"tensor", c.Tensor != nil}, {"node", c.Node != nil}, {"kv", c.KV != nil}, {"http", len(c.HTTP) > 0}, {"asset", c.Asset != nil},
		{"ws", !c.WS.IsZero()}, {"msg", c.Msg != nil},
	} {
		if x.on {
			g.Modules = append(g.Modules, x.name)
		}
	}
	if c.Node != nil {
		g.Classes = c.Node.Classes
	}
	if c.KV != nil {
		g.KV = *c.KV
	}
	if c.Asset != nil {
		g.Asset = *c.Asset
	}
	return g
}

// Within is a grant cut down to what was asked for.
func (g Grant) Within(asked Grant) Grant {
	g.Modules = intersect(g.Modules, asked.Modules)
	g.Classes = intersect(g.Classes, asked.Classes)
	g.WS = intersect(g.WS, asked.WS)
	g.Receive = intersect(g.Receive, asked.Receive)
	g.Routes = intersect(g.Routes, asked.Routes)
	g.Legacy = intersect(g.Legacy, asked.Legacy)
	if g.RouteBytes = min(g.BodyBytes(), asked.BodyBytes()); g.RouteBytes == DefaultBytes {
		g.RouteBytes = 0
	}
	g.HTTP = slices.DeleteFunc(slices.Clone(g.HTTP), func(r HTTPRule) bool {
		return !slices.ContainsFunc(asked.HTTP, func(a HTTPRule) bool {
			return a.Rule == r.Rule && subset(r.Secrets, a.Secrets) && r.bytes() <= a.bytes()
		})
	})
	g.KV = KVCap{Bytes: min(g.KV.bytes(), asked.KV.bytes()), Keys: min(g.KV.keys(), asked.KV.keys())}
	if !g.Has("kv") {
		g.KV = KVCap{}
	}
	g.Asset = AssetCap{Read: intersect(g.Asset.Read, asked.Asset.Read), Save: g.Asset.Save && asked.Asset.Save}
	g.RealClock, g.SecureRandom = g.RealClock && asked.RealClock, g.SecureRandom && asked.SecureRandom
	switch r := webRank(g.Web); {
	case r < 0:
		g.Web = ""
	case r > webRank(asked.Web):
		g.Web = asked.Web
	}
	return g
}

func webRank(web string) int { return slices.Index([]string{"", WebSandboxed, WebTrusted}, web) }

func (k KVCap) bytes() int64 {
	if k.Bytes == 0 {
		return 1 << 20
	}
	return k.Bytes
}

func (k KVCap) keys() int {
	if k.Keys == 0 {
		return 1000
	}
	return k.Keys
}

func intersect(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// ClassAllowed matches a class against names that may end in *.
func ClassAllowed(class string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		prefix, wild := strings.CutSuffix(a, "*")
		return class == a || wild && strings.HasPrefix(class, prefix)
	})
}
