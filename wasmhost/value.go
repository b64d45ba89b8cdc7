package wasmhost

import (
	"encoding/json"
	"fmt"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// toWire gives a value of a link or a widget as a message has it. What has no form there becomes a handle.
func (c *call) toWire(v any) (any, error) {
	switch x := v.(type) {
	case nil, bool, int64, uint64, float64, string, int:
		return x, nil
	case json.RawMessage:
		return string(x), nil
	case *doc.Object: // a hidden input whose keys have an order, which maps have not
		return objectText(x), nil
	case *node.Graph:
		return c.graphToWire(x)
	case []any:
		return c.listToWire(x)
	case node.List:
		l, err := c.listToWire(x)
		return abi.Tag{Number: abi.TagList, Value: l}, err
	case map[string]any:
		m := make(map[string]any, len(x))
		for _, k := range sorted(x) {
			var err error
			if m[k], err = c.toWire(x[k]); err != nil {
				return nil, err
			}
		}
		return m, nil
	case node.Socket:
		return abi.Tag{Number: abi.TagLink, Value: []any{x.Node, int64(x.Output)}}, nil
	case node.Blocker:
		return abi.Tag{Number: abi.TagBlocker, Value: blockerText(x)}, nil
	}
	return c.asHandle(v)
}

// asHandle gives a value a handle.
func (c *call) asHandle(v any) (any, error) {
	kind := kindOf(v)
	h := c.put(kind, v)
	if h < 0 {
		return nil, fault.New(fault.LimitExceeded, "the call has more than %d values behind handles", c.limits.Handles)
	}
	return abi.Handle{Kind: kind, ID: uint64(h)}, nil
}

func blockerText(b node.Blocker) any {
	if b.Say {
		return b.Message
	}
	return nil
}

func (c *call) listToWire(l []any) ([]any, error) {
	out := make([]any, len(l))
	for i, e := range l {
		var err error
		if out[i], err = c.toWire(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fromWire is the reverse of toWire.
func (c *call) fromWire(v any) (any, error) {
	switch x := v.(type) {
	case abi.Handle:
		return c.fromHandle(x)
	case abi.Tag:
		return c.fromTag(x)
	case []any:
		return c.listFromWire(x)
	case map[string]any:
		m := make(map[string]any, len(x))
		for k, e := range x {
			var err error
			if m[k], err = c.fromWire(e); err != nil {
				return nil, err
			}
		}
		return m, nil
	case []byte:
		return nil, fault.New(fault.ExtensionFailed, "bytes have no place on a link")
	}
	return v, nil
}

func (c *call) fromHandle(x abi.Handle) (any, error) {
	h := int64(x.ID)
	i, gen := uint32(h), uint32(h>>32)
	if h < 0 || int64(i) >= int64(len(c.handles.all)) || c.handles.all[i].kind != x.Kind || x.Kind == 0 || c.handles.all[i].gen != gen {
		return nil, fault.New(fault.ExtensionFailed, "handle %#x of kind %d is not alive", h, x.Kind)
	}
	e := &c.handles.all[i]
	if _, file := e.val.(File); file {
		return nil, fault.New(fault.ExtensionFailed, "an open file has no place on a link")
	}
	e.own = false
	c.escape(e.val)
	return e.val, nil
}

func (c *call) fromTag(t abi.Tag) (any, error) {
	switch t.Number {
	case abi.TagList:
		l, ok := t.Value.([]any)
		if !ok {
			return nil, fault.New(fault.ExtensionFailed, "a list is no array")
		}
		out, err := c.listFromWire(l)
		return node.List(out), err
	case abi.TagBlocker:
		text, say := t.Value.(string)
		if !say && t.Value != nil {
			return nil, fault.New(fault.ExtensionFailed, "a blocker has a text or null")
		}
		return node.Blocker{Message: text, Say: say}, nil
	}
	if pair, ok := t.Value.([]any); ok && len(pair) == 2 {
		id, ok1 := pair[0].(string)
		n, ok2 := pair[1].(int64)
		if ok1 && ok2 && n >= 0 && n < 1<<20 {
			return node.Socket{Node: id, Output: int(n)}, nil
		}
	}
	return nil, fault.New(fault.ExtensionFailed, "a link is a node's id and an output's number")
}

func (c *call) listFromWire(l []any) ([]any, error) {
	out := make([]any, len(l))
	for i, e := range l {
		var err error
		if out[i], err = c.fromWire(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkType reports whether a value fits an input of a node of ours that a guest calls, where no validation comes before. It
// gives numbers the form that links have.
func checkType(v any, t node.Type) (any, error) {
	switch v.(type) {
	case node.Blocker, node.Socket, nil:
		return v, nil
	}
	switch t {
	case node.Int:
		switch v.(type) {
		case int64, uint64:
			return v, nil
		}
	case node.Float:
		switch x := v.(type) {
		case float64:
			return x, nil
		case int64:
			return float64(x), nil
		}
	case node.String, node.Combo:
		if s, ok := v.(string); ok {
			return s, nil
		}
	case node.Boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case node.Any:
		return v, nil
	default:
		return v, checkLinked(v, t)
	}
	return nil, fault.New(fault.ExtensionFailed, "%s is no %s", kindOfValue(v), t)
}

// checkLinked holds values of the server's own types to the type that they are declared as. Others, such as models, have no
// type of their own here; the node that takes one looks at it.
func checkLinked(v any, t node.Type) error {
	if x, ok := v.(node.Typed); ok && x.LinkType() == t {
		return nil
	}
	switch v.(type) {
	case *tensor.Tensor, node.Typed, bool, int64, uint64, float64, string:
		return fault.New(fault.ExtensionFailed, "%s is no %s", kindOfValue(v), t)
	}
	return nil
}

func kindOfValue(v any) string {
	if t, ok := v.(node.Typed); ok {
		return string(t.LinkType())
	}
	switch v.(type) {
	case int64, uint64:
		return string(node.Int)
	case float64:
		return string(node.Float)
	case string:
		return string(node.String)
	case bool:
		return string(node.Boolean)
	case *tensor.Tensor:
		return "a bare tensor"
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	return fmt.Sprintf("%T", v)
}
