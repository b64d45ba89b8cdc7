package trial

import (
	"context"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
)

// Refuses asks a vector's node whether its constants will do, as a server does before it queues a prompt. nil: they do.
func (b *Bench) Refuses(ctx context.Context, v *Vector) error {
	n, err := b.Node(v.Node)
	if err != nil {
		return err
	}
	args, err := v.Args(ctx, n.Schema())
	if err != nil {
		return err
	}
	return refuses(ctx, n, args)
}

func refuses(ctx context.Context, n node.Node, args node.Args) error {
	c, ok := n.(node.Checker)
	if !ok {
		return nil
	}
	names, all := c.Checks()
	links, takesTypes := c.(node.LinkChecker)
	if !all && len(names) == 0 && !takesTypes {
		return nil
	}
	constants, linked := node.Args{}, map[string]node.Type{}
	for name, v := range args {
		switch {
		case !constant(v):
			linked[name] = typeOf(n.Schema(), name, v)
		case all || slices.Contains(names, name):
			constants[name] = v
		}
	}
	if n.Schema().InputIsList {
		for name, v := range constants {
			constants[name] = node.List{v}
		}
	}
	ctx = node.WithRun(ctx, node.Run{PromptID: promptID, NodeID: nodeID}.CountGraphs())
	if takesTypes {
		return links.CheckLinks(ctx, constants, linked)
	}
	return c.Check(ctx, constants)
}

// constant reports whether a value stands in a prompt itself, and is not what a link carries.
func constant(v any) bool {
	switch v.(type) {
	case nil, bool, int64, uint64, float64, string, []any, map[string]any:
		return true
	}
	return false
}

// typeOf is the type of the link that would carry a value to an input.
func typeOf(s *node.Schema, input string, v any) node.Type {
	if t, ok := v.(node.Typed); ok {
		return t.LinkType()
	}
	for _, in := range s.Inputs {
		if in.Name == input {
			return in.Type
		}
	}
	return node.Any
}
