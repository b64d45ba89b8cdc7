package wasmhost

import (
	"context"
	"runtime"
)

// gate bounds how many guests compute at once. Compiled code has no point where the collector could stop it but the refuels,
// so one processor is left to the rest of the server. It also counts the memory that guests share with the host.
type gate struct {
	places chan struct{}
	blocks blocks
}

func newGate() *gate { return &gate{places: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))} }

// enter waits for a place; false when ctx ends first.
func (g *gate) enter(ctx context.Context) bool {
	select {
	case g.places <- struct{}{}:
		return true
	default:
	}
	select {
	case g.places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g *gate) leave() { <-g.places }
