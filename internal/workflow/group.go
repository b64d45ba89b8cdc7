package workflow

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// groupType is an old group node: a small graph that looked like one node. On load each becomes a subgraph.
type groupType struct {
	def     *nodeType
	nodes   []*object
	links   []any
	widgets []groupWidget // which inner widget a widget of the group stands for
	inputs  []groupEnd    // by the number the client gives them
	outputs []groupEnd    // by output of the group
	linked  map[groupEnd]bool
}

// groupWidget joins a widget of the group to one of an inner node.
type groupWidget struct {
	name, inner string
	node        int
}

// groupEnd is an input (by name) or output (by slot) of an inner node.
type groupEnd struct {
	node int
	slot int
	name string
}

const (
	groupPrefix    = "workflow>"
	oldGroupPrefix = "workflow/"
)

func (c *Canvas) readGroups(defs *object) {
	c.groups = map[string]*groupType{}
	if defs == nil {
		return
	}
	for _, name := range defs.keys {
		if g := c.parseGroup(name, defs.object(name)); g != nil {
			c.groups[groupPrefix+name] = g
		}
	}
}

// group finds the group type of a node; the old separator is accepted.
func (c *Canvas) group(typ string) *groupType {
	if rest, ok := strings.CutPrefix(typ, oldGroupPrefix); ok {
		typ = groupPrefix + rest
	}
	return c.groups[typ]
}

// parseGroup builds the node definition of a group. A group with an inner type the server lacks is none.
func (c *Canvas) parseGroup(name string, raw *object) *groupType {
	g := &groupType{links: raw.array("links"), linked: map[groupEnd]bool{}}
	g.def = &nodeType{name: groupPrefix + name, display: name}
	for _, v := range raw.array("nodes") {
		o, ok := v.(*object)
		if !ok || len(g.nodes) > maxNodes {
			return nil
		}
		if typ := o.text("type"); c.types.get(typ) == nil && typ != "Reroute" && typ != "PrimitiveNode" && typ != "Note" && typ != "MarkdownNote" {
			return nil
		}
		g.nodes = append(g.nodes, o)
	}
	external := map[groupEnd]bool{}
	for _, v := range raw.array("external") {
		if a, ok := v.([]any); ok && len(a) > 1 {
			external[groupEnd{node: slotNumber(a[0]), slot: slotNumber(a[1])}] = true
		}
	}
	from := map[groupEnd]bool{}
	for _, v := range g.links {
		if a, ok := v.([]any); ok && len(a) > 3 {
			from[groupEnd{node: slotNumber(a[0]), slot: slotNumber(a[1])}] = true
			g.linked[groupEnd{node: slotNumber(a[2]), slot: slotNumber(a[3])}] = true
		}
	}
	g.declare(c, from, external)
	return g
}

// declare lists the group's inputs as the client did: of each inner node first the widgets, then what is not linked inside.
//
// Compat: a list of choices in the place of the type (older definitions) counts as a socket there, so its value is shown on
// the group but never reaches the inner node.
func (g *groupType) declare(c *Canvas, from, external map[groupEnd]bool) {
	seen := map[string]int{}
	for i, raw := range g.nodes {
		def := c.types.get(raw.text("type"))
		if def == nil {
			continue
		}
		var sockets []*input
		for _, in := range def.inputs {
			switch {
			case in.isList() || !in.isWidget():
				sockets = append(sockets, in)
			case !hasWidgetSlot(raw, in.name):
				name := g.unique(raw, in.name, seen)
				g.add(name, in)
				g.widgets = append(g.widgets, groupWidget{name: name, inner: in.name, node: i})
			}
		}
		for k, in := range sockets {
			if !g.linked[groupEnd{node: i, slot: k}] {
				g.add(g.unique(raw, in.name, seen), in)
				g.inputs = append(g.inputs, groupEnd{node: i, name: in.name})
			}
		}
		for k, o := range def.outputs {
			if end := (groupEnd{node: i, slot: k}); !from[end] || external[end] {
				g.def.outputs = append(g.def.outputs, o)
				g.outputs = append(g.outputs, end)
			}
		}
	}
}

func (g *groupType) add(name string, in *input) {
	declared := *in
	declared.name = name
	g.def.inputs = append(g.def.inputs, &declared)
}

// unique names an input of the group, with the inner node's title or type where the name is taken.
func (g *groupType) unique(raw *object, name string, seen map[string]int) string {
	key, full := name, name
	if seen[name] > 0 {
		title := raw.text("title")
		if title == "" {
			title = raw.text("type")
		}
		key = title + " " + name
		if full = key; seen[key] > 0 {
			full = title + " " + strconv.Itoa(seen[key]+1) + " " + name
		}
	}
	seen[key]++
	return full
}

// hasWidgetSlot reports whether the file shows a widget as a slot.
func hasWidgetSlot(raw *object, name string) bool {
	return slices.ContainsFunc(slots(raw), func(s *object) bool {
		return s.text("name") == name && s.object("widget").text("name") == name
	})
}

// convertGroups replaces every group node of the root by an instance of a subgraph made for it.
func (c *Canvas) convertGroups() error {
	for {
		i := slices.IndexFunc(c.root.nodes, func(n *node) bool { return n.kind == plain && c.groups[n.def.name] != nil })
		if i < 0 {
			return nil
		}
		if c.groupsMade++; c.groupsMade > maxGroups {
			return fault.New(fault.TooLarge, "the workflow has more than %d group nodes", maxGroups)
		}
		if err := c.convertGroup(c.root.nodes[i], c.groups[c.root.nodes[i].def.name]); err != nil {
			return err
		}
	}
}

func (c *Canvas) convertGroup(n *node, g *groupType) error {
	if err := c.counted(len(g.nodes)); err != nil {
		return err
	}
	sub := newGraph()
	sub.id, sub.name = n.def.name+"@"+n.id, "New Subgraph"
	taken := func(id string) bool { return c.root.byID[id] != nil }
	for _, raw := range g.nodes {
		inner := c.make(raw)
		inner.id = c.newID(taken)
		sub.nodes = append(sub.nodes, inner)
		sub.byID[inner.id] = inner
		c.configure(inner, raw)
		inner.repair()
	}
	g.copyValues(n, sub)
	for _, v := range g.links {
		if a, ok := v.([]any); ok && len(a) > 3 {
			from, to, at := slotNumber(a[0]), slotNumber(a[2]), slotNumber(a[3])
			if from >= 0 && from < len(sub.nodes) && to >= 0 && to < len(sub.nodes) && at >= 0 && at < len(sub.nodes[to].inputs) {
				sub.addLink(c.linkID(sub), sub.nodes[from].id, slotNumber(a[1]), sub.nodes[to], at)
			}
		}
	}
	sub.ready = true
	c.fillPrimitives(sub, g.nodes)
	c.replaceGroup(n, g, sub)
	return nil
}

// copyValues gives the inner widgets what the group's own held.
func (g *groupType) copyValues(n *node, sub *graph) {
	for _, gw := range g.widgets {
		w, inner := n.widget(gw.name), sub.nodes[gw.node].widget(gw.inner)
		if w == nil || inner == nil {
			continue
		}
		sub.nodes[gw.node].set(inner, w.value)
		if w.control != nil && inner.control != nil {
			inner.control.mode.value = w.control.mode.value
		}
	}
}

// replaceGroup puts an instance in the place of a group node and joins its links.
func (c *Canvas) replaceGroup(n *node, g *groupType, sub *graph) {
	root := c.root
	inst := &node{id: c.newID(func(id string) bool { return root.byID[id] != nil }), typ: sub.id, title: sub.name, kind: instance, sub: sub}
	c.instances = append(c.instances, inst)
	byOrigin := map[groupEnd]int{}
	for i, end := range g.inputs { // Compat: numbered without the group's own widgets
		if i >= len(n.inputs) || n.inputs[i].link == nil {
			continue
		}
		l, inner := n.inputs[i].link, sub.nodes[end.node]
		at := inner.slotIndex(end.name)
		if at < 0 {
			continue
		}
		origin := groupEnd{name: l.from, slot: l.fromSlot}
		k, ok := byOrigin[origin]
		if !ok {
			k = len(sub.inputs)
			byOrigin[origin] = k
			sub.inputs = append(sub.inputs, port{end.name, inner.inputs[at].typ})
			inst.inputs = append(inst.inputs, &slot{name: end.name, typ: inner.inputs[at].typ})
			root.addLink(c.linkID(root), l.from, l.fromSlot, inst, k)
		}
		sub.addLink(c.linkID(sub), inputNode, k, inner, at)
	}
	root.byID[inst.id] = inst
	c.joinOutputs(n, g, sub, inst)
	for k := range sub.inputs {
		inst.addHost(k, sub.feeds(k))
	}
	for _, l := range root.links {
		if l.to == n.id || l.from == n.id {
			root.dropLink(l)
		}
	}
	delete(root.byID, n.id)
	root.nodes = slices.DeleteFunc(root.nodes, func(x *node) bool { return x == n })
	root.nodes = append(root.nodes, inst)
}

func (c *Canvas) joinOutputs(n *node, g *groupType, sub *graph, inst *node) {
	outputs := map[groupEnd]int{}
	for _, l := range bySlot(c.root.outgoing()[n.id]) {
		if l.fromSlot < 0 || l.fromSlot >= len(g.outputs) || l.to == n.id || c.root.byID[l.to] == nil {
			continue
		}
		end := g.outputs[l.fromSlot]
		k, ok := outputs[end]
		if !ok {
			k = len(sub.outputs)
			outputs[end] = k
			o := port(g.def.outputs[l.fromSlot])
			sub.outputs = append(sub.outputs, o)
			inst.outputs = append(inst.outputs, output(o))
			l := &link{id: "out" + strconv.Itoa(k), from: sub.nodes[end.node].id, fromSlot: end.slot, to: outputNode, toSlot: k}
			sub.outLinks[k] = l
			sub.links = append(sub.links, l)
		}
		c.root.addLink(c.linkID(c.root), inst.id, k, c.root.byID[l.to], l.toSlot)
	}
}
