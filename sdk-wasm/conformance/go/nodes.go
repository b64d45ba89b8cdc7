package main

import (
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

const category = "conformance"

func nodes() []guest.Node {
	return []guest.Node{values.Node(), lazy.Node(), lists.Node(), expand.Node(), block.Node(), check.Node(), fingerprint.Node(), show.Node(),
		tell.Node(), wait.Node(), later.Node(), hidden.Node(), handles.Node(), fail.Node(), flags.Node(), grow.Node(), loop.Node(), links.Node(),
		declared.Node(), tellWith.Node(), missing.Node(), broken.Node(), elsewhere.Node()}
}

type valuesIn struct {
	Mode        string
	Whole       int64
	Number      float64
	Text, Extra string
	On          bool
}

var values = guest.Def[valuesIn, valuesIn]{
	ID: "KitValues", Name: "Values", Category: category, Help: "Gives its values.",
	Ports: func(p *guest.Ports, in *valuesIn, out *valuesIn) {
		guest.Choice(p, "mode", &in.Mode, "near", "far").Help("How far.")
		guest.Int(p, "whole", &in.Whole, 3).Range(int64(0), int64(10))
		guest.Float(p, "number", &in.Number, 0.5).Range(0.0, 1.0).Step(0.01)
		guest.String(p, "text", &in.Text, "a").Multiline()
		guest.Switch(p, "on", &in.On, true)
		guest.String(p, "extra", &in.Extra, "none").Optional()
		guest.ResultOf(p, "STRING", &out.Mode).Named("mode")
		guest.ResultOf(p, "INT", &out.Whole)
		guest.ResultOf(p, "FLOAT", &out.Number)
		guest.ResultOf(p, "STRING", &out.Text)
		guest.ResultOf(p, "BOOLEAN", &out.On)
		guest.ResultOf(p, "STRING", &out.Extra)
	},
	Do: func(in valuesIn) (valuesIn, error) { return in, nil },
}

type lazyIn struct {
	First bool
	A, B  string
}

type textOut struct{ Text string }

var lazy = guest.Def[lazyIn, textOut]{
	ID: "KitLazy", Name: "Lazy", Category: category, Help: "Gives one of two texts.",
	Ports: func(p *guest.Ports, in *lazyIn, out *textOut) {
		guest.Switch(p, "first", &in.First, true)
		guest.String(p, "a", &in.A, "").Lazy()
		guest.String(p, "b", &in.B, "").Lazy()
		guest.ResultOf(p, "STRING", &out.Text)
	},
	Need: func(in lazyIn, has func(string) bool) ([]string, error) {
		name := "b"
		if in.First {
			name = "a"
		}
		if has(name) {
			return nil, nil
		}
		return []string{name}, nil
	},
	Do: func(in lazyIn) (textOut, error) {
		if in.First {
			return textOut{in.A}, nil
		}
		return textOut{in.B}, nil
	},
}

type listsIn struct{ Items, Factor guest.List }

type listsOut struct {
	Items guest.List
	Count int64
}

var lists = guest.Def[listsIn, listsOut]{
	ID: "KitLists", Name: "Lists", Category: category, Help: "Multiplies each item.", InputIsList: true,
	Ports: func(p *guest.Ports, in *listsIn, out *listsOut) {
		guest.Any(p, "items", "INT", &in.Items).Set("default", int64(0))
		guest.Any(p, "factor", "INT", &in.Factor).Set("default", int64(2))
		guest.ResultOf(p, "INT", &out.Items).List()
		guest.ResultOf(p, "INT", &out.Count)
	},
	Do: func(in listsIn) (out listsOut, err error) {
		factor, _ := in.Factor[0].(int64)
		for _, v := range in.Items {
			n, _ := v.(int64)
			out.Items = append(out.Items, n*factor)
		}
		return listsOut{out.Items, int64(len(in.Items))}, nil
	},
}

type expandIn struct {
	Text  string
	Whole int64
}

type expandOut struct {
	Text  any
	Graph *guest.Graph
}

var expand = guest.Def[expandIn, expandOut]{
	ID: "KitExpand", Name: "Expand", Category: category, Help: "Becomes two nodes.", Expands: true,
	Ports: func(p *guest.Ports, in *expandIn, out *expandOut) {
		guest.String(p, "text", &in.Text, "")
		guest.Int(p, "whole", &in.Whole, 0)
		guest.ResultOf(p, "STRING", &out.Text)
		guest.Expansion(p, &out.Graph)
	},
	Do: func(in expandIn) (expandOut, error) {
		g := &guest.Graph{}
		a := g.Add("a", "KitValues", guest.Input{Name: "mode", Value: "far"}, guest.Input{Name: "whole", Value: in.Whole},
			guest.Input{Name: "number", Value: 0.25}, guest.Input{Name: "text", Value: in.Text}, guest.Input{Name: "on", Value: false})
		b := g.Add("b", "KitLazy", guest.Input{Name: "first", Value: true}, guest.Input{Name: "a", Value: a(3)})
		return expandOut{b(0), g}, nil
	},
}

type blockIn struct{ Mode string }

type blockOut struct {
	First  string
	Second any
	All    *guest.Block
}

var block = guest.Def[blockIn, blockOut]{
	ID: "KitBlock", Name: "Block", Category: category, Help: "Blocks an output, or all.",
	Ports: func(p *guest.Ports, in *blockIn, out *blockOut) {
		guest.Choice(p, "mode", &in.Mode, "say", "silent", "all")
		guest.ResultOf(p, "STRING", &out.First)
		guest.ResultOf(p, "STRING", &out.Second)
		guest.Blocks(p, &out.All)
	},
	Do: func(in blockIn) (blockOut, error) {
		switch in.Mode {
		case "say":
			return blockOut{First: "x", Second: guest.Block{Message: "no more"}}, nil
		case "silent":
			return blockOut{First: "x", Second: guest.Block{Silent: true}}, nil
		}
		return blockOut{All: &guest.Block{Message: "all blocked"}}, nil
	},
}

type checkIn struct{ N int64 }

type wholeOut struct{ N int64 }

var check = guest.Def[checkIn, wholeOut]{
	ID: "KitCheck", Name: "Check", Category: category, Help: "Takes even numbers.", Checked: []string{"n"},
	Ports: func(p *guest.Ports, in *checkIn, out *wholeOut) {
		guest.Int(p, "n", &in.N, 0)
		guest.ResultOf(p, "INT", &out.N)
	},
	Check: func(in checkIn) error {
		if in.N%2 != 0 {
			return &guest.Refusal{Reason: "n is odd"}
		}
		return nil
	},
	Do: func(in checkIn) (wholeOut, error) { return wholeOut(in), nil },
}

type keyIn struct{ Key string }

var fingerprint = guest.Def[keyIn, textOut]{
	ID: "KitFingerprint", Name: "Fingerprint", Category: category, Help: "Depends on more than its inputs.",
	Ports: func(p *guest.Ports, in *keyIn, out *textOut) {
		guest.String(p, "key", &in.Key, "")
		guest.ResultOf(p, "STRING", &out.Text)
	},
	Changed: func(in keyIn) (any, error) {
		return map[string]any{"key": in.Key, "n": int64(1), "list": []any{true, nil, 0.5}}, nil
	},
	Do: func(in keyIn) (textOut, error) { return textOut{in.Key}, nil },
}

type showOut struct{ UI guest.UI }

var show = guest.Def[keyIn, showOut]{
	ID: "KitShow", Name: "Show", Category: category, Help: "Shows values of every sort.", OutputNode: true,
	Ports: func(p *guest.Ports, in *keyIn, out *showOut) {
		guest.String(p, "key", &in.Key, "")
		guest.Show(p, &out.UI)
	},
	Do: func(in keyIn) (showOut, error) {
		return showOut{guest.UI{"text": {in.Key}, "values": {int64(1), 2.5, true, nil}}}, nil
	},
}

type imageIn struct{ Image guest.Image }

var tell = guest.Def[imageIn, wholeOut]{
	ID: "KitTell", Name: "Tell", Category: category, Help: "Tells how far it is.",
	Ports: func(p *guest.Ports, in *imageIn, out *wholeOut) {
		guest.Linked(p, "image", &in.Image)
		guest.ResultOf(p, "INT", &out.N)
	},
	Do: func(in imageIn) (wholeOut, error) {
		if !guest.Progress(1, 2) {
			return wholeOut{}, guest.Error(abi.ECANCEL)
		}
		guest.ProgressText("half")
		if err := guest.PreviewPNG(in.Image, 4); err != nil {
			return wholeOut{}, err
		}
		guest.Progress(2, 2)
		return wholeOut{1}, nil
	},
}

var wait = guest.Def[struct{}, textOut]{
	ID: "KitWait", Name: "Wait", Category: category, Help: "Waits for a message.", Async: true, NotIdempotent: true,
	Ports: func(p *guest.Ports, _ *struct{}, out *textOut) { guest.ResultOf(p, "STRING", &out.Text) },
	Do: func(struct{}) (textOut, error) {
		b, err := guest.Wait("go", 20*time.Second)
		return textOut{string(b)}, err
	},
}

type laterOut struct {
	Text  string
	Later *guest.Later
}

var later = guest.Def[checkIn, laterOut]{
	ID: "KitLater", Name: "Later", Category: category, Help: "Asks n times to be called again.",
	Ports: func(p *guest.Ports, in *checkIn, out *laterOut) {
		guest.Int(p, "n", &in.N, 2)
		guest.ResultOf(p, "STRING", &out.Text)
		guest.Again(p, &out.Later)
	},
	Do: func(in checkIn) (laterOut, error) { return again(in, nil) },
	Resume: func(in checkIn, state []byte) (laterOut, error) {
		if int64(len(state)) >= in.N {
			return laterOut{Text: string(state)}, nil
		}
		return again(in, state)
	},
}

func again(_ checkIn, state []byte) (laterOut, error) {
	return laterOut{Later: &guest.Later{After: time.Millisecond, State: append(state, 'x')}}, nil
}

type hiddenIn struct{ ID, Prompt, Info string }

var hidden = guest.Def[hiddenIn, hiddenIn]{
	ID: "KitHidden", Name: "Hidden", Category: category, Help: "Gives what the server fills in.",
	Ports: func(p *guest.Ports, in *hiddenIn, out *hiddenIn) {
		guest.Fill(p, "id", "UNIQUE_ID", &in.ID)
		guest.Fill(p, "prompt", "PROMPT", &in.Prompt)
		guest.Fill(p, "info", "EXTRA_PNGINFO", &in.Info)
		guest.ResultOf(p, "STRING", &out.ID)
		guest.ResultOf(p, "STRING", &out.Prompt)
		guest.ResultOf(p, "STRING", &out.Info)
	},
	Do: func(in hiddenIn) (hiddenIn, error) { return in, nil },
}

type handlesIn struct {
	Image  guest.Image
	Mask   guest.Mask
	Latent guest.Latent
	Model  guest.Value
}

var handles = guest.Def[handlesIn, handlesIn]{
	ID: "KitHandles", Name: "Handles", Category: category, Help: "Passes on what stays with the host.",
	Ports: func(p *guest.Ports, in *handlesIn, out *handlesIn) {
		guest.Linked(p, "image", &in.Image)
		guest.Linked(p, "mask", &in.Mask)
		guest.Linked(p, "latent", &in.Latent)
		guest.Any(p, "model", "MODEL", &in.Model)
		guest.Result(p, &out.Image)
		guest.Result(p, &out.Mask)
		guest.Result(p, &out.Latent)
		guest.ResultOf(p, "MODEL", &out.Model)
	},
	Do: func(in handlesIn) (handlesIn, error) { return in, nil },
}

var fail = guest.Def[blockIn, wholeOut]{
	ID: "KitFail", Name: "Fail", Category: category, Help: "Fails.",
	Ports: func(p *guest.Ports, in *blockIn, out *wholeOut) {
		guest.Choice(p, "mode", &in.Mode, "errno", "raise")
		guest.ResultOf(p, "INT", &out.N)
	},
	Do: func(in blockIn) (wholeOut, error) {
		if in.Mode == "raise" {
			return wholeOut{}, guest.Raise("ValueError", "bad value")
		}
		return wholeOut{}, guest.Fail(abi.ECONFLICT, "moved on")
	},
}

var flags = guest.Def[struct{}, struct{}]{
	ID: "KitFlags", Name: "Flags", Category: category, Help: "Has every flag.",
	OutputNode: true, NotIdempotent: true, Async: true, Intermediate: true, Deprecated: true, Experimental: true,
	Ports: func(*guest.Ports, *struct{}, *struct{}) {},
	Do:    func(struct{}) (struct{}, error) { return struct{}{}, nil },
}
