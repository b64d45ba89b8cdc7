package pack

import (
	"fmt"
	"slices"
	"strings"
)

// Risk says how much a thing that a package asks for could hurt.
type Risk string

// The risks, from what stays inside of the server to what acts with the user's own rights.
const (
	Low    Risk = "low"
	Medium Risk = "medium" // it reaches files, other machines or other nodes
	High   Risk = "high"   // it acts as the user in their browser
)

// Ask is one thing that a package asks for. Each is granted or withheld for itself.
type Ask struct {
	Key        string `json:"key"`        // names it: "kv", "http:GET https://api.acme.dev/v1/*", "routes:GET /presets"
	Capability string `json:"capability"` // "http"
	Words      string `json:"words"`      // what it lets the package do, for people
	Risk       Risk   `json:"risk"`
	Optional   bool   `json:"optional"` // the package can do without
}

// Asks lists what a package asks for, one by one.
func (c *Capabilities) Asks() []Ask {
	var all []Ask
	add := func(capability, rest string, risk Risk, format string, args ...any) {
		key := capability
		if rest != "" {
			key += ":" + rest
		}
		all = append(all, Ask{key, capability, fmt.Sprintf(format, args...), risk, !c.Requires(capability)})
	}
	if c.Tensor != nil {
		add("tensor", "", Low, "look at the pictures, masks and latents that its nodes are handed, and make new ones")
	}
	if c.Node != nil {
		for _, class := range c.Node.Classes {
			add("node", class, Medium, "run the server's own node %s", nodeWords(class))
		}
	}
	c.storage(add)
	for _, r := range c.HTTP {
		method, address, _ := strings.Cut(r.Rule, " ")
		words := "send " + method + " requests to " + address
		if len(r.Secrets) > 0 {
			words += ", with your secret " + strings.Join(r.Secrets, ", ") + ", which it cannot read itself"
		}
		if r.Bytes > DefaultBytes {
			words += ", up to " + sizeWords(r.Bytes)
		}
		add("http", r.Rule, Medium, "%s", words)
		all[len(all)-1].Optional = r.Optional || !c.Requires("http")
	}
	c.talk(add)
	return all
}

type adder func(capability, rest string, risk Risk, format string, args ...any)

func (c *Capabilities) storage(add adder) {
	if c.KV != nil {
		add("kv", "", Low, "keep up to %s of its own notes on the server (%d entries), apart for each user", sizeWords(c.KV.bytes()), c.KV.keys())
	}
	if c.Asset != nil {
		for _, dir := range c.Asset.Read {
			if dir == "chosen" {
				add("asset", "read "+dir, Low, "read the files that you choose in its nodes")
				continue
			}
			add("asset", "read "+dir, Medium, "read your files in the folder %q", dir)
		}
		if c.Asset.Save {
			add("asset", "save", Medium, "save files into your output folder")
		}
		if len(c.Asset.Read) == 0 && !c.Asset.Save {
			add("asset", "", Low, "use files that its own requests bring")
		}
	}
}

func (c *Capabilities) talk(add adder) {
	for _, r := range c.Routes {
		add("routes", r, Low, "answer requests of your browser at %s of its own address", r)
	}
	for _, r := range c.Legacy {
		add("legacy", r, Medium, "answer requests of your browser at %s, outside of its own address", r)
	}
	if c.RouteBytes > DefaultBytes {
		add("route_bytes", "", Low, "take in and give out up to %s in one request", sizeWords(c.RouteBytes))
	}
	for _, e := range c.WS.Send {
		add("ws", e, Low, "send messages of the kind %q to your open page", e)
	}
	for _, e := range c.WS.Receive {
		add("ws", receiveKey+e, Low, "take messages of the kind %q from your open page", e)
	}
	if c.Msg != nil {
		add("msg", "", Low, "let a node wait for what you choose in the page")
	}
	switch c.Web {
	case WebSandboxed:
		add("web", WebSandboxed, Low, "show pages of its own, locked into a frame that reaches nothing but this extension")
	case WebTrusted:
		add("web", WebTrusted, High, "run scripts in your client, which can do everything that you can do there")
	}
	if c.RealClock {
		add("real_clock", "", Low, "know the time of day; its results are then not reused")
	}
	if c.SecureRandom {
		add("secure_random", "", Low, "draw random numbers that do not repeat; its results are then not reused")
	}
}

func nodeWords(class string) string {
	if prefix, wild := strings.CutSuffix(class, "*"); wild {
		if prefix == "" {
			return "(any of them)"
		}
		return "of every name that starts with " + prefix
	}
	return class
}

func sizeWords(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.3g MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.3g KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

// Select grants the asks that keys name; other keys count for nothing.
func (c *Capabilities) Select(keys []string) Grant {
	var g Grant
	for _, a := range c.Asks() {
		if !slices.Contains(keys, a.Key) {
			continue
		}
		_, rest, _ := strings.Cut(a.Key, ":")
		g.add(c, a.Capability, rest)
	}
	return g
}

func (g *Grant) add(c *Capabilities, capability, rest string) {
	switch capability {
	case "routes":
		g.Routes = append(g.Routes, rest)
		return
	case "legacy":
		g.Legacy = append(g.Legacy, rest)
		return
	case "route_bytes":
		g.RouteBytes = c.RouteBytes
		return
	case "web":
		g.Web = rest
		return
	case "real_clock":
		g.RealClock = true
		return
	case "secure_random":
		g.SecureRandom = true
		return
	case "node":
		g.Classes = append(g.Classes, rest)
	case "kv":
		g.KV = *c.KV
	case "http":
		i := slices.IndexFunc(c.HTTP, func(r HTTPRule) bool { return r.Rule == rest })
		g.HTTP = append(g.HTTP, c.HTTP[i])
	case "ws":
		if kind, receive := strings.CutPrefix(rest, receiveKey); receive {
			g.Receive = append(g.Receive, kind)
		} else {
			g.WS = append(g.WS, rest)
		}
	case "asset":
		if dir, read := strings.CutPrefix(rest, "read "); read {
			g.Asset.Read = append(g.Asset.Read, dir)
		}
		g.Asset.Save = g.Asset.Save || rest == "save"
	}
	if !g.Has(capability) {
		g.Modules = append(g.Modules, capability)
	}
}

// Allows reports whether a grant covers an ask of a package.
func (g *Grant) Allows(c *Capabilities, a Ask) bool {
	_, rest, _ := strings.Cut(a.Key, ":")
	switch a.Capability {
	case "routes":
		return slices.Contains(g.Routes, rest)
	case "legacy":
		return slices.Contains(g.Legacy, rest)
	case "route_bytes":
		return g.BodyBytes() >= c.RouteBytes
	case "web":
		return webRank(g.Web) >= webRank(rest)
	case "real_clock":
		return g.RealClock
	case "secure_random":
		return g.SecureRandom
	}
	if !g.Has(a.Capability) {
		return false
	}
	switch a.Capability {
	case "node":
		return slices.Contains(g.Classes, rest)
	case "kv":
		return c.KV != nil && g.KV.bytes() >= c.KV.bytes() && g.KV.keys() >= c.KV.keys()
	case "http":
		i := slices.IndexFunc(c.HTTP, func(r HTTPRule) bool { return r.Rule == rest })
		return i >= 0 && slices.ContainsFunc(g.HTTP, func(r HTTPRule) bool {
			return r.Rule == rest && subset(c.HTTP[i].Secrets, r.Secrets) && r.bytes() >= c.HTTP[i].bytes()
		})
	case "ws":
		if kind, receive := strings.CutPrefix(rest, receiveKey); receive {
			return slices.Contains(g.Receive, kind)
		}
		return slices.Contains(g.WS, rest)
	case "asset":
		dir, read := strings.CutPrefix(rest, "read ")
		return read && slices.Contains(g.Asset.Read, dir) || rest == "save" && g.Asset.Save || rest == ""
	}
	return true
}

// Keys lists the asks of a package that a grant covers.
func (g *Grant) Keys(c *Capabilities) []string {
	var keys []string
	for _, a := range c.Asks() {
		if g.Allows(c, a) {
			keys = append(keys, a.Key)
		}
	}
	return keys
}
