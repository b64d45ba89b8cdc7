package wasmhost

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Manifest says what a package is and what it asks for. Asking gives nothing: see Grant.
type Manifest struct {
	ABI          string            `json:"abi"` // "cocoon1" or "cocoon1>=1.0"
	ID           string            `json:"id"`  // "acme.lens"
	Version      string            `json:"version"`
	Name         string            `json:"name,omitempty"`
	Entry        string            `json:"entry"`
	Capabilities Capabilities      `json:"capabilities"`
	Files        map[string]string `json:"files,omitempty"` // path → "sha256-<hex>"
	Publisher    string            `json:"publisher,omitempty"`
}

// Capabilities are what a package asks for; a nil or empty one is not asked for.
type Capabilities struct {
	Tensor       *struct{}  `json:"tensor,omitempty"`
	Node         *NodeCap   `json:"node,omitempty"`
	KV           *KVCap     `json:"kv,omitempty"`
	HTTP         []HTTPRule `json:"http,omitempty"`
	Asset        *AssetCap  `json:"asset,omitempty"`
	WS           []string   `json:"ws,omitempty"` // event types behind "ext.<id>."
	Msg          *struct{}  `json:"msg,omitempty"`
	Routes       []string   `json:"routes,omitempty"` // "GET /presets"
	RealClock    bool       `json:"real_clock,omitempty"`
	SecureRandom bool       `json:"secure_random,omitempty"`
}

// NodeCap names the classes that node_call and expansions may use; a name may end in *.
type NodeCap struct {
	Classes []string `json:"classes"`
}

// KVCap bounds the store.
type KVCap struct {
	Bytes int64 `json:"bytes,omitempty"` // 0 is 1 MiB
	Keys  int   `json:"keys,omitempty"`  // 0 is 1,000
}

// AssetCap says what files a package reads and whether it saves.
type AssetCap struct {
	Read []string `json:"read,omitempty"` // "input", "output", "temp"
	Save bool     `json:"save,omitempty"`
}

// HTTPRule allows requests of one method to addresses of one form.
type HTTPRule struct {
	Rule     string   `json:"rule"` // "GET https://api.acme.dev/v1/*"
	Secrets  []string `json:"secrets,omitempty"`
	Optional bool     `json:"optional,omitempty"`
}

var (
	idForm      = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*){0,3}$`)
	versionForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$`)
)

// ParseManifest reads manifest.json strictly.
func ParseManifest(b []byte) (*Manifest, error) {
	if len(b) > mib {
		return nil, fault.New(fault.TooLarge, "manifest has %d bytes", len(b))
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	var m Manifest
	if err := d.Decode(&m); err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "manifest is not as it should be")
	}
	if d.More() {
		return nil, fault.New(fault.BadFile, "manifest has something behind it")
	}
	return &m, m.Check()
}

// Check looks whether a manifest can be used.
func (m *Manifest) Check() error {
	switch {
	case len(m.ID) > 64 || !idForm.MatchString(m.ID):
		return fault.New(fault.BadFile, "%q is no id: lower-case letters, digits and hyphens, with dots between up to four names", m.ID)
	case !versionForm.MatchString(m.Version):
		return fault.New(fault.BadFile, "%q is no version of the form 1.2.3", m.Version)
	case m.ABI != "cocoon1" && m.ABI != "cocoon1>=1.0":
		return fault.New(fault.Unsupported, "the package needs the contract %q; this server has cocoon1 1.0", m.ABI)
	case m.Entry != "" && m.Entry != "module.wasm":
		return fault.New(fault.BadFile, "the entry of a package is module.wasm, not %q", m.Entry)
	}
	for _, r := range m.Capabilities.HTTP {
		if _, err := parseRule(r.Rule); err != nil {
			return err
		}
	}
	for _, r := range m.Capabilities.Routes {
		if _, _, err := splitRoute(r); err != nil {
			return err
		}
	}
	return nil
}

// Grant is what an operator allows an extension: never more than it asked for.
type Grant struct {
	Modules      []string // capabilities by name: tensor, node, kv, http, asset, ws, msg
	Classes      []string
	KV           KVCap
	HTTP         []HTTPRule
	Asset        AssetCap
	WS           []string
	Routes       []string
	RealClock    bool
	SecureRandom bool
}

// Has reports whether a capability is granted.
func (g *Grant) Has(capability string) bool {
	return capability == "" || slices.Contains(g.Modules, capability)
}

// All grants everything that a manifest asks for.
func (c *Capabilities) All() Grant {
	g := Grant{HTTP: c.HTTP, WS: c.WS, Routes: c.Routes, RealClock: c.RealClock, SecureRandom: c.SecureRandom}
	for _, x := range []struct {
		name string
		on   bool
	}{
		{"tensor", c.Tensor != nil}, {"node", c.Node != nil}, {"kv", c.KV != nil}, {"http", len(c.HTTP) > 0}, {"asset", c.Asset != nil},
		{"ws", len(c.WS) > 0}, {"msg", c.Msg != nil},
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

// within is a grant cut down to what was asked for.
func (g Grant) within(asked Grant) Grant {
	g.Modules = intersect(g.Modules, asked.Modules)
	g.Classes = intersect(g.Classes, asked.Classes)
	g.WS = intersect(g.WS, asked.WS)
	g.Routes = intersect(g.Routes, asked.Routes)
	g.HTTP = slices.DeleteFunc(slices.Clone(g.HTTP), func(r HTTPRule) bool {
		return !slices.ContainsFunc(asked.HTTP, func(a HTTPRule) bool { return a.Rule == r.Rule && subset(r.Secrets, a.Secrets) })
	})
	g.Asset = AssetCap{Read: intersect(g.Asset.Read, asked.Asset.Read), Save: g.Asset.Save && asked.Asset.Save}
	g.RealClock, g.SecureRandom = g.RealClock && asked.RealClock, g.SecureRandom && asked.SecureRandom
	return g
}

func intersect(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// classAllowed matches a class against names that may end in *.
func classAllowed(class string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		prefix, wild := strings.CutSuffix(a, "*")
		return class == a || wild && strings.HasPrefix(class, prefix)
	})
}

// splitRoute takes "GET /presets/:id" apart.
func splitRoute(r string) (method, path string, err error) {
	method, path, ok := strings.Cut(r, " ")
	if !ok || !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) || !strings.HasPrefix(path, "/") ||
		strings.Contains(path, "//") || strings.ContainsAny(path, "?#%*\\ ") || len(path) > 256 {
		return "", "", fault.New(fault.BadFile, "%q is no route of the form GET /path", r)
	}
	for _, seg := range strings.Split(path[1:], "/") {
		if seg == "." || seg == ".." {
			return "", "", fault.New(fault.BadFile, "route %q has dots as a segment", r)
		}
	}
	return method, path, nil
}
