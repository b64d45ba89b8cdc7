package workflow

import (
	"context"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// loadDefinitions reads the definitions of subgraphs, gives clashing inner ids new numbers and builds them, leaves first.
func (c *Canvas) loadDefinitions(ctx context.Context, root *object) error {
	defs, err := c.definitions(root.object("definitions").array("subgraphs"), 0)
	if err != nil || len(defs) == 0 {
		return err
	}
	if err := findRecursion(defs, c.defs); err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, raw := range c.root.rawNodes {
		taken[nodeID(raw.get("id"))] = true
	}
	renamed := map[string]map[string]string{}
	for _, g := range defs {
		renamed[g.id] = c.renumber(g, taken)
	}
	for _, g := range append(defs, c.root) {
		for _, raw := range g.rawNodes {
			renameProxies(raw, renamed[raw.text("type")])
		}
	}
	for _, g := range buildOrder(defs, c.defs) {
		if err := c.build(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// definitions collects definitions and those within them; the first of an id counts.
func (c *Canvas) definitions(list []any, depth int) ([]*graph, error) {
	if depth > maxNesting {
		return nil, fault.New(fault.TooLarge, "subgraph definitions nest deeper than %d", maxNesting)
	}
	var defs []*graph
	for _, v := range list {
		raw, ok := v.(*object)
		if !ok {
			return nil, fault.New(fault.BadFile, "the list of subgraphs holds something that is none")
		}
		g := newGraph()
		g.id, g.name, g.raw = nodeID(raw.get("id")), raw.text("name"), raw
		g.inputs, g.outputs = ports(raw.array("inputs")), ports(raw.array("outputs"))
		var err error
		if g.rawNodes, err = c.rawNodes(raw); err != nil {
			return nil, err
		}
		if c.defs[g.id] == nil && g.id != "" {
			c.defs[g.id] = g
			defs = append(defs, g)
		}
		inner, err := c.definitions(raw.object("definitions").array("subgraphs"), depth+1)
		if err != nil {
			return nil, err
		}
		defs = append(defs, inner...)
	}
	return defs, nil
}

func ports(list []any) []port {
	var ps []port
	for _, v := range list {
		o, _ := v.(*object)
		ps = append(ps, port{name: o.text("name"), typ: typeName(o.get("type"))})
	}
	return ps
}

// findRecursion looks for a definition that contains itself.
func findRecursion(defs []*graph, byID map[string]*graph) error {
	const open, done = 1, 2
	state := map[*graph]int{}
	var visit func(g *graph, depth int) error
	visit = func(g *graph, depth int) error {
		if depth > maxNesting {
			return fault.New(fault.TooLarge, "subgraphs nest deeper than %d", maxNesting)
		}
		state[g] = open
		for _, raw := range g.rawNodes {
			inner := byID[raw.text("type")]
			if inner == nil || state[inner] == done {
				continue
			}
			if state[inner] == open {
				return fault.New(fault.BadFile, "the subgraph %q contains itself", inner.name)
			}
			if err := visit(inner, depth+1); err != nil {
				return err
			}
		}
		state[g] = done
		return nil
	}
	for _, g := range defs {
		if state[g] == 0 {
			if err := visit(g, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// renumber gives inner nodes whose id is taken a new one and keeps the first of nodes with one id. It returns new ids by old.
func (c *Canvas) renumber(g *graph, taken map[string]bool) map[string]string {
	ids := map[string]string{}
	own := map[string]bool{}
	var kept []*object
	for _, raw := range g.rawNodes {
		id := nodeID(raw.get("id"))
		if own[id] {
			continue
		}
		own[id] = true
		kept = append(kept, raw)
		if taken[id] {
			fresh := c.newID(func(id string) bool { return taken[id] })
			ids[id] = fresh
			raw.set("id", fresh)
			id = fresh
		} else if i, ok := canonical(id); ok {
			c.lastID = max(c.lastID, i)
		}
		taken[id] = true
	}
	g.rawNodes = kept
	if len(ids) > 0 {
		renameLinks(g.raw, ids)
	}
	return ids
}

func renameLinks(raw *object, ids map[string]string) {
	for _, v := range raw.array("links") {
		switch l := v.(type) {
		case *object:
			for _, key := range []string{"origin_id", "target_id"} {
				if id, ok := ids[nodeID(l.get(key))]; ok {
					l.set(key, id)
				}
			}
		case []any:
			for _, i := range []int{1, 3} {
				if i < len(l) {
					if id, ok := ids[nodeID(l[i])]; ok {
						l[i] = id
					}
				}
			}
		}
	}
}

// renameProxies lets the proxyWidgets of an instance follow renumbered nodes.
func renameProxies(raw *object, ids map[string]string) {
	if len(ids) == 0 {
		return
	}
	for _, v := range raw.object("properties").array("proxyWidgets") {
		if entry, ok := v.([]any); ok && len(entry) > 0 {
			if id, ok := ids[nodeID(entry[0])]; ok {
				entry[0] = id
			}
		}
	}
}

// buildOrder sorts definitions so that those others use come first.
//
// Compat: the client counts a definition once for each instance of it but takes it off once only, so that two instances of
// one subgraph within another make the sorting fail; then the order of the file stands, and values of instances made before
// their definition are lost (subgraph_nested_two).
func buildOrder(defs []*graph, byID map[string]*graph) []*graph {
	users := map[*graph][]*graph{}
	waits := map[*graph]int{}
	for _, g := range defs {
		used := map[*graph]bool{}
		for _, raw := range g.rawNodes {
			inner := byID[raw.text("type")]
			if inner == nil {
				continue
			}
			if waits[g]++; !used[inner] {
				used[inner] = true
				users[inner] = append(users[inner], g)
			}
		}
	}
	var sorted []*graph
	for _, g := range defs {
		if waits[g] == 0 {
			sorted = append(sorted, g)
		}
	}
	for i := 0; i < len(sorted); i++ {
		for _, g := range users[sorted[i]] {
			if waits[g]--; waits[g] == 0 {
				sorted = append(sorted, g)
			}
		}
	}
	if len(sorted) != len(defs) {
		return defs
	}
	return sorted
}

// bind gives an instance a widget for each input that feeds one, with the value of its own list or of the inner widget.
func (c *Canvas) bind(n *node, values bool) {
	if !n.sub.ready {
		c.late = append(c.late, n)
		return
	}
	for i := range n.inputs {
		n.addHost(i, n.sub.feeds(i))
	}
	if !values {
		return
	}
	list := n.values
	at := 0
	byName := setAside(n.props)
	for _, s := range n.inputs {
		if s.host == nil {
			continue
		}
		if v, ok := byName[s.name]; ok {
			s.host.set(v)
		} else if at < len(list) {
			s.host.set(list[at])
		}
		at++
	}
}

// addHost gives input i of an instance its widget, if it feeds an inner one.
func (n *node) addHost(i int, inner *widget) {
	if inner == nil || i >= len(n.inputs) {
		return
	}
	s := n.inputs[i]
	s.widget = s.name
	s.host = &widget{name: s.name, typ: inner.typ, value: inner.value, unset: inner.unset, in: inner.in,
		choices: inner.choices, inFile: true, inPrompt: true}
	n.widgets = append(n.widgets, s.host)
}

func (c *Canvas) bindLate(g *graph) {
	var rest []*node
	for _, n := range c.late {
		if n.sub == g {
			c.bind(n, false)
		} else {
			rest = append(rest, n)
		}
	}
	c.late = rest
}

// setAside reads the values the client put aside for inputs of an instance in an earlier migration, by input.
func setAside(props *object) map[string]any {
	values := map[string]any{}
	for _, v := range props.array("proxyWidgetErrorQuarantine") {
		o, _ := v.(*object)
		entry := o.array("originalEntry")
		if len(entry) < 2 || nodeID(entry[0]) != "-1" || !o.has("hostValue") {
			continue
		}
		name, _ := entry[1].(string)
		if _, ok := values[name]; !ok && !strings.HasPrefix(name, "$$") {
			values[name] = o.get("hostValue")
		}
	}
	return values
}
