package pack

import (
	"bytes"
	"encoding/json"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// WSCap says which messages a package exchanges with the clients, by the kinds that stand behind "ext.<id>.".
type WSCap struct {
	Send    []string `json:"send,omitempty"`    // events to the clients
	Receive []string `json:"receive,omitempty"` // messages of the clients
}

// IsZero reports whether nothing is asked for.
func (w WSCap) IsZero() bool { return len(w.Send)+len(w.Receive) == 0 }

// UnmarshalJSON reads {"send": […], "receive": […]}, or a list of what is sent.
func (w *WSCap) UnmarshalJSON(b []byte) error {
	*w = WSCap{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '[' {
		return d.Decode(&w.Send)
	}
	type plain WSCap
	return d.Decode((*plain)(w))
}

// MarshalJSON writes the list where nothing is received, so that the manifests of packages that were signed before stay as they are.
func (w WSCap) MarshalJSON() ([]byte, error) {
	if len(w.Receive) == 0 {
		return json.Marshal(w.Send)
	}
	type plain WSCap
	return json.Marshal(plain(w))
}

// receiveKey begins what names a kind that is received among the asks of the capability ws.
const receiveKey = "receive "

// IsKind reports whether a text has the form of a message's kind.
func IsKind(s string) bool { return kindForm.MatchString(s) }

// check looks at the kinds.
func (w WSCap) check() error {
	for _, list := range [][]string{w.Send, w.Receive} {
		for _, kind := range list {
			if !IsKind(kind) {
				return fault.New(fault.BadFile, "%.80q is no kind of message: letters, digits, - and _; with a dot it could be taken for another extension's", kind)
			}
		}
	}
	return nil
}
