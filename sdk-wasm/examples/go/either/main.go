// Either gives one of two texts. Its inputs are lazy: what leads to the other text is never computed.
package main

import "github.com/cocoonhq/cocoon/sdk-wasm/guest"

var _ = guest.Serve(guest.Extension{Nodes: []guest.Node{either.Node()}})

func main() {}

type eitherIn struct {
	First bool
	A, B  string
}

type eitherOut struct {
	Text string
	UI   guest.UI
}

var either = guest.Def[eitherIn, eitherOut]{
	ID: "ExampleEitherGo", Name: "Either (Go)", Category: "examples/go",
	Help: "Gives one of two texts; what leads to the other one is not computed.",
	Ports: func(p *guest.Ports, in *eitherIn, out *eitherOut) {
		guest.Switch(p, "first", &in.First, true)
		guest.String(p, "a", &in.A, "").Lazy().Multiline()
		guest.String(p, "b", &in.B, "").Lazy().Multiline()
		guest.ResultOf(p, "STRING", &out.Text)
		guest.Show(p, &out.UI)
	},
	Need: func(in eitherIn, has func(name string) bool) ([]string, error) {
		name := "b"
		if in.First {
			name = "a"
		}
		if has(name) {
			return nil, nil
		}
		return []string{name}, nil
	},
	Do: func(in eitherIn) (eitherOut, error) {
		text := in.B
		if in.First {
			text = in.A
		}
		return eitherOut{text, guest.UI{"text": {text}}}, nil
	},
}
