package frontend

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Installed is the outcome for one package.
type Installed struct {
	Package
	Fresh bool // false: exactly that version was there
}

// Installer puts packages onto a shelf.
type Installer struct {
	Shelf   Shelf
	Version string                           // which to ask pip for, or what a zip or folder is called, which does not tell; "" for Pinned, or one made of the contents
	Pip     []string                         // the command that is pip; nil looks for one
	Say     func(format string, args ...any) // what is being done; nil for nothing
}

// Install takes a source: the path of a wheel, a zip or a folder, a URL of a wheel or zip, or the name of a kind ("client",
// "templates", "docs", each also with ==VERSION or ==latest), which the machine's own pip is asked for. Everything is checked before the
// first file is in its place: names that stay inside, plain files only, bounded sizes, the hashes of a wheel's own list.
// Errors: bad_file, too_large, unsupported, not_found, conflict, disk_full, read_only.
func (i Installer) Install(ctx context.Context, source string) ([]Installed, error) {
	if i.Say == nil {
		i.Say = func(string, ...any) {}
	}
	if kind, version, ok := published(source); ok {
		if version == "" {
			version = i.Version
		}
		return i.fromPip(ctx, kind, version)
	}
	if strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://") {
		return i.fromURL(ctx, source)
	}
	st, err := os.Stat(source)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "there is no file, folder or package %q", source)
	}
	one := i.fromArchive
	if st.IsDir() {
		one = i.fromFolder
	}
	p, err := one(ctx, source, source)
	if err != nil {
		return nil, err
	}
	return []Installed{p}, nil
}

// fromArchive installs a wheel or zip. told is what the package's card says it came from.
func (i Installer) fromArchive(ctx context.Context, file, told string) (Installed, error) {
	f, err := os.Open(file)
	if err != nil {
		return Installed{}, fault.Wrap(err, fault.NotFound, "%s cannot be opened", told)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Installed{}, err
	}
	if st.Size() > maxArchive {
		return Installed{}, fault.New(fault.TooLarge, "%s has %d bytes; up to %d are taken", told, st.Size(), maxArchive)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return Installed{}, err
	}
	z, err := zip.NewReader(f, st.Size())
	if err != nil {
		return Installed{}, fault.Wrap(err, fault.BadFile, "%s is no wheel and no zip", told)
	}
	all, err := zipEntries(z)
	if err != nil {
		return Installed{}, err
	}
	p := Package{Source: told, SHA256: hex.EncodeToString(sum.Sum(nil))}
	return i.place(ctx, all, p)
}

func (i Installer) fromFolder(ctx context.Context, dir, told string) (Installed, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Installed{}, fault.Wrap(err, fault.NotFound, "%s cannot be opened", told)
	}
	defer root.Close()
	all, err := folderEntries(ctx, root)
	if err != nil {
		return Installed{}, err
	}
	sum := sha256.New()
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	for _, e := range all {
		_, _ = io.WriteString(sum, e.name+"\x00") // a hash takes all
		if err := into(sum, e); err != nil {
			return Installed{}, err
		}
	}
	return i.place(ctx, all, Package{Source: told, SHA256: hex.EncodeToString(sum.Sum(nil))})
}

func into(w io.Writer, e entry) error {
	in, err := e.open()
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(w, io.LimitReader(in, e.size+1))
	return err
}

// place finds out what the files are, and puts them onto the shelf.
func (i Installer) place(ctx context.Context, all []entry, p Package) (Installed, error) {
	prefix := ""
	var err error
	if p, prefix, err = i.identify(all, p); err != nil {
		return Installed{}, err
	}
	i.Say("unpacking %s %s", p.Name, p.Version)
	p, fresh, err := i.Shelf.put(p, func(root *os.Root) (int, int64, error) { return unpack(ctx, root, all, prefix) })
	return Installed{p, fresh}, err
}

// identify tells what a package is and below which folder its files lie. A wheel is verified by its own list.
func (i Installer) identify(all []entry, p Package) (Package, string, error) {
	has := make(map[string]bool, len(all))
	dist := ""
	for _, e := range all {
		has[e.name] = true
		if dir, base := path.Split(e.name); base == "METADATA" && strings.HasSuffix(dir, ".dist-info/") && strings.Count(dir, "/") == 1 {
			dist = strings.TrimSuffix(dir, "/")
		}
	}
	if dist != "" {
		return wheel(all, has, dist, p)
	}
	for _, prefix := range clientPrefixes(all) {
		if has[prefix+"index.html"] {
			p.Name, p.Kind, p.Version = clientPackage, Client, i.Version
			if p.Version == "" {
				p.Version = "local-" + p.SHA256[:12]
			}
			if !plainName(p.Version) {
				return p, "", fault.New(fault.BadRequest, "the version %q has other characters than letters, digits and ._+-", p.Version)
			}
			return p, prefix, nil
		}
	}
	return p, "", fault.New(fault.BadFile, "there is no index.html in it: this is no web client")
}

// clientPrefixes are where a client without a wheel around it may lie: at the top, or in the only folder.
func clientPrefixes(all []entry) []string {
	prefixes := []string{"", "static/", "dist/", clientPackage + "/static/"}
	if len(all) > 0 {
		if top, _, ok := strings.Cut(all[0].name, "/"); ok {
			prefixes = append(prefixes, top+"/")
		}
	}
	return prefixes
}

const (
	clientPackage    = "comfyui_frontend_package"
	docsPackage      = "comfyui_embedded_docs"
	templatesPackage = "comfyui_workflow_templates"
)

// errNothing marks packages that only name others.
var errNothing = errors.New("the package has no files to serve")

func wheel(all []entry, has map[string]bool, dist string, p Package) (Package, string, error) {
	if err := verifyRecord(all, dist); err != nil {
		return p, "", err
	}
	name, version, ok := strings.Cut(strings.TrimSuffix(dist, ".dist-info"), "-")
	if !ok || !plainName(name) || !plainName(version) || strings.Contains(name, ".") {
		return p, "", fault.New(fault.BadFile, "the wheel's name and version (%q) cannot be read", dist)
	}
	p.Name, p.Version = strings.ToLower(name), version
	below := func(dir string) bool {
		return slices.ContainsFunc(all, func(e entry) bool { return strings.HasPrefix(e.name, dir) })
	}
	switch {
	case has[name+"/static/index.html"]:
		p.Kind = Client
		return p, name + "/static/", nil
	case p.Name == docsPackage && below(name+"/docs/"):
		p.Kind = Docs
		return p, name + "/docs/", nil
	case strings.HasPrefix(p.Name, templatesPackage) && below(name+"/templates/"):
		p.Kind = Templates
		return p, name + "/templates/", nil
	case strings.HasPrefix(p.Name, templatesPackage):
		return p, "", errNothing
	}
	return p, "", fault.New(fault.Unsupported, "the package %s is no web client, no workflow templates and no pages about nodes", name)
}
