package server

import (
	"context"
	"io"
	"time"
)

// ExtensionShelf is where extensions lie, for Config.Shelf. Whose they are is the tenant that ctx carries; what the tenant ""
// has is shared by all. Errors are faults.
type ExtensionShelf interface {
	ExtensionReader
	ExtensionKeeper
	ExtensionLibrary
}

// ExtensionReader shows extensions.
type ExtensionReader interface {
	// Extensions lists the tenant's own and the shared ones, by id.
	Extensions(ctx context.Context) ([]ExtensionInfo, error)
	// ExtensionLog gives the last lines that an extension wrote, oldest first.
	ExtensionLog(ctx context.Context, id string) ([]ExtensionLine, error)
	// ExtensionPage gives the HTML of an extension's sandboxed page.
	ExtensionPage(ctx context.Context, id string) ([]byte, error)
	// ExtensionScripts lists the extensions whose scripts may run in the client, with the files of their web folders.
	ExtensionScripts(ctx context.Context) []Pack
}

// ExtensionKeeper changes what is there.
type ExtensionKeeper interface {
	// OfferExtension reads a package and says what it is. Nothing is installed; the package is kept for a while.
	OfferExtension(ctx context.Context, file io.Reader) (ExtensionOffer, error)
	// InstallExtension installs a package that was offered, with the capabilities that are granted.
	InstallExtension(ctx context.Context, id, offer string, granted []string) error
	// GrantExtension makes an installed extension's grant exactly this; none at all stops it.
	GrantExtension(ctx context.Context, id string, granted []string) error
	// RemoveExtension takes an extension away, with what it stored if data says so.
	RemoveExtension(ctx context.Context, id string, data bool) error
}

// ExtensionLibrary shows what extensions bring for clients, besides nodes, routes and pages.
type ExtensionLibrary interface {
	// ExtensionRevision is another number whenever ExtensionContents may give something else to anybody; 0 is while nothing has
	// run yet.
	ExtensionRevision() uint64
	// ExtensionContents lists what runs for the tenant: its own, then the shared ones of which it has none of that id, each by id.
	ExtensionContents(ctx context.Context) []ExtensionContent
}

// ExtensionContent is the package of an extension that runs.
type ExtensionContent struct {
	ID      string
	Sum     string           // of the package
	Classes []string         // of its nodes
	Files   map[string]int64 // name → bytes; not to be changed
	// Read gives a file. Errors: fault.NotFound, also when the package does not run any more.
	Read func(name string) ([]byte, error)
}

// How an extension's publisher is known.
const (
	ExtensionUnsigned = "unsigned" // nobody vouches for it
	ExtensionSigned   = "signed"   // by a key that is new here
	ExtensionKnown    = "known"    // by the key that it was installed with
	ExtensionTrusted  = "trusted"  // by a key that the operator trusts
)

// How an extension is.
const (
	ExtensionStarting = "starting" // it is being compiled and set up
	ExtensionLoaded   = "loaded"
	ExtensionFailed   = "failed"  // Reason says why
	ExtensionWaiting  = "waiting" // for consent: it asks for more than it was granted
	ExtensionRevoked  = "revoked" // nothing is granted, or its publisher took it back: Reason
)

// ExtensionInfo is an extension as its tenant sees it.
type ExtensionInfo struct {
	ID           string                `json:"id"`
	Version      string                `json:"version"`
	Name         string                `json:"name"`
	Description  string                `json:"description"`
	Author       string                `json:"author"`
	License      string                `json:"license"`
	Publisher    string                `json:"publisher"`   // the key that signed it, "" for none
	Fingerprint  string                `json:"fingerprint"` // of the key, short enough to compare
	Trust        string                `json:"trust"`
	Shared       bool                  `json:"shared"`     // by all tenants
	Changeable   bool                  `json:"changeable"` // by who asks
	State        string                `json:"state"`
	Reason       string                `json:"reason"`
	Capabilities []ExtensionCapability `json:"capabilities"`
	Nodes        []ExtensionNode       `json:"nodes"`
	Routes       []string              `json:"routes"`
	Events       []string              `json:"events"`   // types behind "ext.<id>."
	Messages     []string              `json:"messages"` // of the clients, that it takes: types behind "ext.<id>."
	Page         bool                  `json:"page"`     // it has a sandboxed one
	Stats        *ExtensionStats       `json:"stats"`    // nil where it is not loaded
}

// ExtensionNode is a node of an extension.
type ExtensionNode struct {
	Class string `json:"class"`
	Name  string `json:"name"`
}

// ExtensionCapability is one thing that an extension asks for.
type ExtensionCapability struct {
	ID       string   `json:"id"`       // names it in grants: "kv", "http GET https://api.acme.dev/*"
	Kind     string   `json:"kind"`     // the capability: "kv", "http", …
	Text     string   `json:"text"`     // what it lets the extension do, in plain words
	Items    []string `json:"items"`    // what it is for in particular: classes, routes, folders
	Risk     string   `json:"risk"`     // "low", "medium" or "high"
	Required bool     `json:"required"` // it does not run without
	Granted  bool     `json:"granted"`
	New      bool     `json:"new"` // the installed version did not ask for it
}

// ExtensionStats are what an extension has used since it was loaded.
type ExtensionStats struct {
	Calls       int64 `json:"calls"`
	Failures    int64 `json:"failures"`
	Fuel        int64 `json:"fuel"`       // instructions
	HostBytes   int64 `json:"host_bytes"` // that the server moved or computed for it
	ImageBytes  int64 `json:"image_bytes"`
	IdleSlots   int   `json:"idle_slots"`
	MemoryBytes int64 `json:"memory_bytes"` // that it holds now
}

// ExtensionLine is a line of an extension's log.
type ExtensionLine struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// ExtensionOffer is a package that was read and is not installed.
type ExtensionOffer struct {
	Offer string `json:"offer"` // names it in the request to install
	Bytes int64  `json:"bytes"`
	// Installed is the version that is there now, "" for none.
	Installed string `json:"installed"`
	// Refused says why it cannot be installed; "" when it can.
	Refused string `json:"refused"`
	// Warnings are what to think of before, in plain words.
	Warnings  []string      `json:"warnings"`
	Extension ExtensionInfo `json:"extension"` // as it would be; Granted is what would be kept of the present grant
}
