package testpack

import (
	"embed"
	"io/fs"
)

//go:embed golden-pack
var goldenFiles embed.FS

// GoldenFiles is what the golden pack brings for the client: scripts, workflows, translations and a subgraph.
func GoldenFiles() fs.FS {
	sub, err := fs.Sub(goldenFiles, "golden-pack")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}
