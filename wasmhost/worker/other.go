//go:build !linux

package worker

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// Main reports false: there are no workers on this system.
func Main() bool { return false }

// Pool is not there on this system.
type Pool struct{}

// New is fault.Unsupported: workers need Linux.
func New(context.Context, Config) (*Pool, error) {
	return nil, fault.New(fault.Unsupported, "extensions in processes of their own need Linux")
}

// Missing is empty.
func (*Pool) Missing() []string { return nil }

// Workers is 0.
func (*Pool) Workers() int { return 0 }

// End does nothing.
func (*Pool) End(string) {}

// Kill does nothing.
func (*Pool) Kill(string) {}

// Compile is fault.Unsupported.
func (*Pool) Compile(context.Context, *fuel.Result, slot.Options, int64) (slot.Program, error) {
	return nil, fault.New(fault.Unsupported, "extensions in processes of their own need Linux")
}

// Close does nothing.
func (*Pool) Close(context.Context) error { return nil }
