package workflow

import (
	"math/rand/v2"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Bounds on foreign files.
const (
	maxNodes     = 100_000 // nodes of a file, and of a prompt after its subgraphs are flattened
	maxLinks     = 300_000 // links of a file
	maxSlots     = 2_000   // inputs of a node
	maxAllSlots  = 1_000_000
	maxNesting   = 64    // subgraphs within subgraphs
	maxPromoted  = 2_000 // proxyWidgets of a file
	maxGroups    = 1_000 // old group nodes of a file
	maxIDBytes   = 256
	maxProblems  = 500
	maxFileBytes = 64 << 20
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
	types      *Types
	opts       Options
	root       *graph
	raw        []byte // the file
	defs       map[string]*graph
	instances  []*node
	late       []*node // instances made before their definition
	groups     map[string]*groupType
	problems   []Problem
	loaded     int // how many of them were found while loading
	prompted   bool
	lastID     int64
	count      int
	linkCount  int
	slotCount  int
	proxies    int // seen so far
	groupsMade int
	err        error  // the first bound that was passed
	names      *names // for quotes in texts, while a prompt is made
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
	outLinks map[int]*link   // what feeds each output
	inLinks  map[int][]*link // of each input; nil if not yet listed
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
	dead             bool // taken out, but still in the list
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

// Problems gives what was found wrong while loading and by the last call of Prompt.
func (c *Canvas) Problems() []Problem { return append([]Problem(nil), c.problems...) }

func (c *Canvas) counted(n int) error {
	if c.count += n; c.count > maxNodes {
		return fault.New(fault.TooLarge, "the workflow has more than %d nodes", maxNodes)
	}
	return nil
}

// slots counts the inputs of all nodes.
func (c *Canvas) slots(n int) {
	if c.slotCount += n; c.slotCount > maxAllSlots && c.err == nil {
		c.err = fault.New(fault.TooLarge, "the nodes of the workflow have more than %d inputs", maxAllSlots)
	}
}

// feeds gives the widget an input of a subgraph leads to, or nil.
func (g *graph) feeds(input int) *widget {
	for _, l := range g.fromInput(input) {
		n := g.byID[l.to]
		if n == nil || l.toSlot < 0 || l.toSlot >= len(n.inputs) || n.inputs[l.toSlot].link != l {
			continue
		}
		if w := n.slotWidget(n.inputs[l.toSlot]); w != nil {
			return w
		}
	}
	return nil
}

// fromInput lists the links of an input of a definition.
func (g *graph) fromInput(input int) []*link {
	if g.inLinks == nil {
		g.inLinks = map[int][]*link{}
		for _, l := range g.links {
			if l.from == inputNode && !l.dead {
				g.inLinks[l.fromSlot] = append(g.inLinks[l.fromSlot], l)
			}
		}
	}
	return g.inLinks[input]
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
