package main

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// steps takes its time and shows how far it is.
var steps = guest.Dynamic{
	Traits: golden("GoldenSteps"),
	Ports: func(p *guest.Ports) {
		p.In("steps", "INT").Options(span(3, 0, 1000000))
		p.In("delay", "FLOAT").Options(span(0.0, 0.0, 100.0))
		p.Combo("preview", "none", "JPEG", "PNG")
		p.In("width", "INT").Options(span(64, 1, 4096))
		p.In("height", "INT").Options(span(32, 1, 4096))
		p.In("limit", "INT").Options(span(512, 0, 4096))
		p.In("after", "*").Optional()
		p.Out("INT")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		n, delay := in.Int("steps"), time.Duration(in.Float("delay")*float64(time.Second))
		tell, err := teller(in)
		if err != nil {
			return guest.Reply{}, err
		}
		for i := range n {
			if delay > 0 {
				if err := guest.Sleep(delay); err != nil {
					return guest.Reply{}, err
				}
			}
			goesOn, err := tell(float64(i+1), float64(n))
			if err != nil {
				return guest.Reply{}, err
			}
			if !goesOn {
				return guest.Reply{}, guest.Error(abi.ECANCEL)
			}
		}
		return guest.Outputs(n)
	},
}

// teller tells of a step, with a picture where one is wanted.
func teller(in guest.Args) (func(v, total float64) (bool, error), error) {
	if in.Text("preview") == "none" {
		return func(v, total float64) (bool, error) { return guest.Progress(v, total), nil }, nil
	}
	m, err := orange(in.Int("width"), in.Int("height"))
	return func(v, total float64) (bool, error) {
		return guest.ProgressWith(v, total, m, guest.Picture{MaxSide: in.Int("limit"), PNG: in.Text("preview") == "PNG"})
	}, err
}

// orange is a picture of one colour: a pixel that the host spreads out.
func orange(width, height int) (guest.Image, error) {
	pixel, err := guest.New(abi.DTypeF32, 0, 1, 1, 1, 3)
	if err != nil {
		return guest.Image{}, err
	}
	var b []byte
	for _, v := range []float32{1, 128.0 / 255, 0} {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	if err := pixel.Write(b, 0); err != nil {
		return guest.Image{}, err
	}
	var r guest.Recorder
	out, err := r.Run(r.Op(abi.TensorBroadcast, guest.Attr{Shape: []int{1, height, width, 3}}, r.Input(pixel)))
	if err != nil {
		return guest.Image{}, err
	}
	return out[0].Image()
}

// text shows a line on itself, to everybody.
var text = guest.Dynamic{
	Traits: golden("GoldenText"),
	Ports: func(p *guest.Ports) {
		p.In("text", "STRING").Options(options{})
		p.Hidden("unique_id", "UNIQUE_ID")
		p.Out("*")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		guest.ProgressTextAll(in.Text("text"))
		return guest.Outputs(in["text"])
	},
}
