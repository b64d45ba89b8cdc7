// Glow lets light bleed into its surroundings. The pixels stay with the host, which runs the whole effect as one graph.
package main

import "github.com/cocoonhq/cocoon/sdk-wasm/guest"

var _ = guest.Serve(guest.Extension{Nodes: []guest.Node{glow.Node()}})

func main() {}

type glowIn struct {
	Image  guest.Image
	Amount float64
	Size   int64
}

type glowOut struct{ Image guest.Image }

var glow = guest.Def[glowIn, glowOut]{
	ID: "ExampleGlowGo", Name: "Glow (Go)", Category: "examples/go", Help: "Lets light bleed into its surroundings.",
	Ports: func(p *guest.Ports, in *glowIn, out *glowOut) {
		guest.Linked(p, "image", &in.Image)
		guest.Float(p, "amount", &in.Amount, 0.5).Range(0.0, 1.0).Step(0.01).Slider()
		guest.Int(p, "size", &in.Size, 8).Range(int64(1), int64(128)).Help("How far the light bleeds, in pixels.")
		guest.Result(p, &out.Image)
	},
	Do: bleed,
}

func bleed(in glowIn) (out glowOut, err error) {
	s := in.Image.Info().Shape
	small := []int{s[0], max(s[1]/int(in.Size), 1), max(s[2]/int(in.Size), 1), s[3]}
	var r guest.Recorder
	x := r.Input(in.Image.Tensor)
	blurred := r.Resize(r.Resize(x, guest.Area, small...), guest.Bilinear, s...)
	// Screen: 1 - (1 - x) * (1 - amount * blurred).
	light := r.Affine(r.Mul(r.Affine(x, -1, 1), r.Affine(blurred, -in.Amount, 1)), -1, 1)
	out.Image, err = r.Image(r.Clamp(light, 0, 1))
	return out, err
}
