package main

import (
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

func routes() []guest.Route {
	return []guest.Route{
		{Method: "GET", Path: "/echo/:name", Do: echo},
		{Method: "POST", Path: "/go", Do: post},
		{Method: "POST", Path: "/body", Do: body},
	}
}

func echo(r *guest.Request) (guest.Response, error) {
	a := guest.Text(strings.Join([]string{r.Params["name"], r.Query("q"), r.Header("accept"), r.Tenant}, "|"))
	a.Status, a.Headers["x-ext-kit"] = 203, "yes"
	return a, nil
}

// post hands a message to a node that waits.
func post(r *guest.Request) (guest.Response, error) {
	taken, err := guest.Post("", r.Form("node"), "go", []byte(r.Form("message")))
	if taken {
		return guest.Text("taken"), err
	}
	return guest.Text("kept"), err
}

func body(r *guest.Request) (guest.Response, error) {
	return guest.Response{Status: 200, Headers: map[string]string{"content-type": "application/x-kit"}, Body: r.Body}, nil
}
