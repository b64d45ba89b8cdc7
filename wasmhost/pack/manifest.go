package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// maxManifest bounds manifest.json.
const maxManifest = 1 << 20 // bytes

// Manifest says what a package is and what it asks for. Asking gives nothing: see Grant.
type Manifest struct {
	ABI          string            `json:"abi"` // "cocoon1", or with the least version "cocoon1>=1.0"
	ID           string            `json:"id"`  // "acme.lens"
	Version      string            `json:"version"`
	Name         string            `json:"name,omitempty"`
	Description  string            `json:"description,omitempty"` // a sentence
	Author       string            `json:"author,omitempty"`
	License      string            `json:"license,omitempty"` // an SPDX expression
	Homepage     string            `json:"homepage,omitempty"`
	Entry        string            `json:"entry"`
	Capabilities Capabilities      `json:"capabilities"`
	Limits       *LimitsWish       `json:"limits,omitempty"`
	Files        map[string]string `json:"files,omitempty"` // path → "sha256-<hex>"
	Publisher    string            `json:"publisher,omitempty"`
}

// LimitsWish are the limits that a package would like. Within the operator's maximum it gets them; 0 is the default.
type LimitsWish struct {
	MemoryMiB      int   `json:"memory_mib,omitempty"`
	FuelPerExecute Count `json:"fuel_per_execute,omitempty"`
	WallMS         int   `json:"wall_ms,omitempty"`
}

// Capabilities are what a package asks for; a nil or empty one is not asked for.
type Capabilities struct {
	Tensor       *struct{}  `json:"tensor,omitempty"`
	Node         *NodeCap   `json:"node,omitempty"`
	KV           *KVCap     `json:"kv,omitempty"`
	HTTP         []HTTPRule `json:"http,omitempty"`
	Asset        *AssetCap  `json:"asset,omitempty"`
	WS           WSCap      `json:"ws,omitzero"`
	Msg          *struct{}  `json:"msg,omitempty"`
	Routes       []string   `json:"routes,omitempty"`      // "GET /presets"
	Legacy       []string   `json:"legacy,omitempty"`      // routes that are to stand at the server's root too: "GET /mypack/list"
	RouteBytes   int64      `json:"route_bytes,omitempty"` // the most of one request's body or one streamed answer; 0 is DefaultBytes
	RealClock    bool       `json:"real_clock,omitempty"`
	SecureRandom bool       `json:"secure_random,omitempty"`
	Web          string     `json:"web,omitempty"`      // pages in web/: "", WebSandboxed or WebTrusted
	Optional     []string   `json:"optional,omitempty"` // names of capabilities that the package can do without
}

// What pages of a package may be. A sandboxed page has an origin of its own and reaches its extension's routes only; a trusted
// one is a script in the client, with all that the user can do, and needs an operator's signature.
const (
	WebSandboxed = "sandboxed"
	WebTrusted   = "trusted"
)

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
	Read []string `json:"read,omitempty"` // "input", "output", "temp"; "chosen" is the files that the inputs of a node name
	Save bool     `json:"save,omitempty"`
}

// HTTPRule allows requests of one method to addresses of one form.
type HTTPRule struct {
	Rule     string   `json:"rule"` // "GET https://api.acme.dev/v1/*"
	Secrets  []string `json:"secrets,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	Bytes    int64    `json:"bytes,omitempty"` // of requests and answers of one call; 0 is DefaultBytes
}

var (
	idForm      = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*){0,3}$`)
	minorForm   = regexp.MustCompile(`^(0|[1-9][0-9]{0,3})$`)
	versionForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$`)
)

// ParseManifest reads manifest.json strictly.
func ParseManifest(b []byte) (*Manifest, error) {
	if len(b) > maxManifest {
		return nil, fault.New(fault.TooLarge, "manifest has %d bytes", len(b))
	}
	d := json.NewDecoder(bytes.NewReader(b))
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

// unseen are characters that could make a text look like another: people consent to what they read.
func unseen(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
}

// Check looks whether a manifest can be used.
func (m *Manifest) Check() error {
	switch {
	case len(m.ID) > 64 || !idForm.MatchString(m.ID):
		return fault.New(fault.BadFile, "%q is no id: lower-case letters, digits and hyphens, with dots between up to four names", m.ID)
	case !versionForm.MatchString(m.Version):
		return fault.New(fault.BadFile, "%q is no version of the form 1.2.3", m.Version)
	case m.Entry != "" && m.Entry != "module.wasm":
		return fault.New(fault.BadFile, "the entry of a package is module.wasm, not %q", m.Entry)
	}
	if first, _, _ := strings.Cut(m.ID, "."); slices.Contains(deviceNames(), first) {
		return fault.New(fault.BadFile, "%q is no id: some systems take %s for a device", m.ID, first)
	}
	if _, err := m.LeastMinor(); err != nil {
		return err
	}
	for _, text := range []string{m.Name, m.Description, m.Author, m.License, m.Homepage} {
		if len(text) > 1000 || strings.ContainsFunc(text, unseen) {
			return fault.New(fault.BadFile, "a text of the manifest has control characters or marks that turn its order around, or more than 1,000 bytes")
		}
	}
	if l := m.Limits; l != nil && (l.MemoryMiB < 0 || l.FuelPerExecute < 0 || l.WallMS < 0) {
		return fault.New(fault.BadFile, "limits are not negative")
	}
	for _, sum := range m.Files {
		if len(sum) > 80 {
			return fault.New(fault.BadFile, "the sum of a file is not sha256- and 64 digits")
		}
	}
	return m.Capabilities.check()
}

// LeastMinor is the minor version of the contract that the package needs at least. Errors: fault.Unsupported for a contract or a
// version that this server does not have.
func (m *Manifest) LeastMinor() (int, error) {
	least, asks := strings.CutPrefix(m.ABI, fmt.Sprintf("%s>=%d.", abi.Name, abi.Major))
	switch {
	case m.ABI == abi.Name:
		return 0, nil
	case !asks || !minorForm.MatchString(least):
		return 0, fault.New(fault.Unsupported, "the package needs the contract %.80q; this server has %s %d.%d", m.ABI, abi.Name, abi.Major, abi.Minor)
	}
	n, _ := strconv.Atoi(least) // a few digits
	if n > abi.Minor {
		return 0, fault.New(fault.Unsupported, "the package needs version %d.%d of the contract %s; this server has %d.%d: a newer Cocoon has it", abi.Major, n, abi.Name, abi.Major, abi.Minor)
	}
	return n, nil
}

// Requires reports whether the package cannot do without a capability that its module uses.
func (c *Capabilities) Requires(capability string) bool {
	return !slices.Contains(c.Optional, capability) || capability == ""
}

// Title is what people call the package.
func (m *Manifest) Title() string {
	if m.Name != "" {
		return m.Name
	}
	return m.ID
}

// SplitRoute takes "GET /presets/:id" apart.
func SplitRoute(r string) (method, path string, err error) {
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
