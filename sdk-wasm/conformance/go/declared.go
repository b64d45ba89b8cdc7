package main

import (
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// declared has an input and an output of each form that the other nodes have none of.
var declared = guest.Dynamic{
	Traits: guest.Traits{ID: "KitDeclared", Name: "Declared", Category: category, Help: "Has what the others have not.", V3: true},
	Ports: func(p *guest.Ports) {
		var amount float64
		var seed uint64
		var text, hint string
		guest.Float(p, "amount", &amount, 0.5).Range(0.0, 1.0).Step(0.05).Slider()
		guest.Seed(p, "seed", &seed, 7).ControlAfterGenerate()
		guest.String(p, "text", &text, "").ForceInput()
		guest.String(p, "hint", &hint, "").Set("placeholder", "say something")
		p.GrowNamed("named", 1, []string{"x", "y"}, func(p *guest.Ports) { p.In("n", "INT").Set("default", int64(0)) })
		p.Slot("slot", "IMAGE", func(p *guest.Ports) { p.In("by", "INT").Set("default", int64(1)) })
		p.Group("rows", "Row", 1, 3, func(p *guest.Ports) { p.In("n", "INT").Set("default", int64(0)) })
		p.Match("same", "t", "INT,FLOAT")
		p.In("raw", "*").Raw()
		p.Out("KIT_THING").Named("thing").Help("What it is.")
		p.Out("COMFY_MATCHTYPE_V3").Match("t")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		return guest.Outputs(map[string]any{"seed": in["seed"], "amount": in["amount"]}, in["same"])
	},
}

// tellWith shows a picture together with how far it is.
var tellWith = guest.Def[imageIn, wholeOut]{
	ID: "KitTellWith", Name: "Tell with", Category: category, Help: "Tells how far it is, with a picture.",
	Ports: func(p *guest.Ports, in *imageIn, out *wholeOut) {
		guest.Linked(p, "image", &in.Image)
		guest.ResultOf(p, "INT", &out.N)
	},
	Do: func(in imageIn) (wholeOut, error) {
		goesOn, err := guest.ProgressWith(1, 2, in.Image, guest.Picture{MaxSide: 4, PNG: true})
		if err == nil && !goesOn {
			err = guest.Error(abi.ECANCEL)
		}
		return wholeOut{1}, err
	},
}

type missingIn struct{ A, B string }

// missing says nothing of its lazy inputs.
var missing = guest.Def[missingIn, textOut]{
	ID: "KitMissing", Name: "Missing", Category: category, Help: "Wants all lazy inputs.",
	Ports: func(p *guest.Ports, in *missingIn, out *textOut) {
		guest.String(p, "a", &in.A, "").Lazy()
		guest.String(p, "b", &in.B, "").Lazy()
		guest.ResultOf(p, "STRING", &out.Text)
	},
	Do: func(in missingIn) (textOut, error) { return textOut{in.A + in.B}, nil },
}

// broken has a check that breaks.
var broken = guest.Def[checkIn, wholeOut]{
	ID: "KitBroken", Name: "Broken", Category: category, Help: "Its check breaks.",
	Ports: func(p *guest.Ports, in *checkIn, out *wholeOut) {
		guest.Int(p, "n", &in.N, 0)
		guest.ResultOf(p, "INT", &out.N)
	},
	Check:   func(checkIn) error { return guest.Raise("ValueError", "bad value") },
	Checked: []string{"n"},
	Do:      func(in checkIn) (wholeOut, error) { return wholeOut(in), nil },
}

type passIn struct{ Text string }

type passOut struct {
	Text  any
	Graph *guest.Graph
}

// elsewhere becomes a node whose events name another.
var elsewhere = guest.Def[passIn, passOut]{
	ID: "KitElsewhere", Name: "Elsewhere", Category: category, Help: "Becomes a node that shows elsewhere.", Expands: true,
	Ports: func(p *guest.Ports, in *passIn, out *passOut) {
		guest.String(p, "text", &in.Text, "")
		guest.ResultOf(p, "STRING", &out.Text)
		guest.Expansion(p, &out.Graph)
	},
	Do: func(in passIn) (passOut, error) {
		g := &guest.Graph{}
		a := g.Add("a", "KitFingerprint", guest.Input{Name: "key", Value: in.Text})
		g.Find("a").Display = "3"
		return passOut{a(0), g}, nil
	},
}
