package wasmhost

import (
	"context"
	"math"
	"runtime"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// depthKey counts node_call through contexts: an extension may be granted a node that is itself a guest's.
type depthKey struct{}

// maxDepth is how deep node_call may nest.
const maxDepth = 4

func (c *call) nodeCall(ptr, n, out, limit uint32) int64 {
	m := c.message(ptr, n)
	c.bytes(out, limit)
	class := m.Text("class")
	if c.host.c.Lookup == nil || !classAllowed(class, c.ext.grant.Classes) {
		return int64(c.deny("node", class))
	}
	target, ok := c.host.c.Lookup(class)
	if !ok {
		return int64(abi.ENOENT)
	}
	depth, _ := c.Context.Value(depthKey{}).(int)
	if depth >= maxDepth {
		return int64(abi.ELIMIT)
	}
	args, err := c.nodeArgs(target.Schema(), m.Map("inputs"))
	if err != nil {
		return c.refuse(err)
	}
	var r node.Reply
	c.park(func(ctx context.Context) { r, err = target.Run(context.WithValue(ctx, depthKey{}, depth+1), args) })
	runtime.KeepAlive(args)
	if err != nil {
		c.alive()
		return c.refuse(err)
	}
	return c.nodeReply(target.Schema(), r, out, limit)
}

// refuse notes why a call failed and gives its errno.
func (c *call) refuse(err error) int64 {
	c.note(err)
	return int64(errnoOf(err))
}

// nodeArgs checks a guest's inputs as validation checks a prompt's: names, types of links, ranges and choices.
func (c *call) nodeArgs(s *node.Schema, inputs abi.Map) (node.Args, error) {
	if s.Expands || s.InputIsList {
		return nil, fault.New(fault.Unsupported, "%s expands or takes lists, which node_call does not", s.ID)
	}
	args := node.Args{}
	for i := range s.Inputs {
		in := &s.Inputs[i]
		w, there := inputs[in.Name]
		if !there {
			if d, ok := in.Options["default"]; ok {
				args[in.Name] = d
			} else if in.Group == node.Required {
				return nil, fault.New(fault.BadTensor, "%s needs the input %q", s.ID, in.Name)
			}
			continue
		}
		v, err := c.fromWire(w)
		if err != nil {
			return nil, err
		}
		if v, err = checkInput(c, in, v); err != nil {
			return nil, err
		}
		args[in.Name] = v
	}
	for name := range inputs {
		if _, ok := s.Input(name); !ok {
			return nil, fault.New(fault.BadTensor, "%s has no input %q", s.ID, name)
		}
	}
	return args, nil
}

func checkInput(ctx context.Context, in *node.Input, v any) (any, error) {
	v, err := checkType(v, in.Type)
	if err != nil {
		return nil, fault.New(fault.BadTensor, "input %q: %v", in.Name, err)
	}
	if in.Choices != nil {
		for _, o := range in.Choices(ctx) {
			if o == v {
				return v, nil
			}
		}
		return nil, fault.New(fault.BadTensor, "input %q: %v is no choice", in.Name, v)
	}
	x, number := float(v)
	if math.IsNaN(x) { // which is under nothing and over nothing
		return nil, fault.New(fault.BadTensor, "input %q is no number", in.Name)
	}
	if low, ok := float(in.Options["min"]); number && ok && x < low {
		return nil, fault.New(fault.BadTensor, "input %q: %v is under %v", in.Name, v, low)
	}
	if high, ok := float(in.Options["max"]); number && ok && x > high {
		return nil, fault.New(fault.BadTensor, "input %q: %v is over %v", in.Name, v, high)
	}
	return v, nil
}

func float(v any) (float64, bool) {
	switch x := v.(type) {
	case int64:
		return float64(x), true
	case uint64:
		return float64(x), true
	case int:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

func (c *call) nodeReply(s *node.Schema, r node.Reply, out, limit uint32) int64 {
	if r.Expand != nil || r.Block != nil {
		return int64(abi.EUNSUP)
	}
	outputs := make([]any, len(r.Outputs))
	for i, v := range r.Outputs {
		for _, t := range tensorsIn(v) {
			if t != nil && !c.charge(t) {
				return int64(abi.ELIMIT)
			}
		}
		if i < len(s.Outputs) {
			c.learn(v, s.Outputs[i].Type)
		}
		var err error
		if outputs[i], err = c.toWire(v); err != nil {
			return int64(abi.ELIMIT)
		}
	}
	return c.outValue(map[string]any{"outputs": outputs}, out, limit)
}
