package main

import (
	"archive/zip"
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server"
	"github.com/cocoonhq/cocoon/wasmhost/install"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

const (
	offerStays   = 15 * time.Minute
	tenantOffers = 4         // that are kept for one tenant; the oldest goes first
	offerBytes   = 512 << 20 // of all of them
)

// offers keeps packages that were sent and are not installed, as files in a folder of this process alone. Close it.
type offers struct {
	under string // the folder in which it is made, when the first package comes

	mu   sync.Mutex // guards the rest
	dir  string     // "" before
	list []offer    // oldest first
	size int64
}

type offer struct {
	tenant tenant.ID
	hash   string
	file   string
	size   int64
	at     time.Time
}

// open makes the folder, and takes away those that processes which died have left; mu is held.
func (o *offers) open() (err error) {
	if o.dir != "" {
		return nil
	}
	const prefix = "offers-"
	left, _ := filepath.Glob(filepath.Join(o.under, prefix+"*"))
	for _, dir := range left {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(dir) // it is tried again
		}
	}
	o.dir, err = os.MkdirTemp(o.under, prefix)
	return err
}

// close takes the folder away.
func (o *offers) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dir == "" {
		return nil
	}
	return os.RemoveAll(o.dir)
}

// keep takes a package; one of the same sum takes the other's place. Errors: fault.TooMany when there is no room.
func (o *offers) keep(t tenant.ID, hash string, b []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	mine := 0
	for _, x := range o.list {
		if x.tenant == t && x.hash != hash {
			mine++
		}
	}
	o.filter(func(x offer) bool {
		if x.tenant == t && mine >= tenantOffers {
			mine--
			return false
		}
		return now.Sub(x.at) < offerStays && (x.tenant != t || x.hash != hash)
	})
	if o.size+int64(len(b)) > offerBytes {
		return fault.New(fault.TooMany, "too many packages wait to be installed; try again later")
	}
	if err := o.open(); err != nil {
		return err
	}
	f, err := os.CreateTemp(o.dir, "*"+pack.Suffix)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	o.list = append(o.list, offer{t, hash, f.Name(), int64(len(b)), now})
	o.size += int64(len(b))
	return nil
}

// filter lets go of what stays is false for; mu is held.
func (o *offers) filter(stays func(offer) bool) {
	kept := o.list[:0]
	for _, x := range o.list {
		if stays(x) {
			kept = append(kept, x)
			continue
		}
		o.size -= x.size
		_ = os.Remove(x.file) // what stays there goes with the folder
	}
	o.list = kept
}

// take gives a tenant's offer; fault.NotFound when there is none.
func (o *offers) take(t tenant.ID, hash string) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, x := range o.list {
		if x.tenant == t && x.hash == hash && time.Since(x.at) < offerStays {
			return os.ReadFile(x.file)
		}
	}
	return nil, fault.New(fault.NotFound, "the package is not here any more: send it again")
}

// drop forgets an offer.
func (o *offers) drop(t tenant.ID, hash string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.filter(func(x offer) bool { return x.tenant != t || x.hash != hash })
}

// scripts are the web folders of packages whose scripts may run in the client, by the packages' sums.
type scripts struct {
	mu    sync.Mutex // guards files
	files map[string]fs.FS
}

// ExtensionScripts lists the extensions whose scripts may run in the client.
func (s *extShelf) ExtensionScripts(ctx context.Context) []server.Pack {
	var out []server.Pack
	t := tenant.Of(ctx)
	for _, st := range s.m.List(t) {
		if st.Web != pack.WebTrusted || st.State != install.Running {
			continue
		}
		if files, err := s.webFiles(t, st); err == nil {
			out = append(out, server.Pack{Name: st.ID, Files: files})
		}
	}
	return out
}

// webFiles gives the web folder of a package, without its sandboxed page.
func (s *extShelf) webFiles(t tenant.ID, st install.Status) (fs.FS, error) {
	s.scripts.mu.Lock()
	defer s.scripts.mu.Unlock()
	if f := s.scripts.files[st.Hash]; f != nil {
		return f, nil
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range st.Files {
		if !strings.HasPrefix(name, "web/") || name == pageFile {
			continue
		}
		text, _, err := s.m.File(t, st.ID, name)
		if err != nil {
			return nil, err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(text); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	f, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		return nil, err
	}
	const most = 64 // packages whose folders are kept
	if s.scripts.files == nil || len(s.scripts.files) >= most {
		s.scripts.files = map[string]fs.FS{}
	}
	s.scripts.files[st.Hash] = f
	return f, nil
}
