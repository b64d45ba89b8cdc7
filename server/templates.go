package server

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// exampleDirs are where packs keep their workflows.
var exampleDirs = []string{"example_workflows", "example", "examples", "workflow", "workflows"}

// examplesIn maps the names of workflows to their files; list gives the names of the files of a folder. Names that come twice
// get their folder behind them.
func examplesIn(list func(dir string) []string) (names []string, files map[string]string) {
	files = map[string]string{}
	for _, dir := range exampleDirs {
		for _, file := range list(dir) {
			stem, ok := strings.CutSuffix(file, ".json")
			if !ok {
				continue
			}
			name := stem
			for i := 1; files[name] != ""; i++ {
				if name = stem + "-" + dir; i > 1 {
					name = fmt.Sprintf("%s-%d", name, i)
				}
			}
			files[name] = path.Join(dir, file)
			names = append(names, name)
		}
	}
	return names, files
}

func (p Pack) examples() (names []string, files map[string]string) {
	return examplesIn(func(dir string) (list []string) {
		entries, err := fs.ReadDir(p.Files, dir)
		if err != nil {
			return nil
		}
		for _, e := range entries {
			if !e.IsDir() {
				list = append(list, e.Name())
			}
		}
		return list
	})
}

// Bounds of an extension's workflows.
const (
	maxTemplates    = 256
	maxTemplateFile = 4 << 20 // bytes
	maxThumbnail    = 4 << 20 // bytes
)

// ownTemplates are the names of the client's own groups, which no extension can have.
var ownTemplates = []string{"all", "default"}

// pictures are the endings of pictures that are sent to clients, in the order in which they are looked for.
var pictures = []string{".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".svg"}

// examples are an extension's workflows. Their names are parts of addresses that clients do not escape.
func (b *bundle) examples() (names []string, files map[string]string) {
	all, files := examplesIn(func(dir string) (list []string) {
		for _, file := range b.in(dir) {
			if b.Files[dir+"/"+file] <= maxTemplateFile && !strings.ContainsAny(file, "#%") {
				list = append(list, file)
			}
		}
		return list
	})
	return all[:min(len(all), maxTemplates)], files
}

// workflowTemplates is GET /workflow_templates.
func (s *Server) workflowTemplates(w http.ResponseWriter, r *http.Request, _ params) error {
	all := &doc.Object{}
	for _, p := range s.packs.list {
		if names, _ := p.examples(); len(names) > 0 {
			all.Set(p.Name, names)
		}
	}
	for _, b := range s.stock(r.Context()).bundles {
		if len(b.names) > 0 && !all.Has(b.ID) {
			all.Set(b.ID, b.names)
		}
	}
	seal(all).send(w, r)
	return nil
}

// workflowTemplate is GET /api/workflow_templates/{pack}/{file}; of extensions also the picture beside a workflow.
func (s *Server) workflowTemplate(w http.ResponseWriter, r *http.Request, p params) error {
	pack, ok := s.packs.find(p.get("pack"))
	if !ok {
		return s.bundleTemplate(w, r, p)
	}
	name, isJSON := strings.CutSuffix(p.get("file"), ".json")
	if !isJSON {
		return s.missing(w)
	}
	_, files := pack.examples()
	file := files[name]
	if file == "" {
		return s.missing(w)
	}
	static(w, r, pack.Files, file)
	return nil
}

func (s *Server) bundleTemplate(w http.ResponseWriter, r *http.Request, p params) error {
	b := s.stock(r.Context()).find(p.get("pack"))
	if b == nil {
		return s.missing(w)
	}
	ending := path.Ext(p.get("file"))
	file := b.templates[strings.TrimSuffix(p.get("file"), ending)]
	if file == "" {
		return s.missing(w)
	}
	if ending != ".json" {
		// Compat: the client asks for a JPEG, whatever there is.
		name := b.pick(maxThumbnail, alternatives(strings.TrimSuffix(file, ".json"), ending)...)
		if name == "" {
			return s.missing(w)
		}
		return s.sendBundled(w, r, b, name, nil)
	}
	return s.sendBundled(w, r, b, file, func(text []byte) ([]byte, error) {
		_, err := graphOf(text)
		return text, err
	})
}

// alternatives are the names of a picture: with the ending that is asked for, or another.
func alternatives(stem, ending string) []string {
	if !strings.Contains(strings.Join(pictures, " ")+" ", ending+" ") || ending == "" {
		return nil
	}
	names := []string{stem + ending}
	for _, e := range pictures {
		names = append(names, stem+e)
	}
	return names
}

// graphOf reads the JSON of a workflow, and looks for names that would be markup in a page.
func graphOf(text []byte) (*doc.Object, error) {
	o, err := doc.ParseObject(text, doc.Limits{Bytes: maxTemplateFile, Depth: 100, Digits: 400})
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "it is no workflow")
	}
	if bad := markupIn(o); bad != "" {
		return nil, fault.New(fault.BadFile, "it has the name %.80q, which would be markup in a page", bad)
	}
	return o, nil
}

// markupIn finds a text with the start of a tag, outside of the values of widgets: those are what people write, and no client
// takes them for HTML unseen.
func markupIn(v any) string {
	switch x := v.(type) {
	case string:
		if tagOpens.MatchString(x) {
			return x
		}
	case []any:
		for _, e := range x {
			if bad := markupIn(e); bad != "" {
				return bad
			}
		}
	case *doc.Object:
		for i := range x.Len() {
			key, e := x.At(i)
			if tagOpens.MatchString(key) {
				return key
			}
			if key == "widgets_values" {
				continue
			}
			if bad := markupIn(e); bad != "" {
				return bad
			}
		}
	}
	return ""
}
