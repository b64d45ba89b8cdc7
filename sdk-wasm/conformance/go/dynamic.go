package main

import (
	"strconv"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// grow adds up inputs of which nobody knows how many there are.
var grow = guest.Dynamic{
	Traits: guest.Traits{ID: "KitGrow", Name: "Grow", Category: category, Help: "Adds up what there is.", V3: true, Aliases: []string{"sum", "total"}},
	Ports: func(p *guest.Ports) {
		p.Grow("items", "n", 1, 4, func(p *guest.Ports) { p.In("n", "INT").Set("default", int64(0)) })
		p.Cases("how", guest.Case{Key: "plus", Inputs: func(p *guest.Ports) { p.In("by", "INT").Set("default", int64(1)) }}, guest.Case{Key: "plain"})
		p.Out("INT")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		items, _ := in["items"].(map[string]any)
		how, _ := in["how"].(map[string]any)
		sum := int64(0)
		for i := range 4 {
			n, _ := items["n"+strconv.Itoa(i)].(int64)
			sum += n
		}
		by, _ := how["by"].(int64)
		return guest.Outputs(sum + by)
	},
}

// loop begins a loop of n iterations.
var loop = guest.Dynamic{
	Traits: guest.Traits{ID: "KitLoop", Name: "Loop", Category: category, Help: "Begins a loop.", Loop: "start"},
	Ports: func(p *guest.Ports) {
		p.In("n", "INT").Set("default", int64(2))
		p.Out("INT")
		p.Out("STRING")
		p.Out("*")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		l := &guest.Loop{Keep: true}
		for i := range in.Int("n") {
			l.Rows = append(l.Rows, []any{int64(i), "row " + strconv.Itoa(i)})
		}
		return guest.Reply{Loop: l}, nil
	},
}

// links looks at the types of what it is linked to.
var links = guest.Def[imageAny, wholeOut]{
	ID: "KitLinks", Name: "Links", Category: category, Help: "Takes anything but pictures.",
	Ports: func(p *guest.Ports, in *imageAny, out *wholeOut) {
		guest.Any(p, "x", "*", &in.X)
		guest.ResultOf(p, "INT", &out.N)
	},
	CheckLinks: func(_ imageAny, linked map[string]string) error {
		if linked["x"] == "IMAGE" {
			return &guest.Refusal{Reason: "no pictures"}
		}
		return nil
	},
	Do: func(imageAny) (wholeOut, error) { return wholeOut{1}, nil },
}

type imageAny struct{ X any }
