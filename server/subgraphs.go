package server

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/reply"
)

// Bounds of an extension's subgraphs, all of which clients load when they start.
const (
	maxSubgraphs     = 64
	maxSubgraphFile  = 1 << 20 // bytes
	maxSubgraphBytes = 8 << 20 // of all of an extension's
)

// graph is a subgraph of a pack or an extension.
type graph struct {
	id, name, owner, file string
	read                  func() ([]byte, error)
}

func newGraph(owner, file string, read func() ([]byte, error)) graph {
	sum := sha256.Sum256([]byte("custom_node" + owner + "/" + file))
	return graph{hex.EncodeToString(sum[:]), strings.TrimSuffix(path.Base(file), ".json"), owner, file, read}
}

// view is what is listed of it.
func (g *graph) view() *doc.Object {
	return doc.Of("source", "custom_node", "name", g.name, "info", doc.Of("node_pack", "custom_nodes."+g.owner))
}

func (p *packs) graphs() []graph {
	var all []graph
	for _, pack := range p.list {
		names, _ := fs.Glob(pack.Files, "subgraphs/*.json")
		for _, n := range names {
			all = append(all, newGraph(pack.Name, n, func() ([]byte, error) { return readPackFile(pack.Files, n) }))
		}
	}
	return all
}

// subgraphs lists those of an extension that a client can load: one that cannot would be an error message at its start.
func (b *bundle) subgraphs() []graph {
	var all []graph
	left := int64(maxSubgraphBytes)
	for _, file := range b.in("subgraphs") {
		name := "subgraphs/" + file
		n := b.Files[name]
		if !strings.HasSuffix(file, ".json") || len(all) == maxSubgraphs || n > maxSubgraphFile || n > left {
			continue
		}
		left -= n
		if text, err := b.read(name); err == nil && checkSubgraph(text) == nil {
			all = append(all, newGraph(b.ID, name, func() ([]byte, error) { return b.read(name) }))
		}
	}
	return all
}

// checkSubgraph looks whether a file is a subgraph as clients publish it: a workflow of one node, whose class is among its
// definitions.
func checkSubgraph(text []byte) error {
	o, err := graphOf(text)
	if err != nil {
		return err
	}
	nodes, _ := doc.Within(o, "nodes").([]any)
	list, _ := doc.Within(o, "definitions", "subgraphs").([]any)
	if len(nodes) != 1 || len(list) == 0 {
		return fault.New(fault.BadFile, "it is not one node with its definition, as the client publishes a subgraph")
	}
	class, _ := doc.Within(nodes[0], "type").(string)
	found := false
	for _, d := range list {
		def, ok := d.(*doc.Object)
		if !ok {
			return fault.New(fault.BadFile, "one of its definitions is no object")
		}
		id, _ := def.Get("id")
		found = found || id == any(class)
	}
	if class == "" || !found {
		return fault.New(fault.BadFile, "its node %.80q is none of its definitions", class)
	}
	for _, key := range []string{"inputs", "outputs"} {
		ports, _ := nodes[0].(*doc.Object).Get(key)
		list, ok := ports.([]any)
		if ports != nil && !ok {
			return fault.New(fault.BadFile, "the %s of its node are no list", key)
		}
		for _, p := range list {
			if _, ok := p.(*doc.Object); !ok {
				return fault.New(fault.BadFile, "the %s of its node are no objects", key)
			}
		}
	}
	return nil
}

// graphs lists the packs' subgraphs, then those of the tenant's extensions. Clients go by names: a name that is taken gets
// its extension's id behind it.
func (s *Server) graphs(r *http.Request) []graph {
	all := s.packs.graphs()
	more := s.stock(r.Context()).graphs()
	if len(more) == 0 {
		return all
	}
	taken := map[string]bool{}
	for i := range all {
		taken[all[i].name] = true
	}
	for _, g := range more {
		if taken[g.name] {
			g.name += " (" + g.owner + ")"
		}
		taken[g.name] = true
		all = append(all, g)
	}
	return all
}

// subgraphs is GET /global_subgraphs.
func (s *Server) subgraphs(w http.ResponseWriter, r *http.Request, _ params) error {
	all := &doc.Object{}
	for _, g := range s.graphs(r) {
		all.Set(g.id, g.view())
	}
	seal(all).send(w, r)
	return nil
}

// subgraph is GET /global_subgraphs/{id}.
func (s *Server) subgraph(w http.ResponseWriter, r *http.Request, p params) error {
	for _, g := range s.graphs(r) {
		if g.id == p.get("id") {
			b, err := g.read()
			if err != nil {
				break
			}
			view := g.view()
			view.Set("data", string(b))
			seal(view).send(w, r)
			return nil
		}
	}
	reply.Doc(w, 200, nil)
	return nil
}
