package server

import (
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/server/reply"
)

// Pack is what a node pack brings for the client, as a folder: web/ with scripts, example_workflows/ (or example, examples,
// workflow, workflows), locales/LANGUAGE/ and subgraphs/.
type Pack struct {
	Name  string
	Files fs.FS
}

type packs struct {
	list []Pack // sorted by name
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
	reply.Doc(w, 200, list)
	return nil
}

// extensionFile is GET /extensions/{pack}/….
func (s *Server) extensionFile(w http.ResponseWriter, r *http.Request, p params) error {
	name := p.get("pack")
	file := unescaped(strings.TrimPrefix(p.ps.ByName("path"), "/"))
	if _, own := s.packs.find(name); !own && strings.HasPrefix(file, "docs/") {
		if b := s.stock(r.Context()).find(name); b != nil && s.bundledPage(w, r, b, file) {
			return nil
		}
	}
	pack, ok := s.clientPack(r, name)
	if !ok {
		s.webRoot(w, r)
		return nil
	}
	web, err := fs.Sub(pack.Files, "web")
	if err != nil {
		return err
	}
	static(w, r, web, file)
	return nil
}

// missing answers as the client's files do when there is none of that name.
func (s *Server) missing(w http.ResponseWriter) error {
	if a := inner(w); a != nil {
		a.mount = true
	}
	return plain(http.StatusNotFound)
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
					moves = append(moves, doc.Of("new_id", m.New, "set_value", m.Value))
					continue
				}
				names = append(names, m.Old)
				moves = append(moves, doc.Of("new_id", m.New, "old_id", m.Old))
			}
			widgets, inputs = names, moves
		}
		if r.Outputs != nil {
			moves := []any{}
			for _, old := range sortedKeys(r.Outputs) {
				moves = append(moves, doc.Of("new_idx", r.Outputs[old], "old_idx", old))
			}
			outputs = moves
		}
		list, _ := all.Get(r.Old)
		before, _ := list.([]any)
		all.Set(r.Old, append(before, doc.Of("new_node_id", r.New, "old_node_id", r.Old, "old_widget_ids", widgets,
			"input_mapping", inputs, "output_mapping", outputs)))
	}
	reply.Doc(w, 200, all)
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
