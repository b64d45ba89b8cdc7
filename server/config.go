package server

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/assets"
	v2 "github.com/cocoonhq/cocoon/server/v2"
)

// Files is where pictures and other files of clients lie: folders by kind ("input", "output", "temp", "user"), names as slash
// paths that never lead out of them. Errors are faults: fault.NotFound, fault.Conflict, fault.DiskFull, ….
type Files interface {
	Open(kind, name string) (*os.File, error)
	Stat(kind, name string) (fs.FileInfo, error)
	Put(kind, name string, replace bool, fill func(io.Writer) error) error
	Files(kind string) ([]string, error)
	// FS is a folder for walking.
	FS(kind string) fs.FS
	MkdirAll(kind, dir string) error
	Remove(kind, name string) error
	// Rename moves a file, in the place of one that is there only if replace says so.
	Rename(kind, from, to string, replace bool) error
}

// Models tells what lies in the model folders.
type Models interface {
	// Folders lists the keys of all model folders.
	Folders() []string
	// List gives the files of one folder, sorted; ok is false when there is no folder of exactly that key.
	List(folder string) (names []string, ok bool)
	// Metadata gives the header's metadata of a safetensors file; ok is false when there is none.
	Metadata(folder, name string) (meta map[string]string, ok bool)
	// Describe says what a checkpoint is, for the page: family, native width and height.
	Describe(name string) (info any, err error)
	// Roots lists a folder's directories on disk, in the order they are searched.
	Roots(folder string) []string
	// Extensions lists the endings of a folder's files, sorted.
	Extensions(folder string) []string
}

// Config is what a Server is made of. Engine, Registry, Hub, Files, Models and Web are required.
type Config struct {
	Engine      *engine.Engine
	Registry    *node.Registry
	Hub         *Hub
	Files       Files
	Models      Models
	ClientFiles fs.FS        // of an installed client, whose extensions/ is listed; nil for none
	Web         http.Handler // what unknown paths get: the client's files
	Page        http.Handler // Cocoon's own page at /cocoon/, when Web is another client; nil for none
	Packs       []Pack       // what node packs bring for the client
	Logs        *Logs        // the last lines of the log; nil for none
	Feed        *v2.Feed     // what jobs tell, for version 2 of the API, which is off without it

	Welcome   map[string][]byte // what a new user finds, by path in the user's folder, those of folders with a / at the end; nil for nothing
	Example   []byte            // a PNG for input folders without a file, as example.png; nil for none
	Templates fs.FS             // files of the workflow templates; nil for none
	Docs      fs.FS             // pages about nodes; nil for none

	Version         string                      // of Cocoon
	FrontendVersion string                      // of an installed client; "" for none
	Argv            []string                    // for /system_stats
	Memory          func() (total, free uint64) // of the machine, in bytes
	Device          func() (name, kind string)  // what pictures are computed on

	BodyGrace  time.Duration // before a request's body must have come at 4 KiB/s; 30 s
	MaxUpload  int64         // bytes of a request's body; 100 MiB
	MaxPixels  int           // of a picture that is decoded; 1<<27
	MaxSockets int           // that are open at once; 10,000
	MaxPerPeer int           // sockets of one address that is not this machine; 256
	CORS       string        // origin that may ask across sites; "" for none, "*" for any
	Hosts      []string      // names under which a server on loopback is reached, besides loopback's own; "*" for any

	Auth   *Auth             // who may ask, by API keys; nil for the one user
	Assets *assets.Catalogue // of files by their content; nil for none
	// Extensions answers /ext/{id}/… and /api/ext/{id}/…, for the tenant that the request's context carries; nil for none.
	Extensions http.Handler
	// Shelf is where those extensions lie, and are installed; nil for none.
	Shelf ExtensionShelf

	HashLimit int64 // bytes of a file that a scan for assets hashes; 256 MiB, negative for no bound

	MultiUser    bool           // settings and files by the header comfy-user
	Offline      bool           // pages may load nothing from elsewhere
	Compress     bool           // texts are packed
	FeatureFlags map[string]any // further ones; they never override the server's own

	BaseContext func(context.Context) context.Context // puts the logger into requests; nil leaves them
}

// Compat: the reference version whose protocol is spoken.
const comfyVersion = "0.33.0"

func (c Config) withDefaults() Config {
	if c.BodyGrace == 0 {
		c.BodyGrace = bodyGrace
	}
	if c.MaxUpload == 0 {
		c.MaxUpload = 100 << 20
	}
	if c.HashLimit == 0 {
		c.HashLimit = 256 << 20
	}
	if c.MaxPixels == 0 {
		c.MaxPixels = 1 << 27
	}
	if c.MaxSockets == 0 {
		c.MaxSockets = 10_000
	}
	if c.MaxPerPeer == 0 {
		c.MaxPerPeer = 256
	}
	if c.Hub != nil {
		c.Hub.maxSockets, c.Hub.maxPerPeer = c.MaxSockets, c.MaxPerPeer
	}
	return c
}
