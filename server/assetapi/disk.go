package assetapi

import (
	"context"
	"encoding/json"
	"image"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/filetype"
)

// shelves are the files of an owner as the catalogue reads them: their own, and the model files of all.
type shelves struct {
	files  Files
	models Models
}

// kinds are the folders of files that /view shows.
var kinds = []string{"output", "input", "temp"}

// Walk implements assets.Disk. Hidden files are left out, and temporary ones are looked at too.
func (d shelves) Walk(ctx context.Context, kind string, each func(assets.File) error) error {
	if kind == assets.Models {
		return d.walkModels(ctx, each)
	}
	return fs.WalkDir(d.files.FS(kind), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read is left out
		}
		if p != "." && strings.HasPrefix(e.Name(), ".") {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return ctx.Err()
		}
		f, err := d.file(kind, p)
		if err != nil {
			return nil // gone, or no plain file
		}
		return each(f)
	})
}

// file describes a file of the owner's own.
func (d shelves) file(kind, name string) (assets.File, error) {
	st, err := d.files.Stat(kind, name)
	if err != nil {
		return assets.File{}, err
	}
	if !st.Mode().IsRegular() {
		return assets.File{}, fault.New(fault.NotFound, "%q is no file", name)
	}
	tags := []string{kind}
	// Compat: files that parts of the client put into folders of their own.
	if dir := path.Dir(name); kind == "input" && slices.Contains([]string{"3d", "pasted", "painter", "threed", "webcam"}, dir) {
		tags = append(tags, dir)
	}
	return assets.File{Kind: kind, Path: name, Loader: name, Shown: name, Tags: tags, Size: st.Size(), MTime: st.ModTime().UnixNano()}, nil
}

// walkModels gives each model file once, with a tag for every folder that lists it.
func (d shelves) walkModels(ctx context.Context, each func(assets.File) error) error {
	at := map[string]int{}
	var all []assets.File
	for _, key := range d.models.Folders() {
		if key == "configs" || key == "custom_nodes" {
			continue
		}
		names, _ := d.models.List(key)
		for _, root := range d.models.Roots(key) {
			for _, name := range names {
				if err := ctx.Err(); err != nil {
					return err
				}
				f, err := modelAt(key, root, name)
				if err != nil {
					continue // it lies in another root
				}
				full := filepath.Join(root, name)
				if i, ok := at[full]; ok {
					all[i].Tags = append(all[i].Tags, f.Tags[1])
					continue
				}
				at[full] = len(all)
				all = append(all, f)
			}
		}
	}
	for _, f := range all {
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}

func modelAt(key, root, name string) (assets.File, error) {
	st, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil || !st.Mode().IsRegular() || strings.Contains("/"+name, "/.") {
		return assets.File{}, fault.New(fault.NotFound, "%q is no model file", name)
	}
	return assets.File{Kind: assets.Models, Root: root, Path: name, Loader: name, Shown: path.Join(filepath.Base(root), name),
		Tags: []string{assets.Models, "model_type:" + key}, Size: st.Size(), MTime: st.ModTime().UnixNano()}, nil
}

// Open implements assets.Disk. A model file must lie in a folder that is one still.
func (d shelves) Open(f assets.File) (*os.File, error) {
	if f.Kind != assets.Models {
		if !slices.Contains(kinds, f.Kind) {
			return nil, fault.New(fault.NotFound, "there is no file")
		}
		return d.files.Open(f.Kind, f.Path)
	}
	rel := filepath.FromSlash(f.Path)
	if !filepath.IsLocal(rel) || !slices.ContainsFunc(d.models.Folders(), func(key string) bool { return slices.Contains(d.models.Roots(key), f.Root) }) {
		return nil, fault.New(fault.NotFound, "there is no model file %q", f.Path)
	}
	file, err := os.Open(filepath.Join(f.Root, rel))
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "there is no model file %q", f.Path)
	}
	return file, nil
}

// Describe implements assets.Disk.
func (d shelves) Describe(f assets.File, content *os.File) (string, json.RawMessage) {
	kind := filetype.Of(f.Path)
	return kind, pictureSize(kind, content)
}

// pictureSize is {"kind": "image", "width", "height"} of a picture, nil for anything else.
func pictureSize(kind string, content io.Reader) json.RawMessage {
	if !strings.HasPrefix(kind, "image/") {
		return nil
	}
	const header = 1 << 20 // bytes, of which the size is among the first
	c, _, err := image.DecodeConfig(io.LimitReader(content, header))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return nil
	}
	b, _ := json.Marshal(map[string]any{"kind": "image", "width": c.Width, "height": c.Height}) // numbers always encode
	return b
}
