package wasmhost

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Files are the tenant's files, as asset shows them to guests. ctx carries the tenant.
type Files interface {
	// Open opens a file for reading; one that is not there is fault.NotFound. A File may also have Name() string and
	// ModTime() time.Time, for routes that answer with it.
	Open(ctx context.Context, f node.File) (File, error)
	// Save writes a file of the output folder under a name that is free, and says which.
	Save(ctx context.Context, subfolder, filename string, data []byte) (node.File, error)
}

// Storer is an ability of Files: to save what is not in memory. When data fails nothing is kept.
type Storer interface {
	Store(ctx context.Context, subfolder, filename string, data io.Reader) (node.File, error)
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// cleanName refuses what could lead out of a folder.
func cleanName(s string) bool {
	return s != "" && len(s) <= 255 && s != "." && s != ".." && !strings.ContainsAny(s, "/\\\x00:") && !strings.HasPrefix(s, ".")
}

// savedName is cleanName for a file that a guest makes: a name that is one on every system, and that a client can show. Compat: the
// official client writes the names of files into its menus as HTML.
func savedName(s string) bool {
	return cleanName(s) && !strings.ContainsAny(s, "<>\"|?*") && s == seen(s) && !strings.ContainsAny(s, "\n\t") && !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, " ")
}

func cleanFolder(s string) bool {
	return s == "" || !slices.ContainsFunc(strings.Split(s, "/"), func(seg string) bool { return !cleanName(seg) })
}

// annotated reads the name of a file as widgets have it: "folder/name.png [output]"; without a type it is one of the input
// folder.
func annotated(name string) node.File {
	f := node.File{Type: "input"}
	for _, t := range []string{"input", "output", "temp"} {
		if rest, ok := strings.CutSuffix(name, " ["+t+"]"); ok {
			f.Type, name = t, rest
			break
		}
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		f.Subfolder, name = name[:i], name[i+1:]
	}
	f.Filename = name
	return f
}

// mayOpen reports whether a file is of a folder that is granted, or chosen by whoever made the prompt where that is granted.
func (c *call) mayOpen(f node.File) bool {
	read := c.ext.grant.Asset.Read
	if slices.Contains(read, f.Type) {
		return true
	}
	if !slices.Contains(read, "chosen") {
		return false
	}
	if c.run.Wrote != nil { // what came by a link, or from another node's graph, is a node's choice and not the sender's
		return c.run.Wrote(func(text string) bool { return annotated(text) == f })
	}
	for _, v := range c.args {
		if isChosen(v, f, 3) {
			return true
		}
	}
	return false
}

// isChosen looks for a file's name among the values of a node's inputs.
func isChosen(v any, f node.File, depth int) bool {
	if depth == 0 {
		return false
	}
	switch x := v.(type) {
	case string:
		return annotated(x) == f
	case []any:
		return slices.ContainsFunc(x, func(e any) bool { return isChosen(e, f, depth-1) })
	case node.List:
		return slices.ContainsFunc(x, func(e any) bool { return isChosen(e, f, depth-1) })
	case map[string]any:
		for _, e := range x {
			if isChosen(e, f, depth-1) {
				return true
			}
		}
	}
	return false
}

func (c *call) assetOpen(ptr, n uint32) int64 {
	m := c.message(ptr, n)
	f := node.File{Type: m.Text("type"), Subfolder: m.Text("subfolder"), Filename: m.Text("filename")}
	if name := m.Text("name"); name != "" {
		f = annotated(name)
	}
	if c.host.c.Files == nil || !cleanName(f.Filename) || !cleanFolder(f.Subfolder) || !c.mayOpen(f) {
		return int64(abi.EPERM)
	}
	var file File
	var err error
	c.park(func(ctx context.Context) { file, err = c.host.c.Files.Open(ctx, f) })
	switch {
	case errors.Is(err, fault.NotFound):
		return int64(abi.ENOENT)
	case err != nil:
		return c.refuse(err)
	}
	h := c.put(abi.KindAsset, file)
	if h < 0 {
		_ = file.Close()
	}
	return h
}

// asset is the file behind a handle: an ASSET, or a BODY that is a file of a form. Another handle traps.
func (c *call) asset(h int64) File {
	e := c.handle(h)
	f, ok := e.val.(File)
	if !ok || e.kind != abi.KindAsset && e.kind != abi.KindBody {
		c.trap("handle %#x is no file", h)
	}
	return f
}

func (c *call) assetSize(h int64) int64 {
	n := c.asset(h).Size()
	if n < 0 {
		return int64(abi.EUNSUP)
	}
	return n
}

func (c *call) assetRead(h, at int64, ptr, n uint32) int64 {
	f, dst := c.asset(h), c.bytes(ptr, n)
	if at < 0 {
		return int64(abi.ENOENT)
	}
	c.work(int64(n))
	var got int
	var err error
	c.park(func(context.Context) { got, err = f.ReadAt(dst, at) })
	if err != nil && !errors.Is(err, io.EOF) {
		return c.refuse(err)
	}
	return int64(got)
}

// maySave gives the errno of a save that is refused; 0 for none.
func (c *call) maySave(filename string) int32 {
	switch {
	case c.host.c.Files == nil || !c.ext.grant.Asset.Save:
		return c.deny("asset", "save")
	case !savedName(filename):
		return abi.EUNSUP
	}
	return 0
}

// saved saves data in the extension's own subfolder, parked, and writes what the file is called.
func (c *call) saved(filename string, data io.Reader) (f node.File, errno int64) {
	var err error
	folder := "ext/" + c.ext.Manifest.ID
	c.parkOn(data, func(ctx context.Context) {
		if s, ok := c.host.c.Files.(Storer); ok {
			f, err = s.Store(ctx, folder, filename, data)
			return
		}
		var b []byte
		if b, err = readAtMost(data, maxPictureFile); err == nil {
			f, err = c.host.c.Files.Save(ctx, folder, filename, b)
		}
	})
	if err != nil {
		return f, c.streamErrno(err)
	}
	return f, 0
}

func fileMessage(f node.File) map[string]any {
	return map[string]any{"type": f.Type, "subfolder": f.Subfolder, "filename": f.Filename}
}

func (c *call) assetSave(name, nameLen, ptr, n, out, limit uint32) int64 {
	filename, data := c.text(name, nameLen), c.bytes(ptr, n)
	c.bytes(out, limit)
	if e := c.maySave(filename); e != 0 {
		return int64(e)
	}
	if !c.claim(int64(n)) {
		return int64(abi.ELIMIT)
	}
	c.work(int64(n))
	f, e := c.saved(filename, bytes.NewReader(data))
	if e != 0 {
		return e
	}
	return c.outValue(fileMessage(f), out, limit)
}
