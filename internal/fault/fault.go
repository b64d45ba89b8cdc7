// Package fault holds errors with stable codes.
//
// An error that a user can do something about carries a Code, which is what an API client sees as its type, a detail for
// people and, when there is one, a cause for the log. A Code is itself an error, so that errors.Is(err, fault.ValueTooBig)
// asks for it anywhere down a chain.
package fault

import (
	"errors"
	"fmt"
)

// Code names a kind of fault. Its text is stable: API clients compare it.
type Code string

// Error makes a Code usable as the target of errors.Is.
func (c Code) Error() string { return string(c) }

// Faults of files, sizes and the machine.
const (
	NotFound      Code = "not_found"       // the named thing does not exist
	BadRequest    Code = "bad_request"     // the caller's words cannot be understood
	Forbidden     Code = "forbidden"       // understood, and refused
	Conflict      Code = "conflict"        // the name is taken, or the state has moved on
	TooLarge      Code = "too_large"       // over a bound on size, count or depth
	BadFile       Code = "bad_file"        // the bytes are not what the format asks for
	WrongModel    Code = "wrong_model"     // a model file, but of another kind than asked for
	Unsupported   Code = "unsupported"     // well formed, and not something we do
	OutOfMemory   Code = "out_of_memory"   // the work needs more memory than there is
	DiskFull      Code = "disk_full"       // the disk or quota has no room
	TooMany       Code = "too_many"        // over a bound that passes with time; trying later may work
	ReadOnly      Code = "read_only"       // the place cannot be written
	Cancelled     Code = "cancelled"       // stopped on request
	BadTensor     Code = "bad_tensor"      // shapes, dtypes or values that do not fit together
	Internal      Code = "internal"        // a slip of ours
	InvalidPrompt Code = "invalid_prompt"  // a prompt that is no graph of nodes
	ValueTooBig   Code = "value_too_big"   // over its maximum
	ValueTooSmall Code = "value_too_small" // under its minimum

	ExtensionFailed Code = "extension_failed" // an extension's code broke the contract, or trapped
	LimitExceeded   Code = "limit_exceeded"   // a budget of time, work or memory is spent
)

// Error is a fault with a code, a detail for the user and a cause for the log.
type Error struct {
	Code   Code
	Detail string // a sentence: what was wrong, where, and what would be right
	Cause  error  // may be nil
}

// New makes an Error without a cause.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error around a cause. The cause's text is not part of Detail: it is for the log.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...), Cause: cause}
}

// Error gives the detail and, behind a colon, the cause.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Detail
	}
	return e.Detail + ": " + e.Cause.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is this error's code.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c == e.Code
}

// CodeOf returns the code of the outermost fault in err's chain, or Internal when there is none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
