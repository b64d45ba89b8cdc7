package wasmhost

import (
	"context"
	"errors"
	"maps"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// input waits for a lazy input. The call gives its place to other guests meanwhile, so that what computes the input can run.
func (c *call) input(name, nameLen, out, limit uint32) int64 {
	what := c.text(name, nameLen)
	c.bytes(out, limit)
	if c.run.Puller == nil {
		return int64(abi.EUNSUP)
	}
	var v any
	var err error
	late := false
	c.park(func(ctx context.Context) {
		v, err = c.run.Puller.Pull(ctx, what)
		late = ctx.Err() != nil
	})
	switch {
	case c.Err() != nil:
		return int64(abi.ECANCEL)
	case errors.Is(err, fault.NotFound):
		return int64(abi.ENOENT)
	case errors.Is(err, fault.Unsupported):
		return int64(abi.EUNSUP)
	case err != nil && late:
		return int64(abi.ETIMEOUT)
	case err != nil:
		return c.refuse(err)
	}
	w, err := c.lateArg(what, v)
	if err != nil {
		return int64(abi.ELIMIT)
	}
	return c.outValue(w, out, limit)
}

// lateArg is an argument that came late as a message has it. Its handles do not count among what the guest may make.
func (c *call) lateArg(name string, v any) (any, error) {
	before, most := c.handles.live, c.limits.Handles
	c.limits.Handles = abi.MaxHandles
	defer func() { c.limits.Handles = min(most+c.handles.live-before, abi.MaxHandles) }()
	args := maps.Clone(c.args)
	if args == nil {
		args = node.Args{}
	}
	args[name] = v
	c.args = args
	w, err := c.argsToWire(node.Args{name: v})
	return w[name], err
}
