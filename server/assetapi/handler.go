// Package assetapi is the routes of a catalogue of assets, /api/assets and /api/tags: files by their content, that are found by
// tags, names and hashes. It enters into the catalogue what is uploaded, what prompts write and what lies on disk.
//
// Compat: names of routes and fields, and the codes and texts of errors, are the reference's.
package assetapi

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Files is where assets lie: folders by kind ("input", "output", "temp"), names as slash paths that never lead out of them.
// Errors are faults: fault.NotFound, fault.DiskFull, ….
type Files interface {
	Open(kind, name string) (*os.File, error)
	Stat(kind, name string) (fs.FileInfo, error)
	Put(kind, name string, replace bool, fill func(io.Writer) error) error
	FS(kind string) fs.FS // a folder for walking
	Remove(kind, name string) error
}

// Models tells what lies in the model folders.
type Models interface {
	Folders() []string                            // the keys of all folders
	List(folder string) (names []string, ok bool) // the files of one, sorted; ok is false when there is none of that key
	Roots(folder string) []string                 // its directories on disk, in the order they are searched
	Extensions(folder string) []string            // the endings of its files, sorted
}

// Config is what a Handler is made of. Catalogue, Files, Models, Operates and Send are required.
type Config struct {
	Catalogue *assets.Catalogue
	Files     Files
	Models    Models
	HashLimit int64 // bytes of a file that a scan hashes; not above 0 for no bound

	Keyed    bool                       // requests come with keys: model files are the operator's
	Operates func(r *http.Request) bool // whether the asker may change what belongs to no single tenant

	// Remaining counts a tenant's prompts that wait or run, during which scans pause; nil for none.
	Remaining func(tenant.ID) int
	// Emit tells the tenant's clients how a scan goes; nil for nobody.
	Emit func(owner tenant.ID, event string, data json.RawMessage)
	// Send sends a file whose other headers are set, with ranges and validators.
	Send func(w http.ResponseWriter, r *http.Request, at time.Time, size int64, content io.ReadSeeker)
}

// Handler answers the routes of a catalogue.
type Handler struct{ c Config }

// New makes a Handler.
func New(c Config) *Handler { return &Handler{c} }

func (h *Handler) shelves() shelves { return shelves{h.c.Files, h.c.Models} }
