package node

import "context"

// Node is what the engine runs: a built-in Def, or a guest.
//
// Its life: Schema is asked often and must be cheap. For each run of a prompt the engine may ask Fingerprint (has anything
// outside the inputs changed?), Check (are these constants acceptable?), then Need until no lazy input is wanted, then Run,
// once for each item of its list inputs. The last four may run at the same time for different prompts.
//
// The values in args stay until Run returns. What goes on after that must hold the value, not only a slice of its memory: of
// some the memory goes with them.
type Node interface {
	Schema() *Schema
	Run(ctx context.Context, args Args) (Reply, error)
}

// Checker is a Node that looks at constants before a prompt is queued. args lacks linked inputs and holds only inputs that
// Checks names; with All it holds every supplied one. Range and list checks of those inputs are left to it.
type Checker interface {
	Checks() (names []string, all bool)
	Check(ctx context.Context, args Args) error
}

// LinkChecker is a Checker that is also told the types of linked inputs, by name; the engine then leaves the checking of
// link types to it.
type LinkChecker interface {
	Checker
	CheckLinks(ctx context.Context, args Args, linked map[string]Type) error
}

// Fingerprinter is a Node whose result depends on more than its inputs, such as a file. Linked inputs are absent from args.
// Equal fingerprints mean that a cached result still holds; a NaN never equals itself and so forces a run.
type Fingerprinter interface {
	Fingerprint(ctx context.Context, args Args) (any, error)
}

// Needer is a Node with lazy inputs. It is given what is there already and names the inputs that it needs besides.
type Needer interface {
	Need(ctx context.Context, args Args) ([]string, error)
}

// Args are a call's values by input name: Go values as links carry them; constants are int64 (uint64 above its range),
// float64, string, bool, nil, []any and map[string]any. With InputIsList every value is a List. An absent optional input
// is absent here too.
type Args map[string]any

// List is several values for one port.
type List []any

// Blocker stands in for a value whose consumers must not run. A message, if there is one, is reported once.
type Blocker struct {
	Message string
	Say     bool // false: block silently
}

// Reply is what a call gave.
type Reply struct {
	// Outputs has one value an output; a List for outputs declared so; a Blocker blocks what hangs on it.
	Outputs []any
	// UI is shown to the client and kept in the history: kind → items. nil for none.
	UI UI
	// Expand replaces the node by a graph; Outputs may then hold Sockets of it.
	Expand *Graph
	// Block blocks every output.
	Block *Blocker
}

// UI is a node's message to the client: kind ("images", "text", …) → items.
type UI map[string][]any

// File is an item of a UI: something that /view serves.
type File struct {
	Filename  string `json:"filename"`
	Subfolder string `json:"subfolder"`
	Type      string `json:"type"` // "output", "temp" or "input"
}

// Socket points at an output of a node in a prompt or an expansion: what a link comes from.
type Socket struct {
	Node   string
	Output int
}

// Graph is a fragment of a prompt that a node returns in its place: nodes by id.
type Graph struct {
	Nodes []GraphNode // in the order they were made
}

// GraphNode is one node of a Graph. Inputs hold constants and Sockets.
type GraphNode struct {
	ID        string
	Class     string
	Inputs    map[string]any
	Order     []string // of the inputs; those it lacks follow by name
	DisplayAs string   // node id that events name; "" for the expanding node
}
