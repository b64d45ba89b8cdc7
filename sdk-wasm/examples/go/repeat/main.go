// Repeat is a loop: a node that puts one step and itself, with one time less, in its own place.
package main

import "github.com/cocoonhq/cocoon/sdk-wasm/guest"

var _ = guest.Serve(guest.Extension{Nodes: []guest.Node{repeat.Node(), step.Node()}})

func main() {}

type stepIn struct {
	Image  guest.Image
	Factor float64
}

type repeatIn struct {
	stepIn
	Times int64
}

type repeatOut struct {
	Image any // a picture, or a link to a node of the graph
	Graph *guest.Graph
}

var repeat = guest.Def[repeatIn, repeatOut]{
	ID: "ExampleRepeatGo", Name: "Repeat (Go)", Category: "examples/go", Help: "Makes a picture darker or brighter, step by step.", Expands: true,
	Ports: func(p *guest.Ports, in *repeatIn, out *repeatOut) {
		ports(p, &in.stepIn)
		guest.Int(p, "times", &in.Times, 3).Range(int64(0), int64(8))
		guest.ResultOf(p, "IMAGE", &out.Image)
		guest.Expansion(p, &out.Graph)
	},
	Do: expand,
}

func ports(p *guest.Ports, in *stepIn) {
	guest.Linked(p, "image", &in.Image)
	guest.Float(p, "factor", &in.Factor, 0.5).Range(0.0, 2.0).Step(0.01)
}

func expand(in repeatIn) (repeatOut, error) {
	if in.Times == 0 {
		return repeatOut{Image: in.Image}, nil
	}
	g := &guest.Graph{}
	factor := guest.Input{Name: "factor", Value: in.Factor}
	once := g.Add("step", "ExampleRepeatStepGo", guest.Input{Name: "image", Value: in.Image}, factor)
	again := g.Add("again", "ExampleRepeatGo", guest.Input{Name: "image", Value: once(0)}, factor, guest.Input{Name: "times", Value: in.Times - 1})
	return repeatOut{again(0), g}, nil
}

type stepOut struct{ Image guest.Image }

var step = guest.Def[stepIn, stepOut]{
	ID: "ExampleRepeatStepGo", Name: "Repeat, one step (Go)", Category: "examples/go", Help: "Multiplies a picture by a factor.",
	Ports: func(p *guest.Ports, in *stepIn, out *stepOut) {
		ports(p, in)
		guest.Result(p, &out.Image)
	},
	Do: func(in stepIn) (out stepOut, err error) {
		var r guest.Recorder
		out.Image, err = r.Image(r.Affine(r.Input(in.Image.Tensor), in.Factor, 0))
		return out, err
	},
}
