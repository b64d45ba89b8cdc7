package wasmhost

import (
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/wasmhost/describe"
)

// newNode gives a guest's node with as many of the optional abilities as its schema names: the engine asks for them by type. A
// check is one of every guest's node; one without validate has nothing to check.
func newNode(e *Extension, s *describe.Schema) node.Node {
	n := &guestNode{e, s}
	if s.Loop == node.LoopStart {
		return looper{n}
	}
	links, prints, needs := linkChecker{n}, fingerprinter{n}, needer{n}
	switch [3]bool{s.Validates && s.ValidatesLinks, s.Fingerprints, s.Lazy} {
	case [3]bool{false, false, true}:
		return struct {
			*guestNode
			needer
		}{n, needs}
	case [3]bool{false, true, false}:
		return struct {
			*guestNode
			fingerprinter
		}{n, prints}
	case [3]bool{false, true, true}:
		return struct {
			*guestNode
			fingerprinter
			needer
		}{n, prints, needs}
	case [3]bool{true, false, false}:
		return struct {
			*guestNode
			linkChecker
		}{n, links}
	case [3]bool{true, false, true}:
		return struct {
			*guestNode
			linkChecker
			needer
		}{n, links, needs}
	case [3]bool{true, true, false}:
		return struct {
			*guestNode
			linkChecker
			fingerprinter
		}{n, links, prints}
	case [3]bool{true, true, true}:
		return struct {
			*guestNode
			linkChecker
			fingerprinter
			needer
		}{n, links, prints, needs}
	}
	return n
}
