// Command basic is an extension with one node of each sort: an image effect that never sees a pixel, a loop over pixels, a
// text node with lazy inputs, an expansion, and a node that waits for a choice which a route posts.
package main

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

var _ = guest.Serve(guest.Extension{
	Nodes: []guest.Node{negative.Node(), posterize.Node(), pick.Node(), repeat.Node(), choose.Node(), count.Node()},
	Routes: []guest.Route{
		{Method: "POST", Path: "/choice", Do: postChoice},
		{Method: "GET", Path: "/hello/:name", Do: hello},
		{Method: "GET", Path: "/page", Do: page},
	},
})

func main() {}

type negativeIn struct {
	Image    guest.Image
	Strength float64
}

type imageOut struct{ Image guest.Image }

// negative mixes a picture with its negative: one call of the host for the whole batch.
var negative = guest.Def[negativeIn, imageOut]{
	ID: "BasicNegative", Category: "basic/image", Help: "Mixes a picture with its negative.",
	Ports: func(p *guest.Ports, in *negativeIn, out *imageOut) {
		guest.Linked(p, "image", &in.Image)
		guest.Float(p, "strength", &in.Strength, 1).Range(0.0, 1.0).Step(0.01).Help("1 is the negative alone.")
		guest.Result(p, &out.Image)
	},
	Do: func(in negativeIn) (out imageOut, err error) {
		var r guest.Recorder
		x := r.Input(in.Image.Tensor)
		y := r.Clamp(r.Affine(x, 1-2*in.Strength, in.Strength), 0, 1)
		ts, err := r.Run(y)
		if err != nil {
			return out, err
		}
		out.Image, err = ts[0].Image()
		return out, err
	},
}

type posterizeIn struct {
	Image  guest.Image
	Levels int64
}

// posterize visits each pixel in a loop of the guest's, a piece at a time.
var posterize = guest.Def[posterizeIn, imageOut]{
	ID: "BasicPosterize", Category: "basic/image", Help: "Leaves few levels of each colour.",
	Ports: func(p *guest.Ports, in *posterizeIn, out *imageOut) {
		guest.Linked(p, "image", &in.Image)
		guest.Int(p, "levels", &in.Levels, 4).Range(int64(2), int64(256))
		guest.Result(p, &out.Image)
	},
	Do: func(in posterizeIn) (out imageOut, err error) {
		info := in.Image.Info()
		to, err := guest.New(abi.DTypeF32, 0, info.Shape...)
		if err != nil {
			return out, err
		}
		piece := make([]byte, 64<<10)
		for at := int64(0); at < info.Bytes; at += int64(len(piece)) {
			n, err := in.Image.Read(piece, at)
			if err != nil {
				return out, err
			}
			posterizeBytes(piece[:n], float32(in.Levels-1))
			if err := to.Write(piece[:n], at); err != nil {
				return out, err
			}
			if !guest.Progress(float64(at), float64(info.Bytes)) {
				return out, guest.Error(abi.ECANCEL)
			}
		}
		out.Image, err = to.Image()
		return out, err
	},
}

func posterizeBytes(b []byte, most float32) {
	for i := 0; i+4 <= len(b); i += 4 {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b[i:]))
		v = float32(int32(v*most+0.5)) / most
		binary.LittleEndian.PutUint32(b[i:], math.Float32bits(v))
	}
}

type pickIn struct {
	Second bool
	A, B   string
}

type textOut struct{ Text string }

// pick evaluates one of its two texts only.
var pick = guest.Def[pickIn, textOut]{
	ID: "BasicPick", Category: "basic/text", Help: "One of two texts; the other is never made.",
	Ports: func(p *guest.Ports, in *pickIn, out *textOut) {
		guest.Switch(p, "second", &in.Second, false)
		guest.String(p, "a", &in.A, "").Lazy()
		guest.String(p, "b", &in.B, "").Lazy()
		guest.ResultOf(p, "STRING", &out.Text)
	},
	Need: func(in pickIn, has func(string) bool) ([]string, error) {
		name := "a"
		if in.Second {
			name = "b"
		}
		if has(name) {
			return nil, nil
		}
		return []string{name}, nil
	},
	Do: func(in pickIn) (textOut, error) {
		if in.Second {
			return textOut{in.B}, nil
		}
		return textOut{in.A}, nil
	},
}

type repeatIn struct {
	Image guest.Image
	Times int64
}

type repeatOut struct {
	Image any
	Graph *guest.Graph
}

// repeat expands to a chain of BasicNegative nodes.
var repeat = guest.Def[repeatIn, repeatOut]{
	ID: "BasicRepeat", Category: "basic/image", Help: "Takes the negative several times.", Expands: true,
	Ports: func(p *guest.Ports, in *repeatIn, out *repeatOut) {
		guest.Linked(p, "image", &in.Image)
		guest.Int(p, "times", &in.Times, 3).Range(int64(1), int64(100))
		guest.ResultOf(p, "IMAGE", &out.Image)
		guest.Expansion(p, &out.Graph)
	},
	Check: func(in repeatIn) error {
		if in.Times == 13 {
			return errors.New("thirteen times is unlucky")
		}
		return nil
	},
	Do: func(in repeatIn) (repeatOut, error) {
		g := &guest.Graph{}
		var last any = in.Image
		for i := range in.Times {
			last = g.Add(strconv.FormatInt(i, 10), "BasicNegative", guest.Input{Name: "image", Value: last}, guest.Input{Name: "strength", Value: 1.0})(0)
		}
		return repeatOut{Image: last, Graph: g}, nil
	},
}

type chooseIn struct {
	Images guest.Image
	Node   string
}

// choose shows a batch and waits until somebody chooses a picture of it: the extension's page, or anybody who posts to the
// route.
var choose = guest.Def[chooseIn, imageOut]{
	ID: "BasicChoose", Category: "basic/image", Help: "Waits for the choice of one picture of a batch.", NotIdempotent: true, Async: true,
	Ports: func(p *guest.Ports, in *chooseIn, out *imageOut) {
		guest.Linked(p, "images", &in.Images)
		guest.Fill(p, "node", "UNIQUE_ID", &in.Node)
		guest.Result(p, &out.Image)
	},
	Do: func(in chooseIn) (out imageOut, err error) {
		n := in.Images.Info().Shape[0]
		guest.ProgressText("choose a picture: 0 to " + strconv.Itoa(n-1))
		_ = guest.Preview(in.Images, 512)
		for {
			msg, err := guest.Wait("choice", time.Minute)
			if errors.Is(err, guest.Error(abi.ETIMEOUT)) {
				continue
			}
			if err != nil {
				return out, err
			}
			i, err := strconv.Atoi(string(msg))
			if err != nil || i < 0 || i >= n {
				guest.ProgressText("there is no picture " + string(msg))
				continue
			}
			t, err := in.Images.Slice(0, i, i+1)
			if err != nil {
				return out, err
			}
			out.Image, err = t.Image()
			return out, err
		}
	},
}

type countIn struct{ Key string }

type countOut struct {
	N  int64
	UI guest.UI
}

// count counts its runs in the store.
var count = guest.Def[countIn, countOut]{
	ID: "BasicCount", Category: "basic/text", Help: "How often it has run.", NotIdempotent: true, OutputNode: true,
	Ports: func(p *guest.Ports, in *countIn, out *countOut) {
		guest.String(p, "key", &in.Key, "runs")
		guest.ResultOf(p, "INT", &out.N)
		guest.Show(p, &out.UI)
	},
	Changed: func(countIn) (any, error) { return math.NaN(), nil },
	Do: func(in countIn) (countOut, error) {
		for {
			old, err := guest.Tenant.Get(in.Key)
			if err != nil && !errors.Is(err, guest.Error(abi.ENOENT)) {
				return countOut{}, err
			}
			n, _ := strconv.ParseInt(string(old), 10, 64)
			err = guest.Tenant.Swap(in.Key, old, strconv.AppendInt(nil, n+1, 10))
			if errors.Is(err, guest.Error(abi.ECONFLICT)) {
				continue
			}
			return countOut{N: n + 1, UI: guest.UI{"text": {strconv.FormatInt(n+1, 10)}}}, err
		}
	},
}

// postChoice hands the form's message to the node that it names.
func postChoice(r *guest.Request) (guest.Response, error) {
	taken, err := guest.Post(r.Form("prompt_id"), r.Form("node_id"), "choice", []byte(r.Form("message")))
	if err != nil {
		return guest.Response{Status: 409, Body: []byte(err.Error())}, nil
	}
	if taken {
		return guest.Text("taken"), nil
	}
	return guest.Text("kept"), nil
}

func hello(r *guest.Request) (guest.Response, error) {
	return guest.Text("hello " + r.Params["name"] + " " + r.Query("mark")), nil
}

func page(*guest.Request) (guest.Response, error) {
	return guest.HTML("<!doctype html><title>basic</title><h1>Choose</h1>"), nil
}
