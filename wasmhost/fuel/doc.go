// Package fuel rewrites a proved module so that it can be stopped: every path through it pays for its instructions, and when
// the fuel is used up it asks the host for more, which may refuse. Nothing else is needed to end a guest: no timer, no signal
// and no check by the engine, and the count is the same on every machine and engine.
//
// How it counts. A charge covers a chunk of code: what the chunk's start dominates, up to the first conditional branch and
// then on for as long as the whole stays under 64 instructions, so that no charge is too low and none is more than 64 too
// high. Charges subtract from a global. At the entry of functions and at the head of loops, and nowhere else, the global is
// looked at and a negative one calls the host. Operations on whole memories and tables pay by size and are cut into pieces.
// Calls that can recurse (back edges of the call graph, and all indirect ones) also count their depth.
//
// The rewritten module copies its data segments only when the host says so, names its start function instead of running it
// and exports its mutable globals, so that a snapshot can be taken and put back.
package fuel

import (
	"strconv"

	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// Names of the import and the exports that the rewritten module has besides its own. A module with such names of its own is
// to be refused before.
const (
	ImportModule = "cocoon"
	ImportName   = "refuel"         // (used up: i64) -> i64: gets the negative global, gives its new value
	FuelGlobal   = "__cocoon_fuel"  // i64: what is left of the present slice
	DepthGlobal  = "__cocoon_depth" // i32: calls that may still nest
	InitFunc     = "__cocoon_init"  // copies the active data segments
	StartFunc    = "__cocoon_start" // the start function, if there is one
	GlobalPrefix = "__cocoon_g"     // mutable globals, by number
	TooDeep      = -1 << 63         // what refuel gets when calls nest too deeply
	Reserved     = "__cocoon"       // prefix of all of these
)

// Version names the schedule of charges: modules that were rewritten by another version count differently.
const Version = "1"

// Options of a rewriting.
type Options struct {
	// Depth is how deep recursive and indirect calls may nest.
	Depth int32
}

// Global is a mutable global that is exported as GlobalPrefix + Index.
type Global struct {
	Index int
	Type  wasm.ValType
}

// Name is the name of its export.
func (g Global) Name() string { return GlobalPrefix + strconv.Itoa(g.Index) }

// Result is a rewritten module.
type Result struct {
	Bytes   []byte
	Globals []Global
	// Resettable says that memory and globals are all the state there is: no table is written, no segment dropped, no global
	// holds a reference or a vector.
	Resettable bool
	// HasStart says that StartFunc is exported.
	HasStart bool
}
