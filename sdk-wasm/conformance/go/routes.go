package main

import (
	"encoding/hex"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

func routes() []guest.Route {
	return []guest.Route{
		{Method: "GET", Path: "/echo/:name", Do: echo},
		{Method: "POST", Path: "/go", Do: post},
		{Method: "POST", Path: "/body", Do: body},
		{Method: "POST", Path: "/steps", Do: stepsOf},
		{Method: "POST", Path: "/events", Do: events},
		{Method: "GET", Path: "/file/:name", Do: file},
		{Method: "GET", Path: "/picture/:name", Do: picture},
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

// stepsOf does the steps of its query, which are a message in hexadecimal, and answers with what they gave: behind what they have
// written of an answer, if they began one. A long body is named body.
func stepsOf(r *guest.Request) (guest.Response, error) {
	b, err := hex.DecodeString(r.Query("s"))
	if err != nil {
		return guest.Response{}, err
	}
	list, err := abi.Decode(b, abi.DefaultLimits())
	if err != nil {
		return guest.Response{}, err
	}
	named := map[string]any{}
	if r.Stream != nil {
		named["body"] = r.Stream.Handle
	}
	v, err := steps(list.([]any), named)
	if err != nil {
		return guest.Response{}, err
	}
	b, err = abi.Append(nil, v)
	if err != nil {
		return guest.Response{}, err
	}
	_, _ = guest.Answer{}.Write(b) // where no answer began this does nothing
	return guest.Response{Headers: map[string]string{"content-type": "application/cbor"}, Body: b}, nil
}

// file answers with a file of the input folder.
func file(r *guest.Request) (guest.Response, error) {
	a, err := guest.File{Type: "input", Filename: r.Params["name"]}.Open()
	return guest.Response{Headers: map[string]string{"content-type": "text/plain"}, File: &a}, err
}

// picture answers with a picture file of the input folder, written anew.
func picture(r *guest.Request) (guest.Response, error) {
	return drawn(guest.File{Type: "input", Filename: r.Params["name"]}.Open())
}

func drawn(a guest.Asset, err error) (guest.Response, error) {
	if err != nil {
		return guest.Response{}, err
	}
	i, err := a.Image()
	return guest.Response{Image: &i, Form: guest.PictureForm{Format: "png"}}, err
}
