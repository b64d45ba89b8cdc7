// Dither draws a picture with few levels a channel and spreads the error (Floyd and Steinberg, 1976). Each pixel depends on
// the ones before it, so no graph can do it: the loop runs here, over windows on the host's memory.
package main

import "github.com/cocoonhq/cocoon/sdk-wasm/guest"

var _ = guest.Serve(guest.Extension{Nodes: []guest.Node{dither.Node()}})

func main() {}

type ditherIn struct {
	Image  guest.Image
	Levels int64
}

type ditherOut struct{ Image guest.Image }

var dither = guest.Def[ditherIn, ditherOut]{
	ID: "ExampleDitherGo", Name: "Dither (Go)", Category: "examples/go", Help: "Draws a picture with few levels a channel and spreads the error.",
	Ports: func(p *guest.Ports, in *ditherIn, out *ditherOut) {
		guest.Linked(p, "image", &in.Image)
		guest.Int(p, "levels", &in.Levels, 2).Range(int64(2), int64(256))
		guest.Result(p, &out.Image)
	},
	Do: draw,
}

func draw(in ditherIn) (out ditherOut, err error) {
	s := in.Image.Info().Shape
	from, err := in.Image.Map()
	if err != nil {
		return out, err
	}
	to, err := guest.NewWindow(s...)
	if err != nil {
		return out, err
	}
	copy(to.F32, from.F32)
	picture := s[1] * s[2] * s[3]
	for i := range s[0] {
		spread(to.F32[i*picture:(i+1)*picture], s[2]*s[3], s[3], float32(in.Levels-1))
	}
	t, err := to.Commit()
	if err != nil {
		return out, err
	}
	out.Image, err = t.Image()
	return out, err
}

// spread works on one picture: row is the elements of a line, ch those of a pixel.
func spread(px []float32, row, ch int, top float32) {
	for i, v := range px {
		want := min(max(v, 0), 1)
		got := float32(int32(want*top+0.5)) / top
		err := want - got
		px[i] = got
		x, below := i%row, i+row
		if x+ch < row {
			px[i+ch] += err * (7.0 / 16)
		}
		if below >= len(px) {
			continue // the last line
		}
		if x >= ch {
			px[below-ch] += err * (3.0 / 16)
		}
		px[below] += err * (5.0 / 16)
		if x+ch < row {
			px[below+ch] += err * (1.0 / 16)
		}
	}
}
