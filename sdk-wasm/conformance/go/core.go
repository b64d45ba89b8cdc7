package main

import (
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// coreOps are the functions of the module cocoon1.
func coreOps() map[string]op {
	return map[string]op{
		"fail": func(a args) (any, error) { return nil, guest.Fail(int32(a.int(0)), a.text(1)) },
		"log": func(a args) (any, error) {
			guest.LogAt(int(a.int(0)), a.text(1))
			return nil, nil
		},
		"progress":       func(a args) (any, error) { return !guest.Progress(a.float(0), a.float(1)), nil },
		"progress_state": func(a args) (any, error) { return !guest.ProgressState(a.float(0), a.float(1)), nil },
		"progress_text": func(a args) (any, error) {
			guest.ProgressText(a.text(0))
			return nil, nil
		},
		"progress_text_all": func(a args) (any, error) {
			guest.ProgressTextAll(a.text(0))
			return nil, nil
		},
		"preview": func(a args) (any, error) {
			show := guest.Preview
			if a[2] == true {
				show = guest.PreviewPNG
			}
			return done(show(guest.Image{Tensor: a.tensor(0)}, int(a.int(1))))
		},
		"sleep_ms": func(a args) (any, error) { return done(guest.Sleep(time.Duration(a.int(0)) * time.Millisecond)) },
		"now_ms":   func(args) (any, error) { return guest.Now().UnixMilli(), nil },
		"random": func(a args) (any, error) {
			b := make([]byte, a.int(0))
			err := guest.Random(b)
			return b, err
		},
		"fuel_left":   func(args) (any, error) { return guest.FuelLeft(), nil },
		"deadline_ms": func(args) (any, error) { return guest.TimeLeft().Milliseconds(), nil },
		"feature":     func(a args) (any, error) { return guest.Has(uint32(a.int(0))), nil },
		"h_drop": func(a args) (any, error) {
			a.tensor(0).Drop()
			return nil, nil
		},
		"h_get": func(a args) (any, error) {
			t, err := guest.Latent{Handle: a.handle(0)}.Part(a.text(1))
			return of(abi.KindTensor, t, err)
		},
		"h_make": func(a args) (any, error) {
			switch kind := uint32(a.int(0)); kind {
			case abi.KindImage:
				i, err := a.tensor(1).Image()
				return of(kind, i.Tensor, err)
			case abi.KindMask:
				m, err := a.tensor(1).Mask()
				return of(kind, m.Tensor, err)
			}
			l, err := a.tensor(1).Latent()
			return l.Handle, err
		},
	}
}
