// Command golden-pack holds the nodes that the recorded transcripts of the API were made with, as an extension. Each shows one
// thing that a node can do.
package main

import "github.com/cocoonhq/cocoon/sdk-wasm/guest"

var _ = guest.Serve(guest.Extension{
	Nodes: []guest.Node{
		echo.Node(), types.Node(), constant.Node(), list.Node(), takeList.Node(), steps.Node(), text.Node(), shown.Node(), failing.Node(),
		intermediate.Node(), lazy.Node(), validate.Node(), raw.Node(), hidden.Node(), changed.Node(), expand.Node(), newer.Node(),
		startLoop.Node(), endLoop.Node(),
	},
	Replaced: []guest.Replacement{{Old: "GoldenOld", New: "GoldenEcho", Inputs: []guest.Move{{New: "value", Old: "v"}}, Outputs: [][2]int{{1, 0}}}},
})

func main() {}

// golden are the traits of a node of the pack.
func golden(id string) guest.Traits { return guest.Traits{ID: id, Category: "golden"} }

// output are the traits of one that is a root of execution.
func output(id string) guest.Traits {
	t := golden(id)
	t.OutputNode = true
	return t
}

type options map[string]any

// span are the options of a number.
func span(def, low, high any) options { return options{"default": def, "min": low, "max": high} }

// showAll shows what a node was given.
func showAll(in guest.Args) (guest.Reply, error) { return guest.Reply{UI: show(in)}, nil }
