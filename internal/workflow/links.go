package workflow

import (
	"fmt"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// readLinks reads a graph's table of links. The number 0.4 as version means arrays, anything else objects; entries of the
// other form are no links.
func (c *Canvas) readLinks(g *graph) error {
	list := g.raw.array("links")
	if c.linkCount += len(list); c.linkCount > maxLinks {
		return fault.New(fault.TooLarge, "the workflow has more than %d links", maxLinks)
	}
	arrays := g.raw.get("version") == 0.4
	for _, v := range list {
		if v == nil {
			return fault.New(fault.BadFile, "the workflow's table of links holds a null")
		}
		var l *link
		if arrays {
			l = linkOfArray(v)
		} else {
			l = linkOfObject(v)
		}
		if l == nil || g.byLink[l.id] != nil {
			continue
		}
		g.byLink[l.id] = l
		g.links = append(g.links, l)
	}
	return nil
}

func linkOfArray(v any) *link {
	a, ok := v.([]any)
	if !ok || len(a) < 5 {
		return nil
	}
	return &link{id: nodeID(a[0]), from: nodeID(a[1]), fromSlot: slotNumber(a[2]), to: nodeID(a[3]), toSlot: slotNumber(a[4])}
}

func linkOfObject(v any) *link {
	o, ok := v.(*object)
	if !ok {
		return nil
	}
	return &link{id: nodeID(o.get("id")), from: nodeID(o.get("origin_id")), fromSlot: slotNumber(o.get("origin_slot")),
		to: nodeID(o.get("target_id")), toSlot: slotNumber(o.get("target_slot"))}
}

// slotNumber is a slot's place, -1 if it is none.
func slotNumber(v any) int {
	f, ok := toFloat(v)
	if !ok || f < 0 || f > maxLinks || f != float64(int(f)) {
		return -1
	}
	return int(f)
}

// connect puts the links of the table into the slots. A slot that names its link has it whatever number the table says; links
// no slot names go to the slot of their number if that is free.
func (c *Canvas) connect(g *graph) {
	named := map[*link][]string{}
	for i, n := range g.nodes {
		for _, s := range slots(g.rawNodes[i]) {
			id := nodeID(s.get("link"))
			if id == "" {
				continue
			}
			if l := g.byLink[id]; l != nil && l.to == n.id {
				named[l] = append(named[l], s.text("name"))
			} else if l == nil {
				c.problem(n, n.id, false, fmt.Sprintf("Input %q names link %s, which the workflow does not have.", s.text("name"), id))
			}
		}
	}
	for _, l := range g.links {
		if names := named[l]; names != nil {
			if i := g.byID[l.to].slotAmong(names, l.toSlot); i >= 0 {
				g.attach(l, i)
			}
		}
	}
	for _, l := range g.links {
		if l.to == outputNode {
			if g.outLinks[l.toSlot] == nil {
				g.outLinks[l.toSlot] = l
			}
		} else if named[l] == nil {
			g.attach(l, l.toSlot)
		}
	}
}

// attach makes l the link of its target's slot i, unless that has one.
func (g *graph) attach(l *link, i int) {
	n := g.byID[l.to]
	if n == nil || i < 0 || i >= len(n.inputs) || n.inputs[i].link != nil {
		return
	}
	l.toSlot = i
	n.inputs[i].link = l
}

// slotAmong finds the slot with one of the names, the preferred number first.
func (n *node) slotAmong(names []string, prefer int) int {
	if prefer >= 0 && prefer < len(n.inputs) && slices.Contains(names, n.inputs[prefer].name) {
		return prefer
	}
	return slices.IndexFunc(n.inputs, func(s *slot) bool { return slices.Contains(names, s.name) })
}

// addLink makes a new link and puts it into its slot, in place of the one there.
func (g *graph) addLink(id, from string, fromSlot int, to *node, toSlot int) *link {
	l := &link{id: id, from: from, fromSlot: fromSlot, to: to.id, toSlot: toSlot}
	if old := to.inputs[toSlot].link; old != nil {
		g.dropLink(old)
	}
	g.links = append(g.links, l)
	g.byLink[id] = l
	g.inLinks = nil
	to.inputs[toSlot].link = l
	return l
}

func (g *graph) dropLink(l *link) {
	l.dead = true
	delete(g.byLink, l.id)
	g.inLinks = nil
	if n := g.byID[l.to]; n != nil && l.toSlot >= 0 && l.toSlot < len(n.inputs) && n.inputs[l.toSlot].link == l {
		n.inputs[l.toSlot].link = nil
	}
}

// outgoing lists the links that reach a slot, by origin, in the order of the table.
func (g *graph) outgoing() map[string][]*link {
	m := map[string][]*link{}
	for _, l := range g.links {
		if l.dead {
			continue
		}
		if l.to == outputNode {
			m[l.from] = append(m[l.from], l)
		} else if n := g.byID[l.to]; n != nil && l.toSlot >= 0 && l.toSlot < len(n.inputs) && n.inputs[l.toSlot].link == l {
			m[l.from] = append(m[l.from], l)
		}
	}
	return m
}
