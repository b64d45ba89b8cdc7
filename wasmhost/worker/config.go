package worker

import (
	"context"

	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// Config is what a Pool needs. Command, Key and Funcs are required.
type Config struct {
	// Command starts a worker: a program that calls Main first.
	Command []string
	// Key says whose worker a call runs in.
	Key func(ctx context.Context) string
	// Funcs are the host functions, which run in this process.
	Funcs []slot.Func
	// Interpret runs guests in the interpreter.
	Interpret bool
	// Most is how many workers there are at once, idle ones too; 0 is 64.
	Most int
	// Memory bounds the bytes of a worker, its guests' memories included, where the system has control groups for it; 0 is 4 GiB.
	Memory int64
}
