package slot

import (
	"context"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
)

// Engine compiles modules and keeps what runs of them: a Machine does it in this process, a pool of workers in others. Its
// methods may be called from any goroutine.
type Engine interface {
	// Compile compiles a rewritten module and sets it up: data, start function and _initialize, under the Meter in ctx, with
	// slice units of fuel to begin with.
	Compile(ctx context.Context, r *fuel.Result, o Options, slice int64) (Program, error)
	// Close ends everything. No slot may run.
	Close(ctx context.Context) error
}

// Program is a compiled module with its image: what it was before its first call. Its methods may be called from any
// goroutine.
type Program interface {
	// Get gives a slot that is as the image, with at most pages of memory. ctx says for whom.
	Get(ctx context.Context, pages int) (Slot, error)
	// Put gives a slot back. spoilt says that it must not be used again.
	Put(ctx context.Context, s Slot, spoilt bool)
	// ImageBytes is the size of the image.
	ImageBytes() int
	// Idle is how many slots wait.
	Idle() int
	// Close ends the idle slots; slots in use end when they are put back.
	Close(ctx context.Context)
}

// Slot is one instance of a program. It belongs to one goroutine between Get and Put.
type Slot interface {
	// Memory is the guest's memory as it is now. It is valid until the guest runs again.
	Memory() []byte
	// Fuel is what is left of the present slice.
	Fuel() int64
	// SetFuel starts a slice.
	SetFuel(n int64)
	// ABI asks the guest for the version of the contract that it was built for.
	ABI(ctx context.Context) (uint32, error)
	// Call sends a request to the guest and gives what cocoon_call returned. ctx carries the Meter and whatever the host
	// functions look for.
	Call(ctx context.Context, op int32, request []byte) (int32, error)
	// Windowed reports whether [at, at+n) may become a window: whole pages inside the memory, behind the image, that no other
	// window covers.
	Windowed(at, n uint32) bool
	// MapIn maps n bytes of a file, in whole pages of the system, at the start of the window [at, at+size), copy-on-write. The
	// range must be Windowed. An error says that there is no sharing here: the caller copies.
	MapIn(at, size, n uint32, fd int) error
	// MapOut is MapIn for a file that the guest writes.
	MapOut(at, size, n uint32, fd int) error
	// Unmap closes the window that starts at at; its range is zero afterwards.
	Unmap(at uint32) error
}
