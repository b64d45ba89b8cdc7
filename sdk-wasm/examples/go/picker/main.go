// Picker lets somebody choose one of the pictures of a batch while the workflow runs. Its node waits for a message, which a
// form posts to the extension's route: from its page, from another, or from a script; or which a client sends over its socket.
//
//	curl -F message=2 -F node_id=7 http://127.0.0.1:8188/ext/example.picker/choose
package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

var _ = guest.Serve(guest.Extension{
	Nodes: []guest.Node{pick.Node()},
	Routes: []guest.Route{
		{Method: "POST", Path: "/choose", Do: choose},
		{Method: "GET", Path: "/pictures", Do: waiting},
		{Method: "GET", Path: "/pictures/:node/:index", Do: picture},
	},
	Messages: []guest.Message{{Kind: "choose", Do: chooseByMessage}},
})

func main() {}

// topic is what choices are posted under.
const topic = "choice"

// pulse is how many seconds a node waits at most before it says that it still does.
const pulse = 5

type pickIn struct {
	Images  guest.Image
	Seconds int64
	Node    string
}

type pickOut struct {
	Image guest.Image
	Index int64
}

var pick = guest.Def[pickIn, pickOut]{
	ID: "PickImage", Name: "Pick Image", Category: "examples/go", Help: "Waits until somebody chooses one of the pictures.",
	Ports: func(p *guest.Ports, in *pickIn, out *pickOut) {
		guest.Linked(p, "images", &in.Images)
		guest.Int(p, "seconds", &in.Seconds, 600).Range(int64(0), int64(3600)).Help("How long it waits. Then it takes the first picture.")
		guest.Fill(p, "unique_id", "UNIQUE_ID", &in.Node)
		guest.Result(p, &out.Image).Named("image")
		guest.ResultOf(p, "INT", &out.Index).Named("index").Help("Which one it was, counted from 0.")
	},
	Do: wait,
	// A choice is made anew in each prompt, whatever the pictures are.
	Changed: func(pickIn) (any, error) { return guest.Now().UnixMilli(), nil },
}

func wait(in pickIn) (out pickOut, err error) {
	count := in.Images.Info().Shape[0]
	if err := show(in.Images, in.Node, time.Duration(in.Seconds+60)*time.Second); err != nil {
		return out, err
	}
	index, err := chosen(in, count)
	hide(in.Node, count)
	if err != nil {
		return out, err
	}
	one, err := in.Images.Slice(0, index, index+1)
	if err != nil {
		return out, err
	}
	out.Index = int64(index)
	out.Image, err = one.Image()
	return out, err
}

// chosen waits for a message that names one of count pictures; 0 when none comes in time. A prompt that is cancelled ends it
// at once, without another word: so it says every few seconds that it still waits.
func chosen(in pickIn, count int) (int, error) {
	if count == 1 {
		return 0, nil
	}
	guest.ProgressText("Choose a picture: " + strconv.Itoa(count) + " wait")
	for left := in.Seconds; ; {
		part := min(left, pulse)
		message, err := guest.Wait(topic, time.Duration(part)*time.Second)
		if errors.Is(err, guest.Error(abi.ETIMEOUT)) {
			if left -= part; left > 0 {
				if err := stillWaits(in.Node, count); err != nil {
					return 0, err
				}
				continue
			}
			guest.Log("nobody chose in time: the first picture goes on")
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		if index, err := strconv.Atoi(string(message)); err == nil && index >= 0 && index < count {
			return index, nil
		}
		guest.LogAt(2, "node "+in.Node+" has no picture "+string(message)+": it waits on")
	}
}

// choose hands a choice to the node that waits for it, or will.
func choose(r *guest.Request) (guest.Response, error) {
	node, message := r.Form("node_id"), r.Form("message")
	index, err := strconv.Atoi(message)
	if node == "" || err != nil || index < 0 {
		return says(400, `{"error":"post node_id, and as message the number of a picture, counted from 0"}`), nil
	}
	if count := pictures(node); count > 0 && index >= count {
		return says(400, `{"error":"there are `+strconv.Itoa(count)+` pictures, counted from 0"}`), nil
	}
	taken, err := guest.Post(r.Form("prompt_id"), node, topic, []byte(strconv.Itoa(index)))
	switch {
	case errors.Is(err, guest.Error(abi.ELIMIT)), errors.Is(err, guest.Error(abi.ETOOBIG)):
		return says(429, `{"error":"too many choices wait already"}`), nil
	case err != nil:
		return guest.Response{}, err
	}
	return says(200, `{"index":`+strconv.Itoa(index)+`,"taken":`+strconv.FormatBool(taken)+`}`), nil
}

// chooseByMessage is choose over the client's socket: {"type": "ext.example.picker.choose", "data": {"node": "7", "index": 2}}.
func chooseByMessage(m *guest.Incoming) error {
	node := m.Data.Text("node")
	index, ok := m.Data["index"].(int64)
	if count := pictures(node); node == "" || !ok || index < 0 || count > 0 && index >= int64(count) {
		return guest.Fail(abi.ENOENT, "there is no such picture")
	}
	_, err := guest.Post(m.Prompt, node, topic, []byte(strconv.FormatInt(index, 10)))
	return err
}

func says(status int, json string) guest.Response {
	return guest.Response{Status: status, Headers: map[string]string{"content-type": "application/json", "cache-control": "no-store"}, Body: []byte(json)}
}
