package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// Pack is what a node pack brings for the client, as a folder: web/ with scripts, example_workflows/ (or example, examples,
// workflow, workflows), locales/LANGUAGE/ and subgraphs/.
type Pack struct {
	Name  string
	Files fs.FS
}

type packs struct {
	list  []Pack // sorted by name
	words func() *doc.Object
	once  sync.Once
}

func (p *packs) find(name string) (Pack, bool) {
	i := slices.IndexFunc(p.list, func(k Pack) bool { return k.Name == name })
	if i < 0 {
		return Pack{}, false
	}
	return p.list[i], true
}

// maxPackFile bounds the bytes of a file of a pack that is read whole.
const maxPackFile = 16 << 20

func readPackFile(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxPackFile))
}

// extensions is GET /extensions: scripts that the client loads, its own first.
func (s *Server) extensions(w http.ResponseWriter, r *http.Request, _ params) error {
	list := []any{}
	add := func(files fs.FS, dir, prefix string) {
		_ = fs.WalkDir(files, dir, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(p, ".js") {
				list = append(list, prefix+strings.TrimPrefix(p, dir+"/"))
			}
			return nil
		})
	}
	if s.c.ClientFiles != nil {
		add(s.c.ClientFiles, "extensions", "/extensions/")
	}
	for _, p := range s.clientPacks(r) {
		add(p.Files, "web", "/extensions/"+url.PathEscape(p.Name)+"/")
	}
	writeDoc(w, 200, list)
	return nil
}

// extensionFile is GET /extensions/{pack}/….
func (s *Server) extensionFile(w http.ResponseWriter, r *http.Request, p params) error {
	pack, ok := s.clientPack(r, p.get("pack"))
	if !ok {
		s.webRoot(w, r)
		return nil
	}
	web, err := fs.Sub(pack.Files, "web")
	if err != nil {
		return err
	}
	static(w, r, web, unescaped(strings.TrimPrefix(p.ps.ByName("path"), "/")))
	return nil
}

// exampleDirs are where packs keep their workflows.
var exampleDirs = []string{"example_workflows", "example", "examples", "workflow", "workflows"}

// examples maps the names of a pack's workflows to their files. Names that come twice get their folder behind them.
func (p Pack) examples() (names []string, files map[string]string) {
	files = map[string]string{}
	for _, dir := range exampleDirs {
		entries, err := fs.ReadDir(p.Files, dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			stem, ok := strings.CutSuffix(e.Name(), ".json")
			if !ok || e.IsDir() {
				continue
			}
			name := stem
			for i := 1; files[name] != ""; i++ {
				if name = stem + "-" + dir; i > 1 {
					name = fmt.Sprintf("%s-%d", name, i)
				}
			}
			files[name] = path.Join(dir, e.Name())
			names = append(names, name)
		}
	}
	return names, files
}

// workflowTemplates is GET /workflow_templates.
func (s *Server) workflowTemplates(w http.ResponseWriter, _ *http.Request, _ params) error {
	all := &doc.Object{}
	for _, p := range s.packs.list {
		if names, _ := p.examples(); len(names) > 0 {
			all.Set(p.Name, names)
		}
	}
	writeDoc(w, 200, all)
	return nil
}

// workflowTemplate is GET /api/workflow_templates/{pack}/{file}.
func (s *Server) workflowTemplate(w http.ResponseWriter, r *http.Request, p params) error {
	pack, ok := s.packs.find(p.get("pack"))
	name, isJSON := strings.CutSuffix(p.get("file"), ".json")
	if !ok || !isJSON {
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

// missing answers as the client's files do when there is none of that name.
func (s *Server) missing(w http.ResponseWriter) error {
	if a := inner(w); a != nil {
		a.mount = true
	}
	return plain(http.StatusNotFound)
}

// i18n is GET /i18n: the packs' translations, merged in the order of their names.
func (s *Server) i18n(w http.ResponseWriter, _ *http.Request, _ params) error {
	s.packs.once.Do(func() { s.packs.words = sync.OnceValue(s.packs.translations) })
	writeDoc(w, 200, s.packs.words())
	return nil
}

func (p *packs) translations() *doc.Object {
	all := &doc.Object{}
	for _, pack := range p.list {
		languages, _ := fs.ReadDir(pack.Files, "locales")
		for _, l := range languages {
			if !l.IsDir() {
				continue
			}
			words := &doc.Object{}
			for _, part := range []string{"main", "nodeDefs", "commands", "settings"} {
				b, err := readPackFile(pack.Files, path.Join("locales", l.Name(), part+".json"))
				if err != nil {
					continue
				}
				o := stored(b)
				if part != "main" {
					o = object(part, o)
				}
				merge(words, o)
			}
			merge(all, object(l.Name(), words))
		}
	}
	return all
}

// merge puts from into into: objects are merged, lists joined, and of other values the later wins.
func merge(into, from *doc.Object) {
	for i := range from.Len() {
		k, v := from.At(i)
		old, _ := into.Get(k)
		switch t := v.(type) {
		case *doc.Object:
			if o, ok := old.(*doc.Object); ok {
				merge(o, t)
				continue
			}
		case []any:
			if l, ok := old.([]any); ok {
				into.Set(k, slices.Concat(l, t))
				continue
			}
		}
		into.Set(k, v)
	}
}

// graph is a subgraph of a pack.
type graph struct {
	id   string
	view *doc.Object
	pack Pack
	file string
}

func (p *packs) graphs() []graph {
	var all []graph
	for _, pack := range p.list {
		names, _ := fs.Glob(pack.Files, "subgraphs/*.json")
		for _, n := range names {
			sum := sha256.Sum256([]byte("custom_node" + pack.Name + "/" + n))
			view := object("source", "custom_node", "name", strings.TrimSuffix(path.Base(n), ".json"),
				"info", object("node_pack", "custom_nodes."+pack.Name))
			all = append(all, graph{hex.EncodeToString(sum[:]), view, pack, n})
		}
	}
	return all
}

// subgraphs is GET /global_subgraphs.
func (s *Server) subgraphs(w http.ResponseWriter, _ *http.Request, _ params) error {
	all := &doc.Object{}
	for _, g := range s.packs.graphs() {
		all.Set(g.id, g.view)
	}
	writeDoc(w, 200, all)
	return nil
}

// subgraph is GET /global_subgraphs/{id}.
func (s *Server) subgraph(w http.ResponseWriter, _ *http.Request, p params) error {
	for _, g := range s.packs.graphs() {
		if g.id == p.get("id") {
			b, err := readPackFile(g.pack.Files, g.file)
			if err != nil {
				break
			}
			g.view.Set("data", string(b))
			writeDoc(w, 200, g.view)
			return nil
		}
	}
	writeDoc(w, 200, nil)
	return nil
}

// nodeReplacements is GET /node_replacements.
func (s *Server) nodeReplacements(w http.ResponseWriter, r *http.Request, _ params) error {
	all := &doc.Object{}
	for _, r := range s.c.Registry.Replacements(r.Context()) {
		var widgets, inputs, outputs any
		if r.Inputs != nil {
			names, moves := []any{}, []any{}
			for _, m := range r.Inputs {
				if m.Old == "" {
					moves = append(moves, object("new_id", m.New, "set_value", m.Value))
					continue
				}
				names = append(names, m.Old)
				moves = append(moves, object("new_id", m.New, "old_id", m.Old))
			}
			widgets, inputs = names, moves
		}
		if r.Outputs != nil {
			moves := []any{}
			for _, old := range sortedKeys(r.Outputs) {
				moves = append(moves, object("new_idx", r.Outputs[old], "old_idx", old))
			}
			outputs = moves
		}
		list, _ := all.Get(r.Old)
		before, _ := list.([]any)
		all.Set(r.Old, append(before, object("new_node_id", r.New, "old_node_id", r.Old, "old_widget_ids", widgets,
			"input_mapping", inputs, "output_mapping", outputs)))
	}
	writeDoc(w, 200, all)
	return nil
}

func sortedKeys(m map[int]int) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
