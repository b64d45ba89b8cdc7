package workflow

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// LoadWorkflow loads a client's workflow. It fails where the client does: no object, null among nodes or links, a subgraph
// within itself; everything else is repaired as the client repairs it.
func LoadWorkflow(ctx context.Context, data []byte, types *Types, opts Options) (*Canvas, error) {
	if len(data) > maxFileBytes {
		return nil, fault.New(fault.TooLarge, "the workflow has %d bytes, more than %d", len(data), maxFileBytes)
	}
	v, err := parseJSON(string(data), false)
	if err != nil {
		return nil, err
	}
	root, ok := v.(*object)
	if !ok {
		return nil, fault.New(fault.BadFile, "a workflow must be a JSON object")
	}
	c, err := load(ctx, root, types, opts)
	if err != nil {
		return nil, err
	}
	c.raw = data
	return c, nil
}

func load(ctx context.Context, root *object, types *Types, opts Options) (*Canvas, error) {
	c := newCanvas(types, opts)
	if root.has("config") && root.get("config") == nil {
		return nil, fault.New(fault.BadFile, "the workflow's config is null") // Compat: the client cannot load it either
	}
	c.root.raw = root
	var err error
	if c.root.rawNodes, err = c.rawNodes(root); err != nil {
		return nil, err
	}
	c.lastID = max(integer(root.get("last_node_id")), integer(root.object("state").get("lastNodeId")), 0)
	c.readGroups(root.object("extra").object("groupNodes"))
	if err := c.loadDefinitions(ctx, root); err != nil {
		return nil, err
	}
	if err := c.build(ctx, c.root); err != nil {
		return nil, err
	}
	c.all((*node).repair)
	return c, c.convertGroups()
}

func newCanvas(types *Types, opts Options) *Canvas {
	c := &Canvas{types: types, opts: opts.filled(), defs: map[string]*graph{}, root: newGraph()}
	return c
}

func (c *Canvas) rawNodes(raw *object) ([]*object, error) {
	var list []*object
	for _, v := range raw.array("nodes") {
		o, ok := v.(*object)
		if !ok {
			return nil, fault.New(fault.BadFile, "the workflow's node list holds something that is no node")
		}
		list = append(list, o)
	}
	return list, c.counted(len(list))
}

// build makes a graph's nodes and links them.
func (c *Canvas) build(ctx context.Context, g *graph) error {
	if err := c.readLinks(g); err != nil {
		return err
	}
	for _, raw := range g.rawNodes {
		c.place(g, raw)
	}
	for i, n := range g.nodes {
		c.configure(n, g.rawNodes[i])
		if c.slots(len(n.inputs)); c.err != nil {
			return c.err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("load node %s: %w", n.id, err)
		}
	}
	c.connect(g)
	g.ready = true
	for _, n := range g.nodes {
		if n.kind == instance {
			c.bind(n, true)
		}
	}
	c.bindLate(g)
	for i, n := range g.nodes {
		if n.kind == instance {
			c.promote(n, g.rawNodes[i])
		}
	}
	c.fillPrimitives(g, g.rawNodes)
	return c.err
}

// place adds an empty node. A doubled or missing id is replaced by a new one.
func (c *Canvas) place(g *graph, raw *object) {
	id := nodeID(raw.get("id"))
	if len(id) > maxIDBytes && c.err == nil {
		c.err = fault.New(fault.TooLarge, "the id of a node has more than %d bytes", maxIDBytes)
	}
	if id == "" || id == "-1" || g.byID[id] != nil {
		id = c.newID(func(id string) bool { return g.byID[id] != nil })
	} else if i, ok := canonical(id); ok {
		c.lastID = max(c.lastID, i)
	}
	n := c.make(raw)
	n.id = id
	g.nodes = append(g.nodes, n)
	g.byID[id] = n
}

// newID mints the next number that is not taken.
func (c *Canvas) newID(taken func(string) bool) string {
	for {
		c.lastID++
		if id := strconv.FormatInt(c.lastID, 10); !taken(id) {
			return id
		}
	}
}

// make chooses what a node of the file is.
func (c *Canvas) make(raw *object) *node {
	typ, ok := raw.get("type").(string)
	if !ok {
		return &node{typ: "undefined", kind: unknown}
	}
	switch typ {
	case "Reroute":
		return &node{typ: typ, title: typ, kind: reroute}
	case "PrimitiveNode":
		return &node{typ: typ, title: "Primitive", kind: primitive}
	case "Note", "MarkdownNote":
		return &node{typ: typ, title: typ, kind: note}
	}
	if sub := c.defs[typ]; sub != nil {
		n := &node{typ: typ, title: sub.name, kind: instance, sub: sub}
		c.instances = append(c.instances, n)
		return n
	}
	if g := c.group(typ); g != nil {
		return newNode(g.def)
	}
	if def := c.types.get(typ); def != nil {
		return newNode(def)
	}
	return &node{typ: typ, kind: unknown}
}

// configure takes over what the file says about a node.
func (c *Canvas) configure(n *node, raw *object) {
	if m, ok := raw.get("mode").(float64); ok {
		n.mode = int(m)
	}
	if t := raw.text("title"); t != "" {
		n.title = t
	}
	n.props = raw.object("properties")
	values := raw.array("widgets_values")
	n.values = values
	switch n.kind {
	case plain:
		n.restore(n.current(values))
		n.keepSockets(raw)
	case unknown:
		for i, v := range values {
			name := "UNKNOWN"
			if i > 0 {
				name += "_" + strconv.Itoa(i)
			}
			n.widgets = append(n.widgets, &widget{name: name, typ: "text", value: v, inFile: true, inPrompt: true})
		}
		n.fileSlots(raw)
	case instance:
		for _, p := range n.sub.inputs[:min(len(n.sub.inputs), maxSlots)] {
			n.inputs = append(n.inputs, &slot{name: p.name, typ: p.typ})
		}
		for _, p := range n.sub.outputs {
			n.outputs = append(n.outputs, output(p))
		}
	default:
		n.fileSlots(raw)
		if n.kind == reroute && len(n.inputs) == 0 {
			n.inputs = []*slot{{typ: "*"}}
		}
	}
}

// keepSockets keeps sockets of the file that the definition lacks; slots of widgets it lacks are dropped.
func (n *node) keepSockets(raw *object) {
	have := map[string]bool{}
	for _, s := range n.inputs {
		have[s.name] = true
	}
	for _, s := range slots(raw) {
		name := s.text("name")
		if have[name] || s.get("widget") != nil || n.inGroup(name) {
			continue
		}
		have[name] = true
		n.inputs = append(n.inputs, &slot{name: name, typ: typeName(s.get("type"))})
	}
	for i, v := range raw.array("outputs") {
		if o, ok := v.(*object); ok && i >= len(n.outputs) && i < maxSlots {
			n.outputs = append(n.outputs, output{name: o.text("name"), typ: typeName(o.get("type"))})
		}
	}
}

// inGroup reports whether name belongs to a dynamic combo.
func (n *node) inGroup(name string) bool {
	for _, w := range n.widgets {
		if w.options != nil && under(w.name, name) {
			return true
		}
	}
	return false
}

// fileSlots takes the slots as the file has them.
func (n *node) fileSlots(raw *object) {
	for _, s := range slots(raw) {
		n.inputs = append(n.inputs, &slot{name: s.text("name"), typ: typeName(s.get("type"))})
	}
	for _, v := range raw.array("outputs") {
		o, _ := v.(*object)
		if len(n.outputs) < maxSlots {
			n.outputs = append(n.outputs, output{name: o.text("name"), typ: typeName(o.get("type"))})
		}
	}
}

func slots(raw *object) []*object {
	var list []*object
	for _, v := range raw.array("inputs") {
		if o, ok := v.(*object); ok && len(list) < maxSlots {
			list = append(list, o)
		}
	}
	return list
}

// nodeID is an id as a prompt has it.
func nodeID(v any) string {
	switch v.(type) {
	case string, float64, number:
		return display(v)
	}
	return ""
}

// canonical reads an id that is a whole number written the usual way.
func canonical(id string) (int64, bool) {
	i, err := strconv.ParseInt(id, 10, 64)
	return i, err == nil && strconv.FormatInt(i, 10) == id && i < math.MaxInt64/2
}

// integer is a number without its fraction, 0 for anything else.
func integer(v any) int64 {
	f, ok := v.(float64)
	if !ok || math.Abs(f) > 1e15 {
		return 0
	}
	return int64(f)
}
