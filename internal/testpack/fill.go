package testpack

import (
	"context"
	"fmt"

	"github.com/cocoonhq/cocoon/engine/node"
)

// Fill makes n nodes that do nothing, described about as richly as others are: for measuring what a server with many does.
func Fill(n int) []node.Node {
	all := make([]node.Node, n)
	for i := range all {
		all[i] = filler(i)
	}
	return all
}

type fillerIn struct {
	Image              any
	Width, Height      int
	Strength, Start    float64
	Method, Mode, Text string
	On                 bool
}

type fillerOut struct{ Image any }

func filler(i int) node.Node {
	methods := make([]string, 10+i%30)
	for m := range methods {
		methods[m] = fmt.Sprintf("method %d", m)
	}
	return node.Def[fillerIn, fillerOut]{
		ID: fmt.Sprintf("GoldenFill%d", i), Name: fmt.Sprintf("Fill %d", i), Category: "golden/fill",
		Help: "Gives back what it is given. It is one of many that are there so that there are many.", Aliases: []string{"fill", "many"},
		Ports: func(p *node.Ports, in *fillerIn, out *fillerOut) {
			node.Linked(p, "image", "IMAGE", &in.Image).Help("What is given back.")
			node.Number(p, "width", &in.Width, 512).Range(16, 16384).Step(8).Help("A width in pixels.")
			node.Number(p, "height", &in.Height, 512).Range(16, 16384).Step(8).Help("A height in pixels.")
			node.Number(p, "strength", &in.Strength, 1).Range(0.0, 10.0).Step(0.01).Help("How much of nothing is done.")
			node.Number(p, "start", &in.Start, 0).Range(0.0, 1.0).Step(0.001)
			node.Choice(p, "method", &in.Method, methods...)
			node.Choice(p, "mode", &in.Mode, "one", "two", "three")
			node.Text(p, "text", &in.Text, "").Multiline().Help("A text.")
			node.Switch(p, "on", &in.On, true)
			node.Linked(p, "out", "IMAGE", &in.Image).Optional()
			node.Result(p, "IMAGE", &out.Image)
		},
		Do: func(_ context.Context, in fillerIn) (fillerOut, error) { return fillerOut{in.Image}, nil },
	}.Node()
}
