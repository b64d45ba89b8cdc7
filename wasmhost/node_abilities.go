package wasmhost

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
)

// onlyCheck is a checker that leaves the types of links to the engine.
type onlyCheck struct{ c checker }

// Checks names the inputs that validate looks at.
func (o onlyCheck) Checks() ([]string, bool) { return o.c.Checks() }

// Check asks the guest.
func (o onlyCheck) Check(ctx context.Context, args node.Args) error { return o.c.Check(ctx, args) }

// newNode gives a guest's node with as many of the optional abilities as its schema names.
func newNode(e *Extension, s *guestSchema) node.Node {
	n := &guestNode{e, s}
	switch {
	case s.Loop == node.LoopStart:
		return looper{n}
	case s.validates && s.validatesLinks:
		return withLinks(n, s)
	case s.validates:
		return withCheck(n, s)
	}
	return without(n, s)
}

// withLinks is for nodes that look at the types of links themselves.
func withLinks(n *guestNode, s *guestSchema) node.Node {
	type base struct {
		node.Node
		node.LinkChecker
	}
	b := base{n, checker{n}}
	switch {
	case s.fingerprints && s.lazy:
		return struct {
			base
			node.Fingerprinter
			node.Needer
		}{b, fingerprinter{n}, needer{n}}
	case s.fingerprints:
		return struct {
			base
			node.Fingerprinter
		}{b, fingerprinter{n}}
	case s.lazy:
		return struct {
			base
			node.Needer
		}{b, needer{n}}
	}
	return b
}

// withCheck is for nodes that look at constants.
func withCheck(n *guestNode, s *guestSchema) node.Node {
	type base struct {
		node.Node
		node.Checker
	}
	b := base{n, onlyCheck{checker{n}}}
	switch {
	case s.fingerprints && s.lazy:
		return struct {
			base
			node.Fingerprinter
			node.Needer
		}{b, fingerprinter{n}, needer{n}}
	case s.fingerprints:
		return struct {
			base
			node.Fingerprinter
		}{b, fingerprinter{n}}
	case s.lazy:
		return struct {
			base
			node.Needer
		}{b, needer{n}}
	}
	return b
}

// without is for nodes whose constants the engine alone looks at.
func without(n *guestNode, s *guestSchema) node.Node {
	switch {
	case s.fingerprints && s.lazy:
		return struct {
			node.Node
			node.Fingerprinter
			node.Needer
		}{n, fingerprinter{n}, needer{n}}
	case s.fingerprints:
		return struct {
			node.Node
			node.Fingerprinter
		}{n, fingerprinter{n}}
	case s.lazy:
		return struct {
			node.Node
			node.Needer
		}{n, needer{n}}
	}
	return n
}
