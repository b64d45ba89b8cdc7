package node

import "context"

// LoopEnd says which end of a loop a node is.
type LoopEnd string

// The ends. What lies between them, the body, runs once for each iteration.
const (
	LoopStart LoopEnd = "start"
	LoopClose LoopEnd = "end"
)

// Looper is a Node that begins a loop. Iterations is called in the place of Run.
type Looper interface {
	Iterations(ctx context.Context, args Args) (Loop, error)
}

// Loop is what a Looper wants done.
type Loop struct {
	Count int
	// Outputs gives the node's outputs for an iteration, from 0. The last output is left out: it carries the value of
	// LoopInitial into the first iteration, and that of LoopNext from each iteration into the next.
	Outputs func(i int) []any
	// KeepResults lets the cache keep what the body's nodes gave.
	KeepResults bool
}

// The inputs by which the ends of a loop are told what to do. A closing node gives a list: the last value of LoopOutput, or
// all of them if LoopAccumulate is true. An iteration in which an input that begins with LoopTerminations is true is the last.
const (
	LoopInitial      = "initial_iteration_value"
	LoopNext         = "next_iteration_value"
	LoopOutput       = "output_value"
	LoopAccumulate   = "accumulate"
	LoopTerminations = "terminations."
)
