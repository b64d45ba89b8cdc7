package workflow

import (
	"slices"
)

// sorted gives the nodes in the order in which the client runs through them: those without links in file order, then each
// when its last link comes free; nodes of cycles last, by id.
func (g *graph) sorted(out map[string][]*link) []*node {
	waits := map[*node]int{}
	var list []*node
	for _, n := range g.nodes {
		for _, s := range n.inputs {
			if s.link != nil {
				waits[n]++
			}
		}
		if waits[n] == 0 {
			list = append(list, n)
		}
	}
	for i := 0; i < len(list); i++ {
		for _, l := range bySlot(out[list[i].id]) {
			n := g.byID[l.to]
			if n == nil {
				continue
			}
			if waits[n]--; waits[n] == 0 {
				list = append(list, n)
			}
		}
	}
	if len(list) == len(g.nodes) {
		return list
	}
	rest := newObject()
	for _, n := range g.nodes {
		if waits[n] > 0 {
			rest.set(n.id, n)
		}
	}
	for _, id := range rest.order() {
		list = append(list, rest.vals[id].(*node))
	}
	return list
}

// bySlot orders the links of one node by output.
func bySlot(links []*link) []*link {
	if len(links) < 2 {
		return links
	}
	links = slices.Clone(links)
	slices.SortStableFunc(links, func(a, b *link) int { return a.fromSlot - b.fromSlot })
	return links
}
