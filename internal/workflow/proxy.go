package workflow

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// proxy is an entry of an instance's proxyWidgets: a widget of an inner node that older files show on the instance.
type proxy struct {
	node, widget string
	value        any
	hasValue     bool
}

// promote turns the proxyWidgets of an instance into inputs of its definition, with the values of the instance's list by the
// place of the entry. Entries that name nothing use up their value.
func (c *Canvas) promote(n *node, raw *object) {
	if !n.sub.ready {
		return
	}
	list := proxies(raw.object("properties").get("proxyWidgets"), n.values)
	if c.proxies += len(list); c.proxies > maxPromoted {
		c.err = fault.New(fault.TooLarge, "the workflow's subgraphs show more than %d inner widgets", maxPromoted)
		return
	}
	shown := map[string]bool{} // primitives whose widgets became one input
	for _, p := range list {
		switch inner := n.sub.byID[p.node]; {
		case p.node == "-1":
			n.give(n.slotIndex(p.widget), p)
		case n.promoted(p) >= 0:
			n.give(n.promoted(p), p)
		case inner == nil || strings.HasPrefix(p.widget, "$$"):
		case inner.kind == primitive:
			if !shown[p.node] {
				shown[p.node] = true
				c.promotePrimitive(n, inner, p)
			}
		default:
			c.promoteWidget(n, inner, p)
		}
	}
}

func proxies(v any, values []any) []proxy {
	if s, ok := v.(string); ok {
		v, _ = parseJSON(s, false)
	}
	entries, _ := v.([]any)
	var list []proxy
	for i, e := range entries {
		entry, _ := e.([]any)
		if len(entry) < 2 {
			return nil // Compat: one bad entry voids the property
		}
		p := proxy{node: nodeID(entry[0])}
		p.widget, _ = entry[1].(string)
		if i < len(values) {
			p.value, p.hasValue = values[i], true
		}
		list = append(list, p)
	}
	return list
}

// give sets the instance's own widget of an input.
func (n *node) give(input int, p proxy) {
	if input >= 0 && p.hasValue && n.inputs[input].host != nil {
		n.inputs[input].host.set(p.value)
	}
}

// promoted finds the input of the instance that already leads to the widget, -1 if none does.
func (n *node) promoted(p proxy) int {
	inner := n.sub.byID[p.node]
	if inner == nil || p.widget == "" {
		return -1
	}
	for i := range n.inputs {
		links := n.sub.fromInput(i)
		if len(links) == 0 || links[0].to != p.node {
			continue
		}
		if at := links[0].toSlot; at >= 0 && at < len(inner.inputs) && inner.inputs[at].widget == p.widget {
			return i
		}
	}
	return -1
}

var oldPrefix = regexp.MustCompile(`^\s*\d+\s*:\s*(.+)$`)

// promoteWidget makes a new input that feeds the widget, on the definition and all its instances.
func (c *Canvas) promoteWidget(n, inner *node, p proxy) {
	name := p.widget
	w := inner.widget(name)
	for m := oldPrefix.FindStringSubmatch(name); w == nil && m != nil; m = oldPrefix.FindStringSubmatch(name) {
		name = m[1]
		w = inner.widget(name)
	}
	if w == nil {
		return
	}
	at := slices.IndexFunc(inner.inputs, func(s *slot) bool { return inner.slotWidget(s) == w })
	if at < 0 {
		return
	}
	input := c.addInput(n.sub, name, inner.inputs[at].typ)
	n.sub.addLink(c.linkID(n.sub), inputNode, input, inner, at)
	c.bindNew(n.sub, input)
	n.give(input, p)
}

// promotePrimitive lets an input of the definition replace a primitive.
func (c *Canvas) promotePrimitive(n, inner *node, p proxy) {
	out := n.sub.outgoing()[inner.id]
	if len(out) == 0 {
		return
	}
	name, typ := p.widget, "*"
	if inner.title != "" && inner.title != "Primitive" && inner.title != inner.typ {
		name = inner.title
	}
	if len(inner.outputs) > 0 {
		typ = inner.outputs[0].typ
	}
	input := c.addInput(n.sub, name, typ)
	for _, l := range out {
		to, at := n.sub.byID[l.to], l.toSlot
		if to != nil && at >= 0 && at < len(to.inputs) {
			n.sub.addLink(c.linkID(n.sub), inputNode, input, to, at)
		}
	}
	c.bindNew(n.sub, input)
	if !p.hasValue && len(inner.values) > 0 {
		p.value, p.hasValue = inner.values[0], true
	}
	n.give(input, p)
}

// addInput appends an input to a definition and a slot to its instances, and returns its place.
func (c *Canvas) addInput(g *graph, name, typ string) int {
	unique := name
	for i := 1; slices.ContainsFunc(g.inputs, func(p port) bool { return p.name == unique }); i++ {
		unique = name + "_" + strconv.Itoa(i)
	}
	g.inputs = append(g.inputs, port{unique, typ})
	for _, n := range c.instances {
		if n.sub == g && len(n.inputs) == len(g.inputs)-1 {
			n.inputs = append(n.inputs, &slot{name: unique, typ: typ})
		}
	}
	return len(g.inputs) - 1
}

func (c *Canvas) bindNew(g *graph, input int) {
	inner := g.feeds(input)
	for _, n := range c.instances {
		if n.sub == g {
			n.addHost(input, inner)
		}
	}
}

// linkID mints an id for a link.
func (c *Canvas) linkID(g *graph) string {
	for i := len(g.links) + 1; ; i++ {
		if id := "new" + strconv.Itoa(i); g.byLink[id] == nil {
			return id
		}
	}
}
