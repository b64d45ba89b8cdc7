// Command execution-pack holds the nodes of the reference's own tests of execution, as an extension: lazy inputs, checks,
// expansions into loops, lists, and work that waits.
package main

import (
	"slices"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

var _ = guest.Serve(guest.Extension{Nodes: nodes()})

func main() {}

func nodes() []guest.Node {
	var all []guest.Node
	for _, group := range [][]guest.Dynamic{mixNodes(), checkNodes(), sleepNodes(), flowNodes(), listNodes(), loopNodes(), logicNodes(),
		stubNodes(), asyncNodes()} {
		for _, d := range group {
			all = append(all, d.Node())
		}
	}
	return all
}

// The menus.
const (
	catNodes = "Testing/Nodes"
	catFlow  = "Testing/Flow"
	catLists = "Testing/Lists"
	catLogic = "Testing/Logic"
	catStubs = "Testing/Stub Nodes"
	catSleep = "experimental"
	catAsync = "experimental/async"
)

type options map[string]any

// limits are the options of a number.
func limits(def, low, high any) options { return options{"default": def, "min": low, "max": high} }

// decl is an input before it is declared.
type decl struct {
	name, kind string
	o          options
	choices    []any
	optional   bool
}

func in(name, kind string, o options) decl { return decl{name: name, kind: kind, o: o} }

func opt(d decl) decl {
	d.optional = true
	return d
}

func pick(name string, choices ...any) decl { return decl{name: name, choices: choices} }

func args(list ...decl) []decl { return list }

// result is an output before it is declared.
type result struct {
	kind, name string
	list       bool
}

func out(kinds ...string) []result {
	list := make([]result, len(kinds))
	for i, k := range kinds {
		list[i].kind = k
	}
	return list
}

func named(list []result, names ...string) []result {
	for i, n := range names {
		list[i].name = n
	}
	return list
}

// hide is a hidden input.
type hide struct{ name, kind string }

var itself = hide{"unique_id", "UNIQUE_ID"}

// ports declares inputs and outputs.
func ports(inputs []decl, outputs []result, hidden ...hide) func(p *guest.Ports) {
	return func(p *guest.Ports) {
		for _, d := range inputs {
			var i guest.In
			if d.choices != nil {
				i = p.Combo(d.name, d.choices...)
			} else {
				i = p.In(d.name, d.kind)
			}
			if d.o != nil {
				i.Options(d.o)
			}
			if d.o["lazy"] == true {
				i.Lazy()
			}
			if d.optional {
				i.Optional()
			}
		}
		for _, r := range outputs {
			o := p.Out(r.kind).Named(r.name)
			if r.list {
				o.List()
			}
		}
		for _, h := range hidden {
			p.Hidden(h.name, h.kind)
		}
	}
}

func traits(id, name, category string) guest.Traits {
	return guest.Traits{ID: id, Name: name, Category: category}
}

// simple is a node that does nothing but run.
func simple(t guest.Traits, ports func(p *guest.Ports), do func(in guest.Args) (guest.Reply, error)) guest.Dynamic {
	return guest.Dynamic{Traits: t, Ports: ports, Do: do}
}

// variant is simple for a node that checks the types of links itself: what comes must be among what is declared.
func variant(t guest.Traits, inputs []decl, outputs []result, do func(in guest.Args) (guest.Reply, error), hidden ...hide) guest.Dynamic {
	d := simple(t, ports(inputs, outputs, hidden...), do)
	d.CheckLinks = func(_ guest.Args, linked map[string]string) error {
		for _, i := range inputs {
			kind := i.kind
			if kind == "" {
				kind = "COMBO"
			}
			if got, ok := linked[i.name]; ok && !among(got, kind) {
				return &guest.Refusal{Reason: "Invalid type of " + i.name + ": " + got + " (expected " + kind + ")"}
			}
		}
		return nil
	}
	return d
}

func among(got, want string) bool {
	if got == "*" || want == "*" {
		return true
	}
	all := split(want)
	return !slices.ContainsFunc(split(got), func(t string) bool { return !slices.Contains(all, t) })
}

func expands(t guest.Traits) guest.Traits {
	t.Expands = true
	return t
}

func waits(t guest.Traits) guest.Traits {
	t.Async = true
	return t
}

func outputNode(t guest.Traits) guest.Traits {
	t.OutputNode = true
	return t
}
