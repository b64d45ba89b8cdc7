// Package server speaks ComfyUI's HTTP and WebSocket protocol, and a few routes of Cocoon's own under /cocoon/. routes.go is
// the whole API on one page; each resource has a file.
package server

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
)

// Files is where pictures and other files of clients lie: folders by kind ("input", "output", "temp"), names as slash paths
// that never lead out of them. Errors are faults: fault.NotFound, fault.Conflict, fault.DiskFull, ….
type Files interface {
	Open(kind, name string) (*os.File, error)
	Stat(kind, name string) (fs.FileInfo, error)
	Put(kind, name string, replace bool, fill func(io.Writer) error) error
	Files(kind string) ([]string, error)
}

// Models tells what lies in the model folders.
type Models interface {
	// Folders lists the keys of all model folders.
	Folders() []string
	// List gives the files of one folder, sorted; ok is false when there is no folder of that key.
	List(folder string) (names []string, ok bool)
	// Metadata gives the header's metadata of a safetensors file; ok is false when there is none.
	Metadata(folder, name string) (meta map[string]string, ok bool)
	// Describe says what a checkpoint is, for the page: family, native width and height.
	Describe(name string) (info any, err error)
}

// Config is what a Server is made of. Engine, Registry, Hub, Files, Models and Web are required.
type Config struct {
	Engine   *engine.Engine
	Registry *node.Registry
	Hub      *Hub
	Files    Files
	Models   Models
	Web      http.Handler // what unknown paths get: the client's files

	Version     string                                // of Cocoon
	Argv        []string                              // for /system_stats
	Memory      func() (total, free uint64)           // of the machine, in bytes
	Device      func() (name, kind string)            // what pictures are computed on
	MaxUpload   int64                                 // bytes of a request's body; 100 MiB
	CORS        string                                // origin that may ask across sites; "" for none, "*" for any
	MaxPixels   int                                   // of a picture that is decoded; 1<<27
	BaseContext func(context.Context) context.Context // puts the logger into requests; nil leaves them
}

// Compat: the reference version whose protocol is spoken.
const comfyVersion = "0.33.0"

func (c Config) withDefaults() Config {
	if c.MaxUpload == 0 {
		c.MaxUpload = 100 << 20
	}
	if c.MaxPixels == 0 {
		c.MaxPixels = 1 << 27
	}
	return c
}
