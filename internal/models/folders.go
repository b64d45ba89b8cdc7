package models

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Folders is where model files lie: folders by key ("checkpoints", "vae", …), each with one or more roots. Files are named by
// their path below a root, as clients see them. It is safe for concurrent use.
//
// A name never leads out of its root: absolute names and those with ".." are refused. Links inside a root are followed wherever they lead,
// as people keep models on other disks: whoever can write into a model folder is trusted, and no client can. Names are compared
// as the file system compares them, so case counts where it counts for the system.
type Folders struct {
	mu    sync.Mutex
	keys  []string // in the order they were made
	byKey map[string]*folder
}

type folder struct {
	roots      []string // searched in order
	extensions []string // lower case, with the dot; empty: all files
	cache      listing
}

// modelExtensions are the endings of files that hold weights.
func modelExtensions() []string {
	return []string{".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}
}

// NewFolders makes the usual folders below modelsDir (and a few below baseDir). None of them need exist.
//
// Compat: keys, roots, extensions and their order as the reference's folder list.
func NewFolders(baseDir, modelsDir string) *Folders {
	f := &Folders{byKey: map[string]*folder{}}
	g := modelExtensions()
	for _, d := range []struct {
		key, roots string // roots below modelsDir; empty: the key
		extensions []string
	}{
		{"checkpoints", "", g},
		{"configs", "", []string{".yaml"}},
		{"loras", "", g},
		{"vae", "", g},
		{"text_encoders", "text_encoders clip", g},
		{"diffusion_models", "unet diffusion_models", g},
		{"clip_vision", "", g},
		{"style_models", "", g},
		{"embeddings", "", g},
		{"diffusers", "", []string{"folder"}},
		{"vae_approx", "", g},
		{"controlnet", "controlnet t2i_adapter", g},
		{"gligen", "", g},
		{"upscale_models", "", g},
		{"latent_upscale_models", "", g},
		{"custom_nodes", "", nil},
		{"datasets", "", nil},
		{"hypernetworks", "", g},
		{"photomaker", "", g},
		{"classifiers", "", []string{""}},
		{"model_patches", "", g},
		{"audio_encoders", "", g},
		{"background_removal", "", g},
		{"frame_interpolation", "", g},
		{"geometry_estimation", "", g},
		{"optical_flow", "", g},
		{"detection", "", g},
	} {
		base := modelsDir
		if d.key == "custom_nodes" || d.key == "datasets" {
			base = baseDir
		}
		made := &folder{extensions: d.extensions}
		for _, root := range strings.Fields(d.roots + " " + d.key) {
			if path := filepath.Join(base, root); !slices.Contains(made.roots, path) {
				made.roots = append(made.roots, path)
			}
		}
		f.keys = append(f.keys, d.key)
		f.byKey[d.key] = made
	}
	return f
}

// current gives the key that an older name of a folder stands for.
func current(key string) string {
	switch key {
	case "unet":
		return "diffusion_models"
	case "clip":
		return "text_encoders"
	}
	return key
}

// Keys lists the folders in the order they were made.
func (f *Folders) Keys() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.keys)
}

// Has reports whether there is a folder of exactly that key; unlike the other methods it does not know the old names "unet" and "clip".
func (f *Folders) Has(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.byKey[key]
	return ok
}

// Roots lists the directories of a folder in the order they are searched; nil when there is no such folder.
func (f *Folders) Roots(key string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.byKey[current(key)]; d != nil {
		return slices.Clone(d.roots)
	}
	return nil
}

// Extensions lists the endings that files of a folder have, sorted; empty when any will do.
func (f *Folders) Extensions(key string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.byKey[current(key)]; d != nil {
		return slices.Sorted(slices.Values(d.extensions))
	}
	return nil
}

// Add gives a folder one more root, searched last, or first if first is set. A key that is new makes a folder of any files. A
// root that the folder has already is only moved, and only to the front.
func (f *Folders) Add(key, root string, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key, root = current(key), filepath.Clean(root)
	d := f.byKey[key]
	if d == nil {
		d = &folder{}
		f.byKey[key] = d
		f.keys = append(f.keys, key)
	}
	at := slices.Index(d.roots, root)
	switch {
	case first && at >= 0:
		d.roots = slices.Insert(slices.Delete(d.roots, at, at+1), 0, root)
	case first:
		d.roots = slices.Insert(d.roots, 0, root)
	case at < 0:
		d.roots = append(d.roots, root)
	}
	d.cache = listing{}
}

// AddOutput adds the folders below the output directory that nodes save models into.
func (f *Folders) AddOutput(outputDir string) {
	for _, key := range []string{"checkpoints", "clip", "vae", "diffusion_models", "loras"} {
		f.Add(key, filepath.Join(outputDir, key), false)
	}
}

// List gives the names of a folder's files in all roots, sorted, each once. The listing is kept until a directory of it
// changes. The error is NotFound when there is no such folder; directories that cannot be read count as empty.
func (f *Folders) List(key string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.byKey[current(key)]
	if d == nil {
		return nil, fault.New(fault.NotFound, "there is no model folder %q", key)
	}
	if !d.cache.fresh(d.roots) {
		d.cache = scan(d.roots, d.holds)
	}
	return slices.Clone(d.cache.names), nil
}

// holds reports whether a file of that name belongs into the folder.
func (d *folder) holds(name string) bool {
	return len(d.extensions) == 0 || slices.Contains(d.extensions, strings.ToLower(ending(name)))
}

// ending is a file's extension. Dots that a name begins with start none.
func ending(name string) string {
	base := filepath.Base(name)
	return filepath.Ext(strings.TrimLeft(base, "."))
}

// Find gives the path of a folder's file: that of the first root which has it. Errors: BadRequest for a name that leads out
// of the folder; NotFound, telling which other folder has the file if one does.
func (f *Folders) Find(key, name string) (string, error) {
	local := filepath.FromSlash(name)
	if !filepath.IsLocal(local) || strings.ContainsRune(name, 0) || strings.Contains("/"+filepath.ToSlash(local)+"/", "/../") {
		return "", fault.New(fault.BadRequest, "%q is no name of a model file: it leads out of its folder", name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key = current(key)
	d := f.byKey[key]
	if d == nil {
		return "", fault.New(fault.NotFound, "there is no model folder %q", key)
	}
	if path := d.find(local); path != "" {
		return path, nil
	}
	for _, other := range f.keys {
		if other != key && f.byKey[other].find(local) != "" {
			return "", fault.New(fault.NotFound, "%s is not in the folder %s but in %s; move it or use the node that reads that folder", name, key, other)
		}
	}
	return "", fault.New(fault.NotFound, "%s is not in the folder %s (%s); put it there or choose another file", name, key, strings.Join(d.roots, ", "))
}

func (d *folder) find(local string) string {
	if !d.holds(local) {
		return ""
	}
	for _, root := range d.roots {
		path := filepath.Join(root, local)
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// maxMetadataBytes bounds the headers that Metadata reads. Compat: the reference reads no larger ones.
const maxMetadataBytes = 1 << 20

// Metadata gives what a safetensors file of a folder says about itself; ok is false when there is no such file or it says nothing.
func (f *Folders) Metadata(key, name string) (meta map[string]string, ok bool) {
	path, err := f.Find(key, name)
	if err != nil {
		return nil, false
	}
	meta, err = weights.ReadMetadata(path, maxMetadataBytes)
	return meta, err == nil && meta != nil
}
