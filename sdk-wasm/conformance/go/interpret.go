package main

import (
	"bytes"
	"errors"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// machine runs the steps of a case. What a step gave has a name, if the case gave it one.
type machine struct {
	named map[string]any
	ops   map[string]op
}

// op is what a step does. Its result is a value of a message, a handle, or a window.
type op func(a args) (any, error)

// args are a step's arguments, references resolved.
type args []any

// kit is made when the module is set up: each call begins with it as it was then.
var kit = newMachine()

func newMachine() *machine {
	m := &machine{named: map[string]any{}, ops: map[string]op{}}
	for _, table := range []map[string]op{helpers(m), coreOps(), tensorOps(), outsideOps(), mediaOps(), streamOps()} {
		for name, f := range table {
			m.ops[name] = f
		}
	}
	return m
}

func selftest(request any) (any, error) {
	return steps(abi.AsMap(request).List("steps"), abi.AsMap(request).Map("inputs"))
}

// steps does steps with named values and gives what the reply says of their results.
func steps(list []any, named map[string]any) (any, error) {
	for name, v := range named {
		kit.named[name] = v
	}
	out := []any{}
	for _, s := range list {
		v, err := kit.step(s.([]any))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// step does [op, name, hidden, arguments…] and gives what the reply says of its result.
func (m *machine) step(s []any) (any, error) {
	v, err := m.do(s[0].(string), s[3:])
	if err != nil {
		return nil, err
	}
	if name := s[1].(string); name != "" {
		m.named[name] = v
	}
	if s[2].(bool) {
		return nil, nil
	}
	return shown(v), nil
}

// do runs an op; an errno of the host is its result.
func (m *machine) do(name string, raw []any) (any, error) {
	f, ok := m.ops[name]
	if !ok {
		return nil, guest.Fail(abi.EUNSUP, "the kit has no op "+name)
	}
	a := make(args, len(raw))
	for i, v := range raw {
		a[i] = m.resolve(v)
	}
	v, err := f(a)
	var e guest.Error
	if errors.As(err, &e) && e == err {
		return int64(e), nil
	}
	return v, err
}

// resolve replaces references, which are links: a name, and which item of a list or a map.
func (m *machine) resolve(v any) any {
	switch x := v.(type) {
	case abi.Tag:
		pair, _ := x.Value.([]any)
		v := m.named[pair[0].(string)]
		switch whole := v.(type) {
		case []any:
			return whole[pair[1].(int64)]
		case map[string]any:
			if key, ok := pair[1].(string); ok {
				return whole[key]
			}
		}
		return v
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = m.resolve(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = m.resolve(e)
		}
		return out
	}
	return v
}

// shown is a result as the reply has it.
func shown(v any) any {
	switch x := v.(type) {
	case abi.Handle:
		return "handle"
	case *guest.Window:
		return "window"
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = shown(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = shown(e)
		}
		return out
	}
	return v
}

// helpers are ops that ask the host for nothing.
func helpers(m *machine) map[string]op {
	return map[string]op{
		"len": func(a args) (any, error) {
			switch x := a[0].(type) {
			case []byte:
				return int64(len(x)), nil
			case []any:
				return int64(len(x)), nil
			}
			return int64(len(a.text(0))), nil
		},
		"same": func(a args) (any, error) {
			x, _ := abi.Append(nil, a[0])
			y, _ := abi.Append(nil, a[1])
			return bytes.Equal(x, y), nil
		},
		// echo gives what it was given, through the SDK's reader and writer.
		"echo":   func(a args) (any, error) { return a[0], nil },
		"len_of": func(a args) (any, error) { return int64(len(abi.AsMap(a[0]).Bytes(a.text(1)))), nil },
		"less":   func(a args) (any, error) { return a.int(0) < a.int(1), nil },
		// until does a step up to n times, until the host refuses it.
		"until": func(a args) (any, error) {
			for range a.int(0) {
				v, err := m.do(a.text(1), a[2:])
				if n, refused := v.(int64); err != nil || refused && n < 0 {
					return v, err
				}
			}
			return int64(0), nil
		},
		"w_read":  func(a args) (any, error) { return floatBytes(a[0].(*guest.Window).F32), nil },
		"w_write": func(a args) (any, error) { return nil, setFloats(a[0].(*guest.Window).F32, a.bytes(1)) },
	}
}
