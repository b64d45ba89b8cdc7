package wasmhost

import (
	"math"
	"time"
)

// Limits bound one call of a guest.
type Limits struct {
	Fuel        int64         // instructions
	Wall        time.Duration // without the time spent waiting
	Parked      time.Duration // that all waits may take together; 0 is no bound but the caller's
	MemoryPages int           // of 64 KiB
	HostCalls   int
	HostBytes   int64 // that host functions move or compute
	Handles     int   // alive at once; windows too
	OutputBytes int64 // of tensors made
	ReplyBytes  int

	// Of a node's run, with all that it is resumed for.
	Resumes int           // 0 is 10,000
	RunFuel int64         // 0 is ten times Fuel
	RunWall time.Duration // without the time spent waiting; 0 is ten times Wall
}

// whole fills in the bounds of a run.
func (l Limits) whole() Limits {
	if l.Resumes == 0 {
		l.Resumes = 10_000
	}
	if l.RunFuel == 0 {
		l.RunFuel = tenfold(l.Fuel)
	}
	if l.RunWall == 0 {
		l.RunWall = tenfold(l.Wall)
	}
	return l
}

// tenfold is ten times a bound, or the highest there is.
func tenfold[T ~int64](n T) T { return 10 * min(n, math.MaxInt64/10) }

const (
	mib = 1 << 20
	gib = 1 << 30
	// pagesPerMiB turns MiB into pages.
	pagesPerMiB = mib / (64 << 10)
)

// DescribeLimits are for setting a module up and asking what it has. Fuel is what ends a guest that goes on; the time is
// generous, since a machine that is busy is no fault of the guest's.
func DescribeLimits() Limits {
	return Limits{Fuel: 200e6, Wall: 30 * time.Second, Parked: 30 * time.Second, MemoryPages: 64 * pagesPerMiB, HostCalls: 10_000,
		HostBytes: 8 * mib, ReplyBytes: mib}
}

// ExecuteLimits are for running a node.
func ExecuteLimits() Limits {
	return Limits{Fuel: 5e9, Wall: 30 * time.Second, MemoryPages: 256 * pagesPerMiB, HostCalls: 1_000_000, HostBytes: 32 * gib,
		Handles: 256, OutputBytes: 2 * gib, ReplyBytes: 4 * mib}
}

// RouteLimits are for answering a request.
func RouteLimits() Limits {
	return Limits{Fuel: 500e6, Wall: 5 * time.Second, Parked: 10 * time.Minute, MemoryPages: 64 * pagesPerMiB, HostCalls: 10_000, HostBytes: 256 * mib,
		Handles: 8, OutputBytes: 64 * mib, ReplyBytes: 8 * mib}
}

// depthLimit is how deep recursive and indirect calls may nest.
const depthLimit = 4096

// slice is how much fuel a guest gets at once: how often the host looks whether it is to be stopped.
const slice = 500_000
