// Package guest is the Go SDK for Cocoon's extensions: nodes and HTTP routes that run in the server's sandbox.
//
// An extension is a package main, built as a reactor:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags="-s -w" -o module.wasm .
//
// It declares what it has in a package variable, because a reactor's main is never called:
//
//	var _ = guest.Serve(guest.Extension{Nodes: []guest.Node{Invert.Node()}})
//
//	func main() {}
//
// Nodes are declared as the server's own are: one value and one plain function; see Def. A node that learns only when it runs
// what it is given, or that has dynamic inputs, takes them by name; see Dynamic. Every call starts from the memory that the
// extension had after its variables were set, so nothing survives a call but what KV keeps: nodes that share something while
// they run share a key of the store.
package guest

import "github.com/cocoonhq/cocoon/sdk-wasm/abi"

// Error is a refusal of the host: one of the errnos of package abi.
type Error int32

// Error names the errno.
func (e Error) Error() string {
	switch int32(e) {
	case abi.EPERM:
		return "not granted"
	case abi.ELIMIT:
		return "a budget or a quota is spent"
	case abi.ETOOBIG:
		return "too big"
	case abi.ENOENT:
		return "not there"
	case abi.ECONFLICT:
		return "changed by somebody else"
	case abi.ECANCEL:
		return "cancelled"
	case abi.ETIMEOUT:
		return "timed out"
	case abi.EUNSUP:
		return "not supported"
	case abi.EIO:
		return "the outside world failed"
	case abi.EAGAIN:
		return "try again"
	case abi.ENOMEM:
		return "no memory"
	}
	return "unknown error"
}

// Fail is an error with an errno of package abi and a text for the user.
func Fail(code int32, text string) error { return &failure{Error(code), text} }

type failure struct {
	code Error
	text string
}

// Error gives the text.
func (f *failure) Error() string { return f.text }

// Unwrap gives the errno.
func (f *failure) Unwrap() error { return f.code }

// check turns a host function's result into an error.
func check(n int64) error {
	if n < 0 {
		return Error(int32(n))
	}
	return nil
}
