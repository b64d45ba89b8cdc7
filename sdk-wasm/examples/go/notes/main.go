// Notes keeps short texts by HTTP, apart for each tenant, and has a page to write them and a node that reads one.
package main

import (
	_ "embed"
	"errors"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

//go:embed page.html
var page string

var _ = guest.Serve(guest.Extension{
	Nodes: []guest.Node{note.Node()},
	Routes: []guest.Route{
		{Method: "GET", Path: "/notes", Do: list},
		{Method: "POST", Path: "/notes", Do: keep},
		{Method: "GET", Path: "/notes/:key", Do: get},
		{Method: "DELETE", Path: "/notes/:key", Do: forget},
		{Method: "GET", Path: "/changes", Do: changes},
		{Method: "GET", Path: "/page", Do: func(*guest.Request) (guest.Response, error) { return guest.HTML(page), nil }},
	},
})

func main() {}

type noteIn struct{ Key string }

type noteOut struct{ Text string }

var note = guest.Def[noteIn, noteOut]{
	ID: "ExampleNoteGo", Name: "Note (Go)", Category: "examples/go", Help: "Gives the text of a note.", NotIdempotent: true,
	Ports: func(p *guest.Ports, in *noteIn, out *noteOut) {
		guest.String(p, "key", &in.Key, "")
		guest.ResultOf(p, "STRING", &out.Text)
	},
	Do: func(in noteIn) (noteOut, error) {
		text, err := guest.Tenant.Get(in.Key)
		if errors.Is(err, guest.Error(abi.ENOENT)) {
			err = errors.New("there is no such note")
		}
		return noteOut{string(text)}, err
	},
}

// names is an array of the notes' names, which need no quoting.
func names() (string, error) {
	keys, err := guest.Tenant.List("")
	for i, k := range keys {
		keys[i] = `"` + k + `"`
	}
	return "[" + strings.Join(keys, ",") + "]", err
}

func list(*guest.Request) (guest.Response, error) {
	all, err := names()
	r := guest.Text(all)
	r.Headers["content-type"] = "application/json"
	return r, err
}

// changes tells the names whenever they have changed, as Server-Sent Events. A stream ends after some minutes, and its reader asks
// again.
func changes(r *guest.Request) (guest.Response, error) {
	out, err := r.Events()
	told := ""
	for n := 0; n < 500 && err == nil; n++ {
		var now string
		if now, err = names(); err == nil && now != told {
			told, err = now, out.Send("", "", now)
		}
		if err == nil {
			err = guest.Sleep(500 * time.Millisecond)
		}
	}
	if errors.Is(err, guest.Error(abi.ECANCEL)) { // the client is gone
		err = nil
	}
	return guest.Response{}, err
}

func keep(r *guest.Request) (guest.Response, error) {
	key := r.Form("key")
	if !plain(key) {
		return says(400, "a name is letters, digits and hyphens"), nil
	}
	err := guest.Tenant.Put(key, []byte(r.Form("text")), 0)
	if errors.Is(err, guest.Error(abi.ELIMIT)) {
		return says(507, "there is no room for more notes"), nil
	}
	return says(201, "kept"), err
}

func plain(key string) bool {
	for _, c := range key {
		if c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return key != "" && len(key) <= 64
}

func get(r *guest.Request) (guest.Response, error) {
	text, err := guest.Tenant.Get(r.Params["key"])
	if errors.Is(err, guest.Error(abi.ENOENT)) {
		return says(404, "there is no such note"), nil
	}
	return guest.Text(string(text)), err
}

func forget(r *guest.Request) (guest.Response, error) {
	return guest.Text("gone"), guest.Tenant.Delete(r.Params["key"])
}

func says(status int, text string) guest.Response {
	r := guest.Text(text)
	r.Status = status
	return r
}
