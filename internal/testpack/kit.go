// Package testpack holds nodes that exist for tests alone: those of the reference's own test pack, and those that the
// recorded transcripts of its API were made with.
package testpack

import (
	"context"
	"fmt"

	"github.com/cocoonhq/cocoon/engine/node"
)

type runFunc func(ctx context.Context, a node.Args) (node.Reply, error)

// plain is a node of a schema and a function.
type plain struct {
	s   *node.Schema
	run runFunc
}

// Schema implements node.Node.
func (p plain) Schema() *node.Schema { return p.s }

// Run implements node.Node.
func (p plain) Run(ctx context.Context, a node.Args) (node.Reply, error) { return p.run(ctx, a) }

type needing struct {
	plain
	need func(ctx context.Context, a node.Args) ([]string, error)
}

// Need implements node.Needer.
func (n needing) Need(ctx context.Context, a node.Args) ([]string, error) { return n.need(ctx, a) }

type checking struct {
	plain
	names []string
	all   bool
	check func(ctx context.Context, a node.Args) error
}

// Checks implements node.Checker.
func (c checking) Checks() ([]string, bool) { return c.names, c.all }

// Check implements node.Checker.
func (c checking) Check(ctx context.Context, a node.Args) error { return c.check(ctx, a) }

type linkChecking struct {
	checking
	links func(a node.Args, linked map[string]node.Type) error
}

// CheckLinks implements node.LinkChecker.
func (c linkChecking) CheckLinks(_ context.Context, a node.Args, linked map[string]node.Type) error {
	return c.links(a, linked)
}

type changing struct {
	plain
	changed func(a node.Args) (any, error)
}

// Fingerprint implements node.Fingerprinter.
func (c changing) Fingerprint(_ context.Context, a node.Args) (any, error) { return c.changed(a) }

type opts map[string]any

// in declares a required input; more options follow in the map.
func in(name string, t node.Type, o opts) node.Input {
	return node.Input{Name: name, Type: t, Options: o}
}

func opt(i node.Input) node.Input {
	i.Group = node.Optional
	return i
}

// pick declares a combo of the older style.
func pick(name string, options ...any) node.Input {
	return node.Input{Name: name, Type: node.Combo, Classic: true, Choices: func(context.Context) []any { return options }}
}

func out(types ...node.Type) []node.Output {
	list := make([]node.Output, len(types))
	for i, t := range types {
		list[i].Type = t
	}
	return list
}

func outputs(values ...any) (node.Reply, error) { return node.Reply{Outputs: values}, nil }

func args(inputs ...node.Input) []node.Input { return inputs }

// get reads an argument of type T; an absent one is the zero T.
func get[T any](a node.Args, name string) (T, error) {
	v, ok := a[name]
	x, fits := v.(T)
	if ok && v != nil && !fits {
		return x, &node.Exception{Kind: "TypeError", Text: fmt.Sprintf("%s: %T is no %T", name, v, x)}
	}
	return x, nil
}

// float reads a number.
func float(a node.Args, name string) float64 {
	switch x := a[name].(type) {
	case float64:
		return x
	case int64:
		return float64(x)
	}
	return 0
}

// whole reads an integer.
func whole(a node.Args, name string) int {
	switch x := a[name].(type) {
	case int64:
		return int(x)
	case float64:
		return int(x)
	}
	return 0
}
