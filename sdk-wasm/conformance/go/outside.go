package main

import (
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// outsideOps are the functions of the other modules.
func outsideOps() map[string]op {
	return map[string]op{
		"node_call": func(a args) (any, error) {
			l, err := guest.NodeCall(a.text(0), abi.AsMap(a[1]))
			return l, err
		},
		"kv_get": func(a args) (any, error) { return guest.Scope(a.int(0)).Get(a.text(1)) },
		"kv_put": func(a args) (any, error) {
			return done(guest.Scope(a.int(0)).Put(a.text(1), a.bytes(2), time.Duration(a.int(3))*time.Millisecond))
		},
		"kv_cas":    func(a args) (any, error) { return done(guest.Scope(a.int(0)).Swap(a.text(1), a.bytes(2), a.bytes(3))) },
		"kv_delete": func(a args) (any, error) { return done(guest.Scope(a.int(0)).Delete(a.text(1))) },
		"kv_list": func(a args) (any, error) {
			keys, err := guest.Scope(a.int(0)).List(a.text(1))
			out := make([]any, len(keys))
			for i, k := range keys {
				out[i] = k
			}
			return out, err
		},
		"http_fetch": fetch,
		"asset_open": func(a args) (any, error) {
			m := abi.AsMap(a[0])
			f, err := guest.File{Type: m.Text("type"), Subfolder: m.Text("subfolder"), Filename: m.Text("filename")}.Open()
			return f.Handle, err
		},
		"asset_size": func(a args) (any, error) { return guest.Asset{Handle: a.handle(0)}.Size(), nil },
		"asset_read": func(a args) (any, error) {
			b := make([]byte, a.int(2))
			n, err := guest.Asset{Handle: a.handle(0)}.Read(b, a.int(1))
			return b[:max(n, 0)], err
		},
		"asset_save": func(a args) (any, error) {
			f, err := guest.Save(a.text(0), a.bytes(1))
			return map[string]any{"type": f.Type, "subfolder": f.Subfolder, "filename": f.Filename}, err
		},
		"ws_send": func(a args) (any, error) { return done(guest.Send(a.text(0), a.text(1))) },
		"input":   func(a args) (any, error) { return pulled(guest.Pull[any](a.text(0))) },
		"msg_wait": func(a args) (any, error) {
			return guest.Wait(a.text(0), time.Duration(a.int(1))*time.Millisecond)
		},
		"msg_post": func(a args) (any, error) {
			taken, err := guest.Post(a.text(0), a.text(1), a.text(2), a.bytes(3))
			if taken {
				return int64(1), err
			}
			return int64(0), err
		},
	}
}

func request(m abi.Map) guest.HTTPRequest {
	q := guest.HTTPRequest{Method: m.Text("method"), URL: m.Text("url"), Body: m.Bytes("body"), Headers: map[string]string{}}
	for k := range m.Map("headers") {
		q.Headers[k] = m.Map("headers").Text(k)
	}
	return q
}

// fetch sends a request; of the answer's headers the reply has the type, since others tell the time.
func fetch(a args) (any, error) {
	r, err := guest.Fetch(request(abi.AsMap(a[0])))
	return map[string]any{"status": int64(r.Status), "type": r.Headers["content-type"], "body": r.Body}, err
}
