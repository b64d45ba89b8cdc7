package image

import (
	"context"
	"io"
	"os"

	"github.com/cocoonhq/cocoon/engine/node"
)

// Files is what the nodes that load and save need of a store of files. Kinds are "input", "output" and "temp".
type Files interface {
	// Open opens a file for reading; name is a slash path inside the kind's folder.
	Open(kind, name string) (*os.File, error)
	// Files lists the files directly in a folder, sorted.
	Files(kind string) ([]string, error)
	// Resolve turns a file name prefix into a subfolder and the start of a name.
	Resolve(prefix string, width, height int) (subfolder, stem string, err error)
	// Save writes a file under the next free number and gives its name in the subfolder. claim is told a ticket, by which the
	// file can be taken back after a crash, before the file gets its name.
	Save(kind, subfolder, stem, ext string, batch int, claim func(ticket string) error, fill func(io.Writer) error) (name string, err error)
}

// Config is what the nodes that load and save are made of.
type Config struct {
	Files     Files
	Of        func(ctx context.Context) (Files, error) // the files of whom ctx acts for; nil gives Files to all
	Metadata  bool                                     // write prompt and workflow into pictures
	MaxPixels int                                      // of a picture that is loaded; 0 is imaging's default
}

// For gives the files of whom ctx acts for.
func (c Config) For(ctx context.Context) (Files, error) {
	if c.Of == nil {
		return c.Files, nil
	}
	return c.Of(ctx)
}

// open opens a file of whom ctx acts for.
func (c Config) open(ctx context.Context, kind, name string) (*os.File, error) {
	files, err := c.For(ctx)
	if err != nil {
		return nil, err
	}
	return files.Open(kind, name)
}

// WithFiles lists the nodes of the package that load and save.
func WithFiles(c Config) []node.Node {
	return []node.Node{
		saveImage(c), previewImage(c), saveWebsocket(), loadImage(c), loadMask(c), loadOutput(c),
	}
}

// kindOf splits a name such as "a.png [output]" into the name and the kind it asks for; "input" without one.
//
// Compat: the annotation and the one character before it are removed.
func kindOf(name string) (kind, file string) {
	for _, k := range []string{"output", "input", "temp"} {
		suffix := "[" + k + "]"
		if len(name) > len(suffix) && name[len(name)-len(suffix):] == suffix {
			return k, name[:len(name)-len(suffix)-1]
		}
	}
	return "input", name
}

type fileList func(ctx context.Context) []string
