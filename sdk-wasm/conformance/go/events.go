package main

import "github.com/cocoonhq/cocoon/sdk-wasm/guest"

// events tells what it was sent, an event a file of the form.
func events(r *guest.Request) (guest.Response, error) {
	out, err := r.Events()
	if err == nil {
		err = out.Send("tick\ntock", "1", "one\ntwo\r\nthree\rfour")
	}
	for _, f := range r.Files {
		if err == nil {
			err = out.Send("", "", r.Method+" "+f.Field+" "+f.Filename+" "+f.Type+" "+string(f.Data))
		}
	}
	return guest.Response{}, err
}
