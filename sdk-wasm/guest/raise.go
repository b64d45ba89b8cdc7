package guest

import (
	"errors"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Exception is an error with a name for its kind, which clients are shown: "ValueError". A check that returns one did not
// refuse but broke.
type Exception struct{ Kind, Text string }

// Error gives the text.
func (e *Exception) Error() string { return e.Text }

// Raise makes an Exception.
func Raise(kind, text string) error { return &Exception{kind, text} }

// Refusal is what a check returns for a no that needs no reason, or one.
type Refusal struct{ Reason string }

// Error gives the reason.
func (r *Refusal) Error() string { return r.Reason }

// raised is an error as a reply, if it has a kind.
func raised(err error) (any, bool) {
	var e *Exception
	if !errors.As(err, &e) {
		return nil, false
	}
	return abi.Tag{Number: abi.TagRaise, Value: []any{e.Kind, e.Text}}, true
}

// refusal is the reply of a check.
func refusal(err error) (any, error) {
	if err == nil {
		return nil, nil
	}
	if _, ok := raised(err); ok {
		return nil, err
	}
	return err.Error(), nil
}
