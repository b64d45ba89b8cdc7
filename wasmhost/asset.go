package wasmhost

import (
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
	// Open opens a file for reading; one that is not there is fault.NotFound.
	Open(ctx context.Context, f node.File) (File, error)
	// Save writes a file of the output folder under a name that is free, and says which.
	Save(ctx context.Context, subfolder, filename string, data []byte) (node.File, error)
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

func cleanFolder(s string) bool {
	return s == "" || !slices.ContainsFunc(strings.Split(s, "/"), func(seg string) bool { return !cleanName(seg) })
}

func (c *call) assetOpen(ptr, n uint32) int64 {
	m := c.message(ptr, n)
	f := node.File{Type: m.Text("type"), Subfolder: m.Text("subfolder"), Filename: m.Text("filename")}
	if c.host.c.Files == nil || !slices.Contains(c.ext.grant.Asset.Read, f.Type) || !cleanName(f.Filename) || !cleanFolder(f.Subfolder) {
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

func (c *call) asset(h int64) File {
	f, ok := c.handle(h).val.(File)
	if !ok {
		c.trap("handle %#x is no file", h)
	}
	return f
}

func (c *call) assetSize(h int64) int64 { return c.asset(h).Size() }

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

func (c *call) assetSave(name, nameLen, ptr, n, out, limit uint32) int64 {
	filename, data := c.text(name, nameLen), c.bytes(ptr, n)
	c.bytes(out, limit)
	if c.host.c.Files == nil || !c.ext.grant.Asset.Save {
		return int64(abi.EPERM)
	}
	if !cleanName(filename) {
		return int64(abi.EUNSUP)
	}
	if !c.claim(int64(n)) {
		return int64(abi.ELIMIT)
	}
	c.work(int64(n))
	var f node.File
	var err error
	c.park(func(ctx context.Context) { f, err = c.host.c.Files.Save(ctx, "ext/"+c.ext.Manifest.ID, filename, data) })
	if err != nil {
		return c.refuse(err)
	}
	return c.outValue(map[string]any{"type": f.Type, "subfolder": f.Subfolder, "filename": f.Filename}, out, limit)
}
