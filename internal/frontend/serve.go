package frontend

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// demo is what comes with the program: the demo workflow with its picture, an index of templates that names it, and the files
// that the client asks for at its start and that nobody has at first.
//
//go:embed demo
var demo embed.FS

// Served is what a server shows. Close gives the folders back.
type Served struct {
	Files     fs.FS  // of the client; nil when none is installed or chosen
	Version   string // of the client; "" when it is a folder that tells none
	Templates fs.FS  // with the demo workflow; nil without a client
	Docs      fs.FS  // nil when none are installed

	roots []*os.Root
}

// None is the version that chooses no client.
const None = "none"

// Serve opens what a server shows. root is a folder to take the client from; "" takes it from the shelf: the version that is
// named, also as owner/repository@version, or the newest when it is "" or latest. None is an answer to both: without a client on
// the shelf, Files is nil. Errors: not_found.
func (s Shelf) Serve(root, version string) (_ *Served, err error) {
	v := &Served{}
	defer func() {
		if err != nil {
			v.Close()
		}
	}()
	all, err := s.List()
	if err != nil {
		return nil, err
	}
	var client *os.Root
	if root != "" {
		if client, err = os.OpenRoot(root); err != nil {
			return nil, fault.Wrap(err, fault.NotFound, "the web client's folder %s cannot be opened", root)
		}
	} else {
		p, ok, err := choose(all, version)
		if err != nil || !ok {
			return v, err
		}
		if client, err = p.Open(); err != nil {
			return nil, err
		}
		v.Version = p.Version
	}
	v.roots = append(v.roots, client)
	if _, err := client.Stat("index.html"); err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "the folder %s holds no web client: there is no index.html in it", client.Name())
	}
	own, err := fs.Sub(demo, "demo")
	if err != nil {
		return nil, err
	}
	v.Files = overlay{client.FS(), only{own, "user.css"}}
	return v, v.extras(all, own)
}

// extras opens the newest version of every package of templates, and of the pages about nodes.
func (v *Served) extras(all []Package, own fs.FS) error {
	layers := overlay{own}
	seen := map[string]bool{}
	for _, p := range all {
		if p.Kind == Client || seen[p.Name] {
			continue
		}
		seen[p.Name] = true // the newest comes first
		root, err := p.Open()
		if err != nil {
			return err
		}
		v.roots = append(v.roots, root)
		if p.Kind == Docs {
			v.Docs = root.FS()
		} else {
			layers = append(layers, root.FS())
		}
	}
	v.Templates = templates{layers, own}
	return nil
}

// Close gives the folders back.
func (v *Served) Close() error {
	var errs []error
	for _, r := range v.roots {
		errs = append(errs, r.Close())
	}
	v.roots = nil
	return errors.Join(errs...)
}

// choose finds a client by what --front-end-version says.
func choose(all []Package, version string) (Package, bool, error) {
	if _, v, ok := strings.Cut(version, "@"); ok { // Compat: owner/repository@v1.2.3
		version = v
	}
	if version == None {
		return Package{}, false, nil
	}
	var there []string
	for _, p := range all {
		if p.Kind != Client {
			continue
		}
		if version == "" || version == "latest" || strings.TrimPrefix(version, "v") == strings.TrimPrefix(p.Version, "v") {
			return p, true, nil
		}
		there = append(there, p.Version)
	}
	switch {
	case version == "":
		return Package{}, false, nil
	case len(there) == 0:
		return Package{}, false, fault.New(fault.NotFound, `no web client is installed; "cocoon frontend install" does it`)
	}
	return Package{}, false, fault.New(fault.NotFound, "version %s of the web client is not installed; there is %s, and \"cocoon frontend install client==%s\" gets it",
		version, strings.Join(there, ", "), strings.TrimPrefix(version, "v"))
}
