package wasmhost

import (
	"context"
	"errors"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/describe"
)

// guestNode is a node of an extension. To the engine it is as any other.
type guestNode struct {
	ext    *Extension
	schema *describe.Schema
}

// Schema is what the guest described.
func (n *guestNode) Schema() *node.Schema { return &n.schema.Schema }

// ask sends a node's request and reads the reply with read, while the call's handles are alive.
func (n *guestNode) ask(ctx context.Context, op int32, l Limits, args node.Args, extra map[string]any, read func(c *call, v any) error) error {
	return n.askIn(n.ext.newCall(ctx, l), op, args, extra, read)
}

// askIn is ask in a call that is new.
func (n *guestNode) askIn(c *call, op int32, args node.Args, extra map[string]any, read func(c *call, v any) error) error {
	l := c.limits
	run, _ := node.RunOf(c.Context)
	c.run, c.tenant, c.args, c.schema = run, tenant.Of(c.Context), args, &n.schema.Schema
	return c.do(op, func() (any, error) {
		c.limits.Handles = abi.MaxHandles // what is given does not count among what the guest may make
		inputs, err := c.argsToWire(n.shown(c, args))
		if err != nil {
			return nil, err
		}
		c.limits.Handles = min(l.Handles+c.handles.live, abi.MaxHandles)
		m := map[string]any{"class": n.schema.ID, "inputs": inputs}
		if op == abi.OpExecute || op == abi.OpResume {
			m["node"], m["prompt"], m["index"] = run.NodeID, run.PromptID, int64(run.Index)
		}
		for k, v := range extra {
			m[k] = v
		}
		return m, nil
	}, func(c *call, v any) error {
		if err := raised(v); err != nil {
			return err
		}
		return read(c, v)
	})
}

// Run executes the node. A node that asks to be called later keeps no memory while it waits.
func (n *guestNode) Run(ctx context.Context, args node.Args) (node.Reply, error) {
	op, extra, left := abi.OpExecute, map[string]any(nil), n.ext.limits.Execute.whole()
	for resumes := left.Resumes; ; resumes-- {
		c := n.ext.newCall(ctx, left.call())
		var r node.Reply
		var later *retry
		err := n.askIn(c, op, args, extra, func(c *call, v any) (err error) {
			if later, err = readRetry(abi.AsMap(v)); err == nil && later == nil {
				r, err = n.readReply(c, abi.AsMap(v))
			}
			return err
		})
		left.RunFuel, left.RunWall = left.RunFuel-c.burnt, left.RunWall-c.ran
		if err == nil && later == nil {
			return r, nil
		}
		if err == nil || op == abi.OpResume && errors.Is(err, fault.LimitExceeded) { // of the first call's own bounds it has told
			if over := n.over(&left, resumes); over != nil {
				err = over
			}
		}
		if err != nil {
			return node.Reply{}, err
		}
		op, extra = abi.OpResume, map[string]any{"state": later.state}
		if sleep(ctx, n.ext.waits(later.after)); ctx.Err() != nil {
			return node.Reply{}, ctx.Err()
		}
	}
}

// call is what is left of a run for one call.
func (l *Limits) call() Limits {
	c := *l
	c.Fuel, c.Wall = min(c.Fuel, c.RunFuel), min(c.Wall, c.RunWall)
	return c
}

// over says what nothing is left of.
func (n *guestNode) over(left *Limits, resumes int) error {
	whole := n.ext.limits.Execute.whole()
	switch {
	case left.RunFuel <= 0:
		return fault.New(fault.LimitExceeded, "the node has executed its %d instructions, with all that it was resumed for", whole.RunFuel)
	case left.RunWall <= 0:
		return fault.New(fault.LimitExceeded, "the node ran longer than %v, with all that it was resumed for", whole.RunWall)
	case resumes <= 0:
		return fault.New(fault.LimitExceeded, "the node asked to be called again more than %d times", whole.Resumes)
	}
	return nil
}

// retry is what a node replies to be called again.
type retry struct {
	after time.Duration
	state []byte
}

func readRetry(m abi.Map) (*retry, error) {
	if m == nil {
		return nil, fault.New(fault.ExtensionFailed, "the node's reply is no map")
	}
	ms, ok := m["retry_after_ms"].(int64)
	if !ok {
		return nil, nil
	}
	state := m.Bytes("state")
	if len(state) > abi.MaxStateBytes || ms < 0 {
		return nil, fault.New(fault.ExtensionFailed, "the node leaves %d bytes of state for later, or a negative time", len(state))
	}
	return &retry{min(time.Duration(ms)*time.Millisecond, 24*time.Hour), state}, nil
}

// Checks names the inputs that validate looks at.
func (n *guestNode) Checks() (names []string, all bool) {
	if !n.schema.Validates {
		return nil, false
	}
	return n.schema.Checks, n.schema.Checks == nil
}

// Check asks the guest, if it validates.
func (n *guestNode) Check(ctx context.Context, args node.Args) error {
	if !n.schema.Validates {
		return nil
	}
	return linkChecker{n}.CheckLinks(ctx, args, nil)
}

type linkChecker struct{ n *guestNode }

// CheckLinks asks the guest, which is told the types of linked inputs too.
func (k linkChecker) CheckLinks(ctx context.Context, args node.Args, linked map[string]node.Type) error {
	types := make(map[string]any, len(linked))
	for name, t := range linked {
		types[name] = string(t)
	}
	return k.n.ask(ctx, abi.OpValidate, k.n.ext.limits.Describe, args, map[string]any{"linked": types}, func(_ *call, v any) error {
		switch x := v.(type) {
		case nil:
			return nil
		case string:
			return &node.Refusal{Reason: x}
		}
		return fault.New(fault.ExtensionFailed, "the answer to validate is no text")
	})
}

type fingerprinter struct{ n *guestNode }

// Fingerprint asks the guest.
func (f fingerprinter) Fingerprint(ctx context.Context, args node.Args) (out any, err error) {
	l := f.n.ext.limits.Execute // it may read what it depends on
	err = f.n.ask(ctx, abi.OpFingerprint, l, args, nil, func(_ *call, v any) error {
		if err := describe.Plain(v, abi.MaxCborDepth); err != nil {
			return err
		}
		out = v
		return nil
	})
	return out, err
}

type needer struct{ n *guestNode }

// Need asks the guest.
func (d needer) Need(ctx context.Context, args node.Args) (names []string, err error) {
	l := d.n.ext.limits.Execute // it may look into what it has: whether a mask is empty
	err = d.n.ask(ctx, abi.OpCheckLazy, l, args, nil, func(_ *call, v any) error {
		list, ok := v.([]any)
		if !ok {
			return fault.New(fault.ExtensionFailed, "the answer to check_lazy is no array")
		}
		for _, e := range list {
			name, ok := e.(string)
			if !ok {
				return fault.New(fault.ExtensionFailed, "check_lazy names something that is no text")
			}
			names = append(names, name)
		}
		return nil
	})
	return names, err
}
