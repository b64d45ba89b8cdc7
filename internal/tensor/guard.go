package tensor

import (
	"runtime/debug"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Guard runs fn, which reads tensors that may be views of mapped files. Where such a file was cut while it was mapped, by a
// program that writes it in place, there is no memory any more: that would end the process, and is a fault.BadFile here.
// Goroutines that fn starts must call debug.SetPanicOnFault themselves and hand the panic on.
func Guard(fn func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		switch v := recover().(type) {
		case nil:
		case interface {
			error
			Addr() uintptr // of memory that is not there; other slips have none
		}:
			err = fault.New(fault.BadFile, "a model file was cut or overwritten while it was in use; run again, and replace model files by renaming")
		default:
			panic(v)
		}
	}()
	return fn()
}
