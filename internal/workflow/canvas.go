package workflow

import (
	"math/rand/v2"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Bounds on foreign files.
const (
	maxNodes   = 100_000   // nodes of a file, and of a prompt after its subgraphs are flattened
	maxLinks   = 1_000_000 // links of a file
	maxNesting = 64        // subgraphs within subgraphs
)

// Options are what a conversion needs besides the file. The zero value is usable: random choices, the local time, no embeddings.
type Options struct {
	// Rand gives numbers in [0, 1): it picks alternatives of dynamic prompts and new seeds.
	Rand func() float64
	// Now is the time for %date:…% in file names.
	Now func() time.Time
	// Embeddings names the server's textual inversions, without suffix, as GET /embeddings gives them. A1111 text needs them.
	Embeddings []string
}

func (o Options) filled() Options {
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Problem is something about a file that its user should know.
type Problem struct {
	NodeID  string `json:"node_id,omitempty"` // as in the prompt
	Title   string `json:"title,omitempty"`   // of the node
	Message string `json:"message"`           // a sentence
	Blocks  bool   `json:"blocks"`            // the prompt cannot run as it is
}

// Canvas is a workflow as the client has it after loading. It is not safe for concurrent use.
type Canvas struct {
	types     *Types
	opts      Options
	root      *graph
	raw       []byte // the file
	defs      map[string]*graph
	instances []*node
	late      []*node // instances made before their definition
	groups    map[string]*groupType
	problems  []Problem
	lastID    int64
	count     int
	linkCount int
}

// graph is the root or the definition of a subgraph.
type graph struct {
	id, name string
	nodes    []*node
	byID     map[string]*node
	links    []*link
	byLink   map[string]*link
	inputs   []port // of a definition
	outputs  []port
	outLinks map[int]*link // what feeds each output
	raw      *object
	rawNodes []*object
	ready    bool // its nodes are made and linked
}

// port is an input or output of a subgraph.
type port struct{ name, typ string }

// link joins an output to an input. The ends inputNode and outputNode stand for the subgraph's own.
type link struct {
	id, from, to     string
	fromSlot, toSlot int
}

const (
	inputNode  = "-10"
	outputNode = "-20"
)

func newGraph() *graph {
	return &graph{byID: map[string]*node{}, byLink: map[string]*link{}, outLinks: map[int]*link{}}
}

func (c *Canvas) problem(n *node, id string, blocks bool, message string) {
	p := Problem{NodeID: id, Message: message, Blocks: blocks}
	if n != nil {
		if p.Title = n.title; p.Title == "" {
			p.Title = n.typ
		}
	}
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, p)
	}
}

// maxProblems bounds a report.
const maxProblems = 500

// Problems gives what was found wrong while loading and by the last call of Prompt.
func (c *Canvas) Problems() []Problem { return append([]Problem(nil), c.problems...) }

func (c *Canvas) counted(n int) error {
	if c.count += n; c.count > maxNodes {
		return fault.New(fault.TooLarge, "the workflow has more than %d nodes", maxNodes)
	}
	return nil
}

// feeds gives the widget an input of a subgraph leads to, or nil.
func (g *graph) feeds(input int) *widget {
	for _, l := range g.links {
		if l.from != inputNode || l.fromSlot != input {
			continue
		}
		if n := g.byID[l.to]; n != nil {
			for _, s := range n.inputs {
				if s.link == l {
					if w := n.slotWidget(s); w != nil {
						return w
					}
				}
			}
		}
	}
	return nil
}

// slotWidget gives the widget behind a slot, or nil.
func (n *node) slotWidget(s *slot) *widget {
	if s.host != nil || s.widget == "" {
		return s.host
	}
	return n.widget(s.widget)
}

// all calls f for every node, those of an instance before the instance.
func (c *Canvas) all(f func(*node)) {
	seen := map[*graph]bool{}
	var visit func(*graph)
	visit = func(g *graph) {
		if seen[g] {
			return
		}
		seen[g] = true
		for _, n := range g.nodes {
			if n.sub != nil {
				visit(n.sub)
			}
			f(n)
		}
	}
	visit(c.root)
}
