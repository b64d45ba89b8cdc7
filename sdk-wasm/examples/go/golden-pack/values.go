package main

import (
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// echo hands its input on and shows all that it was given, links that nobody declared too.
var echo = guest.Dynamic{
	Traits: guest.Traits{ID: "GoldenEcho", Name: "Golden Echo", Category: "golden", OutputNode: true},
	Ports: func(p *guest.Ports) {
		p.In("value", "*")
		p.Out("*")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		return guest.Reply{Outputs: []any{in["value"]}, UI: show(in)}, nil
	},
}

// types has an input of each sort.
var types = guest.Dynamic{
	Traits: output("GoldenTypes"),
	Ports: func(p *guest.Ports) {
		big := make([]any, 25)
		for i := range big {
			big[i] = "v" + strconv.Itoa(i)
		}
		p.In("i", "INT").Options(span(1, -10, 10))
		p.In("f", "FLOAT").Options(span(0.5, 0.0, 1.0))
		p.In("s", "STRING").Options(options{"default": "x"})
		p.In("b", "BOOLEAN").Options(options{"default": false})
		p.Combo("c", "red", "green", "it's")
		p.In("c3", "COMBO").Options(options{"options": []any{"one", "two"}}).Optional()
		p.Combo("big", big...).Optional()
		p.In("multi", "COMBO").Options(options{"options": []any{"p", "q", "r"}, "multiselect": true}).Optional()
		p.In("any", "*").Optional()
		p.Combo("n", 1, 2, 3).Optional()
	},
	Do: showAll,
}

// constant gives what a text says, whatever its type, on outputs of four types.
var constant = guest.Dynamic{
	Traits: golden("GoldenConst"),
	Ports: func(p *guest.Ports) {
		p.In("value", "STRING").Options(options{})
		for _, kind := range []string{"INT", "FLOAT", "STRING", "BOOLEAN"} {
			p.Out(kind)
		}
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		v, err := parse(in.Text("value"))
		return guest.Reply{Outputs: []any{v, v, v, v}}, err
	},
}

// list gives the items of a list; BLOCK:text blocks what hangs on the item.
var list = guest.Dynamic{
	Traits: golden("GoldenList"),
	Ports: func(p *guest.Ports) {
		p.In("values", "STRING").Options(options{})
		p.Out("*").List()
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		v, err := parse(in.Text("values"))
		if err != nil {
			return guest.Reply{}, err
		}
		items, _ := v.([]any)
		out := make(guest.List, len(items))
		for i, e := range items {
			out[i] = e
			s, _ := e.(string)
			if message, ok := strings.CutPrefix(s, "BLOCK:"); ok {
				out[i] = guest.Block{Message: message, Silent: message == ""}
			}
		}
		return guest.Outputs(out)
	},
}

// takeList gets its inputs as whole lists.
var takeList = guest.Dynamic{
	Traits: guest.Traits{ID: "GoldenTakeList", Category: "golden", OutputNode: true, InputIsList: true},
	Ports: func(p *guest.Ports) {
		p.In("a", "*")
		p.In("b", "*").Optional()
		p.In("c", "INT").Options(options{"default": 3}).Optional()
		p.Hidden("unique_id", "UNIQUE_ID")
	},
	Do: showAll,
}

// raw gets the link itself.
var raw = guest.Dynamic{
	Traits: output("GoldenRaw"),
	Ports:  func(p *guest.Ports) { p.In("link", "*").Raw() },
	Do: func(in guest.Args) (guest.Reply, error) {
		return guest.Reply{UI: show(guest.Args{"link": in["link"]})}, nil
	},
}

// hidden shows what the server fills in. What speaks for the caller elsewhere stays with the server.
var hidden = guest.Dynamic{
	Traits: output("GoldenHidden"),
	Ports: func(p *guest.Ports) {
		p.Hidden("uid", "UNIQUE_ID")
		p.Hidden("prompt", "PROMPT")
		p.Hidden("info", "EXTRA_PNGINFO")
		p.Hidden("token", "AUTH_TOKEN_COMFY_ORG")
		p.Hidden("key", "API_KEY_COMFY_ORG")
		p.Hidden("other", "SOMETHING")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		for _, name := range []string{"prompt", "info"} {
			if text, ok := in[name].(string); ok {
				in[name] = jsonText(text)
			}
		}
		return showAll(in)
	},
}
