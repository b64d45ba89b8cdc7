package node

import (
	"context"
	"fmt"
)

// Typed is a Go type that links carry under a name of its own.
type Typed interface{ LinkType() Type }

// Ports binds the fields of a node's two structs to inputs and outputs, as package flag binds variables. A node's Ports
// function runs once to learn the schema and once a call to carry the values.
type Ports struct {
	learn   bool // the schema is wanted; else only the bindings
	inputs  []Input
	hidden  []Hidden
	outputs []Output
	sets    []func(Args) error // by input and hidden, for binding
	gets    []func() any       // by output
	ui      *UI
	expand  **Graph
}

func (p *Ports) input(name string, t Type, set func(any) error) In {
	p.sets = append(p.sets, func(a Args) error {
		v, ok := a[name]
		if !ok || v == nil {
			return nil
		}
		if err := set(v); err != nil {
			return fmt.Errorf("input %q: %w", name, err)
		}
		return nil
	})
	if !p.learn {
		return In{}
	}
	p.inputs = append(p.inputs, Input{Name: name, Type: t})
	return In{&p.inputs[len(p.inputs)-1]}
}

// Link declares a required input that takes a value of T's link type.
func Link[T Typed](p *Ports, name string, to *T) In {
	var zero T
	return p.input(name, zero.LinkType(), func(v any) error { return assign(v, to) })
}

// Linked is Link for a type name chosen freely, with any Go type behind it: "SAMPLER", "*", "INT,FLOAT".
func Linked[T any](p *Ports, name string, t Type, to *T) In {
	return p.input(name, t, func(v any) error { return assign(v, to) })
}

// Links declares an input of a node that takes whole lists.
func Links[T any](p *Ports, name string, t Type, to *[]T) In {
	return p.input(name, t, func(v any) error {
		l, ok := v.(List)
		if !ok {
			return fmt.Errorf("%T is no list", v)
		}
		out := make([]T, len(l))
		for i, item := range l {
			if err := assign(item, &out[i]); err != nil {
				return err
			}
		}
		*to = out
		return nil
	})
}

// number is a Go type that an INT or FLOAT input can have.
type number interface {
	~int | ~int64 | ~uint64 | ~float64
}

// Number declares an INT input for an integer field, a FLOAT input for a float64 one.
func Number[T number](p *Ports, name string, to *T, def T) In {
	t := Int
	if _, ok := any(*to).(float64); ok {
		t = Float
	}
	*to = def
	i := p.input(name, t, func(v any) error { return toNumber(v, to) })
	return i.Set("default", wireNumber(def))
}

// Text declares a STRING input.
func Text(p *Ports, name string, to *string, def string) In {
	*to = def
	i := p.input(name, String, func(v any) error { return assign(v, to) })
	if def == "" {
		return i
	}
	return i.Set("default", def)
}

// Switch declares a BOOLEAN input.
func Switch(p *Ports, name string, to *bool, def bool) In {
	*to = def
	i := p.input(name, Boolean, func(v any) error { return assign(v, to) })
	return i.Set("default", def)
}

// Choice declares a combo with fixed options.
func Choice(p *Ports, name string, to *string, options ...string) In {
	list := make([]any, len(options))
	for i, o := range options {
		list[i] = o
	}
	return choice(p, name, to, func(context.Context) []any { return list })
}

// Files declares a combo whose options are listed anew each time they are shown or checked.
func Files(p *Ports, name string, to *string, list func(ctx context.Context) []string) In {
	return choice(p, name, to, func(ctx context.Context) []any {
		names := list(ctx)
		out := make([]any, len(names))
		for i, n := range names {
			out[i] = n
		}
		return out
	})
}

func choice(p *Ports, name string, to *string, list func(context.Context) []any) In {
	i := p.input(name, Combo, func(v any) error { return assign(v, to) })
	if i.in != nil {
		i.in.Choices, i.in.Classic = list, true
	}
	return i
}

// Fill declares a hidden input of the given kind.
func Fill[T any](p *Ports, name string, kind Type, to *T) {
	if p.learn {
		p.hidden = append(p.hidden, Hidden{name, kind})
	}
	p.sets = append(p.sets, func(a Args) error {
		if v, ok := a[name]; ok && v != nil {
			return assign(v, to)
		}
		return nil
	})
}

// Result declares an output of type t.
func Result[T any](p *Ports, t Type, from *T) Out {
	p.gets = append(p.gets, func() any { return *from })
	if !p.learn {
		return Out{}
	}
	p.outputs = append(p.outputs, Output{Type: t})
	return Out{&p.outputs[len(p.outputs)-1]}
}

// Show binds the field that holds what the node shows to the client.
func Show(p *Ports, from *UI) { p.ui = from }

// Expansion binds the field that holds the graph a node expands to.
func Expansion(p *Ports, from **Graph) { p.expand = from }

func assign[T any](v any, to *T) error {
	x, ok := v.(T)
	if !ok {
		return fmt.Errorf("got %T, want %T", v, *to)
	}
	*to = x
	return nil
}

func toNumber[T number](v any, to *T) error {
	switch x := v.(type) {
	case int64:
		*to = T(x)
	case uint64:
		*to = T(x)
	case int:
		*to = T(x)
	case float64:
		*to = T(x)
	default:
		return fmt.Errorf("got %T, want a number", v)
	}
	return nil
}

// wireNumber gives integers as int64 or uint64 and floats as float64.
func wireNumber[T number](v T) any {
	switch x := any(v).(type) {
	case float64:
		return x
	case uint64:
		if x > 1<<63-1 {
			return x
		}
	}
	return int64(v)
}
