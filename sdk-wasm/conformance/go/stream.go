package main

import (
	"errors"
	"io"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// streamOps are requests beside the guest, events for clients, and bodies and answers of routes.
func streamOps() map[string]op {
	return map[string]op{
		"http_start": func(a args) (any, error) {
			m := abi.AsMap(a[0])
			var from []abi.Handle
			if h, ok := m["body"].(abi.Handle); ok {
				from = append(from, h)
			}
			return begun(guest.Start(request(m), from...))
		},
		"http_take": func(a args) (any, error) {
			r, err := (&guest.Exchange{Handle: a.handle(0)}).Head()
			return map[string]any{"status": int64(r.Status), "type": r.Headers["content-type"]}, err
		},
		"http_read": func(a args) (any, error) { return piece(&guest.Exchange{Handle: a.handle(0)}, a.int(1)) },
		"wait_any": func(a args) (any, error) {
			var all []*guest.Exchange
			for i := range a.list(0) {
				all = append(all, &guest.Exchange{Handle: args(a.list(0)).handle(i)})
			}
			n, err := guest.WaitAny(time.Duration(a.int(1))*time.Millisecond, all...)
			return int64(n), err
		},
		"ws_post": func(a args) (any, error) { return done(target(a).Send(a.text(2), a.text(3))) },
		"ws_image": func(a args) (any, error) {
			return done(target(a).Show(guest.Image{Tensor: a.tensor(2)}, int(a.int(3))))
		},
		"body_read": func(a args) (any, error) {
			return piece(&guest.Body{Handle: a.handle(0)}, a.int(1))
		},
		"reply_head": func(a args) (any, error) {
			_, err := (&guest.Request{}).Begin(int(a.int(0)), map[string]string{"content-type": a.text(1)})
			return done(err)
		},
		"reply_write": func(a args) (any, error) {
			n, err := guest.Answer{}.Write(a.bytes(0))
			return int64(n), err
		},
	}
}

func begun(x *guest.Exchange, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return x.Handle, nil
}

func target(a args) guest.Target {
	switch a.int(0) {
	case 0:
		return guest.Client(a.text(1))
	case 1:
		return guest.PromptClient(a.text(1))
	}
	return guest.Everybody()
}

// piece is what one read gives; nothing at the end.
func piece(r io.Reader, n int64) (any, error) {
	b := make([]byte, n)
	got, err := r.Read(b)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:got], err
}
