package main

import (
	"encoding/hex"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

func messages() []guest.Message {
	return []guest.Message{
		{Kind: "steps", Do: stepsOfMessage},
		{Kind: "go", Do: goOn},
		{Kind: "fail", Do: failMessage},
		{Kind: "raise", Do: func(*guest.Incoming) error { return guest.Raise("ValueError", "bad value") }},
		{Kind: "silent", Do: func(*guest.Incoming) error { return nil }},
	}
}

// stepsOfMessage does the steps that its data has in hexadecimal, with the request's parts as named values, and tells the client
// what they gave.
func stepsOfMessage(m *guest.Incoming) error {
	b, err := hex.DecodeString(m.Data.Text("s"))
	if err != nil {
		return err
	}
	list, err := abi.Decode(b, abi.DefaultLimits())
	if err != nil {
		return err
	}
	named := map[string]any{"type": m.Kind, "client": m.Client, "tenant": m.Tenant, "prompt": any(nil), "data": map[string]any(m.Data)}
	if m.Prompt != "" {
		named["prompt"] = m.Prompt
	}
	v, err := steps(list.([]any), named)
	if err != nil {
		return err
	}
	if b, err = abi.Append(nil, v); err != nil {
		return err
	}
	return guest.Client(m.Client).Send("news", `{"got":"`+hex.EncodeToString(b)+`"}`)
}

// goOn hands a message to a node that waits in the client's prompt.
func goOn(m *guest.Incoming) error {
	_, err := guest.Post(m.Prompt, m.Data.Text("node"), "go", []byte(m.Data.Text("text")))
	return err
}

func failMessage(m *guest.Incoming) error {
	if m.Tenant == "" {
		return guest.Fail(abi.ECONFLICT, "nobody")
	}
	return guest.Fail(abi.ECONFLICT, "moved on")
}
