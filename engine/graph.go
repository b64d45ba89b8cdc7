package engine

import (
	"slices"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// vertex is a node of a prompt, or of an expansion.
type vertex struct {
	id     string
	class  string
	node   node.Node
	schema *node.Schema
	inputs *doc.Object // constants and links, by name
	body   *doc.Object // the whole node as submitted; nil in an expansion
	parent *vertex     // the node that expanded to this one; nil at the top
	// shownID is the id that events name as the display node, realID that of the submitted node it stems from.
	shownID, realID string
	home            *level // whose caches hold its results
	// Loops: the start that a closing node belongs to, and what lies inside a starting one.
	start  *vertex
	inside []*vertex
	looped bool // lies inside a loop: only its copies run
	made   bool // by an expansion, not by the prompt's sender
}

// wrote looks among the texts that the prompt's sender wrote as the node's inputs.
func (v *vertex) wrote(match func(text string) bool) bool {
	if v.made || v.inputs == nil {
		return false
	}
	for i := range v.inputs.Len() {
		_, value := v.inputs.At(i)
		if _, isLink := linkOf(value); !isLink && textIn(value, match, 3) {
			return true
		}
	}
	return false
}

// textIn looks among the texts of a constant.
func textIn(value any, match func(text string) bool, depth int) bool {
	switch x := value.(type) {
	case string:
		return match(x)
	case []any:
		return depth > 0 && slices.ContainsFunc(x, func(e any) bool { return textIn(e, match, depth-1) })
	case *doc.Object:
		for i := 0; depth > 0 && i < x.Len(); i++ {
			if _, e := x.At(i); textIn(e, match, depth-1) {
				return true
			}
		}
	}
	return false
}

// graph is a prompt, with what its nodes expand to.
type graph struct {
	order []*vertex // as submitted, then as expanded
	byID  map[string]*vertex
	own   int // how many of order were submitted
	forms forms
}

func (g *graph) get(id string) (*vertex, bool) {
	v, ok := g.byID[id]
	return v, ok
}

func (v *vertex) parentID() *string {
	if v.parent == nil {
		return nil
	}
	return &v.parent.id
}

// link is what a link value says.
type link struct {
	from string
	out  int
	odd  bool // the index is not a whole number
}

// linkOf reads a value as a link: a pair of a string and a number, or a Socket that a node made.
func linkOf(v any) (link, bool) {
	switch x := v.(type) {
	case node.Socket:
		return link{from: x.Node, out: x.Output}, true
	case []any:
		if len(x) != 2 {
			return link{}, false
		}
		from, ok := x[0].(string)
		if !ok {
			return link{}, false
		}
		switch n := x[1].(type) {
		case int64:
			return link{from: from, out: clampInt(n)}, true
		case int:
			return link{from: from, out: n}, true
		case bool: // Compat: the reference counts true and false among the integers
			if n {
				return link{from: from, out: 1}, true
			}
			return link{from: from}, true
		case float64, uint64, bigInt:
			return link{from: from, odd: true}, true
		}
	}
	return link{}, false
}

func clampInt(n int64) int {
	const far = 1 << 30
	return int(min(max(n, -far), far))
}

// at is the place of the link's output among n, or -1. Negative indices count from the end.
func (l link) at(n int) int {
	i := l.out
	if i < 0 {
		i += n
	}
	if l.odd || i < 0 || i >= n {
		return -1
	}
	return i
}

// port is an input of a vertex with its declaration.
type port struct {
	name  string
	value any
	link  link
	isIn  bool        // value is a link
	decl  *node.Input // nil when undeclared
}

// ports pairs the vertex's inputs with their declarations, in the order of the prompt.
func (v *vertex) ports(f *form) []port {
	out := make([]port, v.inputs.Len())
	for i := range out {
		p := &out[i]
		p.name, p.value = v.inputs.At(i)
		p.link, p.isIn = linkOf(p.value)
		p.decl = f.find(p.name)
		if v.body != nil {
			p.value = unkept(p.value, p.decl)
		}
	}
	return out
}
