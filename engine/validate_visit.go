package engine

import (
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// visit is the checking of one vertex, which pauses while a producer is checked.
type visit struct {
	v      *vertex
	form   *form
	fields []field
	next   int
	valid  bool
	errors []Problem
	linked map[string]node.Type // what feeds the linked inputs
	at     field                // the linked input whose producer is being checked
	broken bool                 // the dynamic inputs could not be spelled out
}

func (x *visit) begin(w *validator) *escaped {
	if x.v.inputs == nil {
		if x.v.body != nil && x.v.body.Has("inputs") {
			return &escaped{kind: "TypeError", text: "the inputs of a node must be an object"}
		}
		return &escaped{kind: "KeyError", text: "'inputs'"}
	}
	f, err := w.g.forms.of(x.v)
	if err != nil {
		bad := err.(*badForm)
		x.errors = append(x.errors, Problem{"invalid_dynamic_input", "Invalid dynamic input", bad.why, doc.Of("input_name", bad.input)})
		x.broken = true
		return nil
	}
	x.form = f
	x.fields = append(append(make([]field, 0, len(f.required)+len(f.optional)), f.required...), f.optional...)
	return nil
}

// advance checks inputs until a producer must be checked first; nil means that all are done.
func (x *visit) advance(w *validator) (*vertex, *escaped) {
	for x.next < len(x.fields) {
		in := x.fields[x.next]
		x.next++
		v, there := x.v.inputs.Get(in.key)
		if !there {
			if in.need {
				x.errors = append(x.errors, missingInput(x.form, in.key))
			}
			continue
		}
		list, isList := v.([]any)
		if !isList {
			if esc := x.constant(w, in, v); esc != nil {
				return nil, esc
			}
			continue
		}
		if next, esc := x.producer(w, in, list); next != nil || esc != nil {
			return next, esc
		}
	}
	if x.broken {
		return nil, nil
	}
	return nil, x.custom(w)
}

// producer checks a link up to its other end. It gives the vertex to check if that is still to be done.
func (x *visit) producer(w *validator, in field, list []any) (*vertex, *escaped) {
	if len(list) != 2 {
		x.errors = append(x.errors, badLink(w.ctx, x.form, in, list))
		return nil, nil
	}
	id, _ := list[0].(string)
	from, ok := w.g.get(id)
	if _, text := list[0].(string); !ok || !text {
		return nil, noNode(list[0])
	}
	out, esc := outputOf(from, list[1])
	if esc != nil {
		return nil, esc
	}
	if x.linked == nil {
		x.linked = map[string]node.Type{}
	}
	x.linked[in.key] = out.Type
	want := inputType(w.ctx, in.in)
	if _, takesTypes := x.v.node.(node.LinkChecker); !takesTypes && !fits(outputType(out), want) {
		x.errors = append(x.errors, typeMismatch(w.ctx, x.form, in, list, outputType(out)))
		return nil, nil
	}
	if d, known := w.done[from]; known {
		x.returned(d)
		return nil, nil
	}
	if _, onPath := w.path[from]; onPath {
		w.cycle(from)
		x.valid = false
		return nil, nil
	}
	x.at = in
	return from, nil
}

// noNode is the exception for a link to a node that is not there, or whose id can be none.
func noNode(id any) *escaped {
	switch id.(type) {
	case []any, *doc.Object:
		return &escaped{kind: "TypeError", text: "unhashable type: '" + pyType(id) + "'"}
	}
	return &escaped{kind: "KeyError", text: short(pyRepr(id))}
}

// outputOf finds a declared output by the index of a link.
func outputOf(from *vertex, index any) (*node.Output, *escaped) {
	row := "tuple"
	if from.schema.V3 {
		row = "list"
	}
	switch index.(type) {
	case int64, bool:
	case uint64, bigInt:
		return nil, &escaped{kind: "IndexError", text: "cannot fit 'int' into an index-sized integer"}
	default:
		return nil, &escaped{kind: "TypeError", text: row + " indices must be integers or slices, not " + pyType(index)}
	}
	l, _ := linkOf([]any{"", index})
	i := l.at(len(from.schema.Outputs))
	if i < 0 {
		return nil, &escaped{kind: "IndexError", text: row + " index out of range"}
	}
	return &from.schema.Outputs[i], nil
}

// returned takes the verdict about a producer.
func (x *visit) returned(d *verdict) {
	if !d.ok {
		x.valid = false
	}
}

// innerFailed notes what escaped from the checking of a producer, at the producer.
func (x *visit) innerFailed(w *validator, inner *vertex, esc *escaped) {
	x.valid = false
	v, _ := x.v.inputs.Get(x.at.key)
	w.conclude(inner, &verdict{errors: []Problem{innerEscaped(w.ctx, x.form, x.at, v, esc)}})
}

// finish gives the vertex its verdict. If it was found in a cycle meanwhile, that stays its first error.
func (x *visit) finish(w *validator) {
	d := &verdict{ok: x.valid && len(x.errors) == 0, errors: x.errors}
	if before, ok := w.done[x.v]; ok {
		d = &verdict{errors: append(before.errors, x.errors...)}
	}
	w.conclude(x.v, d)
}
