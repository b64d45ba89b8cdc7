package engine

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// constant checks an input's constant and stores it converted.
func (x *visit) constant(w *validator, in field, v any) *escaped {
	if wrapped, ok := v.(*doc.Object); ok && wrapped.Has("__value__") {
		v, _ = wrapped.Get("__value__")
		x.v.inputs.Set(in.key, v)
	}
	t := inputType(w.ctx, in.in)
	v, err := coerce(t, v)
	if err != nil {
		x.errors = append(x.errors, badType(w.ctx, x.form, in, v, err))
		return nil
	}
	x.v.inputs.Set(in.key, kept(v))
	if x.checksItself(in.key) {
		return nil
	}
	if found, esc := x.bounds(w, in, v); found || esc != nil {
		return esc
	}
	list, isList := optionsOf(w.ctx, in.in, t)
	if !isList {
		return nil
	}
	bad := []any{v}
	if values, ok := v.([]any); ok && pyTrue(in.in.Options["multiselect"]) {
		bad = values
	}
	var unknown []any
	for _, b := range bad {
		if !among(b, list) {
			unknown = append(unknown, b)
		}
	}
	if unknown != nil {
		x.errors = append(x.errors, notInList(w.ctx, x.form, in, v, unknown, list))
	}
	return nil
}

// inputType is the type of an input as links and values are checked by: a list of options for combos of the older style.
func inputType(ctx context.Context, in *node.Input) any {
	if in.Classic && in.Choices != nil {
		return in.Choices(ctx)
	}
	return string(in.Type)
}

// optionsOf are the options that a combo's value must be among; ok is false for other inputs, and for combos whose options
// a client fetches from elsewhere.
func optionsOf(ctx context.Context, in *node.Input, t any) (options []any, ok bool) {
	if list, ok := t.([]any); ok {
		return list, true
	}
	if _, remote := in.Options["remote_combo"]; in.Type != node.Combo || remote {
		return nil, false
	}
	if in.Choices != nil {
		return in.Choices(ctx), true
	}
	options, _ = asList(in.Options["options"])
	return options, true
}

func asList(v any) ([]any, bool) {
	switch l := v.(type) {
	case []any:
		return l, true
	case []string:
		out := make([]any, len(l))
		for i, s := range l {
			out[i] = s
		}
		return out, true
	}
	return nil, false
}

// coerce converts a constant to its input's type; only the four plain types convert.
func coerce(t, v any) (any, error) {
	switch t {
	case string(node.Int):
		n, err := pyInt(v)
		if err != nil {
			return v, err
		}
		return n, nil
	case string(node.Float):
		f, err := pyFloat(v)
		if err != nil {
			return v, err
		}
		return f, nil
	case string(node.String):
		return pyStr(v), nil
	case string(node.Boolean):
		return pyTrue(v), nil
	}
	return v, nil
}

// checksItself reports whether the node's own check takes the place of the built-in ones.
func (x *visit) checksItself(key string) bool {
	c, ok := x.v.node.(node.Checker)
	if !ok {
		return false
	}
	names, all := c.Checks()
	if all {
		return true
	}
	for _, n := range names {
		if n == key {
			return true
		}
	}
	return false
}

// bounds checks min and max; found tells that one was violated.
func (x *visit) bounds(w *validator, in field, v any) (found bool, esc *escaped) {
	for _, b := range []struct {
		key string
		bad int
		op  string
	}{{"min", -1, "<"}, {"max", 1, ">"}} {
		limit, ok := in.in.Options[b.key]
		if !ok || limit == nil {
			continue
		}
		if f, isFloat := v.(float64); isFloat && (math.IsNaN(f) || math.IsInf(f, 0)) {
			if math.IsNaN(f) || (f > 0) != (b.bad > 0) {
				continue
			}
			x.errors = append(x.errors, outOfRange(w.ctx, x.form, in, v, b.key, limit))
			return true, nil
		}
		order, ok := compare(v, limit)
		if !ok {
			return false, &escaped{kind: "TypeError", text: "'" + b.op + "' not supported between instances of '" +
				pyType(v) + "' and '" + pyType(limit) + "'"}
		}
		if order == b.bad {
			x.errors = append(x.errors, outOfRange(w.ctx, x.form, in, v, b.key, limit))
			return true, nil
		}
	}
	return false, nil
}
