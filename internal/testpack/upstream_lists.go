package testpack

import (
	"context"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
)

// accumulated makes an accumulation: an object with a list.
func accumulated(list []any) map[string]any { return map[string]any{"accum": list} }

// accum reads an accumulation's list.
func accum(a node.Args) ([]any, error) {
	m, err := get[map[string]any](a, "accumulation")
	if err != nil {
		return nil, err
	}
	list, ok := m["accum"].([]any)
	if !ok {
		return nil, &node.Exception{Kind: "TypeError", Text: "'NoneType' object is not subscriptable"}
	}
	return list, nil
}

// itemAt finds an item; negative indices count from the end.
func itemAt(list []any, i int) (int, error) {
	if i < 0 {
		i += len(list)
	}
	if i < 0 || i >= len(list) {
		return 0, &node.Exception{Kind: "IndexError", Text: "list index out of range"}
	}
	return i, nil
}

// listNode is a node that does something with an accumulation's list.
func listNode(id, name string, inputs []node.Input, outputs []node.Output, do func(list []any, a node.Args) ([]any, error)) node.Node {
	return variant(plainList(id, name, inputs, outputs, do))
}

func plainList(id, name string, inputs []node.Input, outputs []node.Output, do func(list []any, a node.Args) ([]any, error)) plain {
	return plain{upSchema(id, name, catLists, inputs, outputs), func(_ context.Context, a node.Args) (node.Reply, error) {
		list, err := accum(a)
		if err != nil {
			return node.Reply{}, err
		}
		values, err := do(list, a)
		return node.Reply{Outputs: values}, err
	}}
}

// listNodes are the nodes that work on accumulations. In the reference a prompt with TestListToAccumulationNode never passes: its
// pack's own check takes the links' types as an object and is handed a list of one. Here it passes.
func listNodes() []node.Node {
	acc := func() node.Input { return in("accumulation", "ACCUMULATION", nil) }
	index := func() node.Input { return in("index", node.Int, opts{"default": int64(0), "step": int64(1)}) }
	s := upSchema("TestListToAccumulationNode", "List to Accumulation", catLists, args(in("list", "*", nil)), out("ACCUMULATION"))
	s.InputIsList, s.InputIsListAs = true, []any{true}
	return []node.Node{
		variant(plain{upSchema("TestAccumulateNode", "Accumulate", catLists, args(in("to_add", "*", nil), opt(acc())), out("ACCUMULATION")),
			func(_ context.Context, a node.Args) (node.Reply, error) {
				var list []any
				if a["accumulation"] != nil {
					var err error
					if list, err = accum(a); err != nil {
						return node.Reply{}, err
					}
				}
				return outputs(accumulated(append(slices.Clip(list), a["to_add"])))
			}}),
		listNode("TestAccumulationHeadNode", "Accumulation Head", args(acc()), out("ACCUMULATION", "*"), func(l []any, a node.Args) ([]any, error) {
			if len(l) == 0 {
				return []any{a["accumulation"], nil}, nil
			}
			return []any{accumulated(l[1:]), l[0]}, nil
		}),
		plainList("TestAccumulationTailNode", "Accumulation Tail", args(acc()), out("ACCUMULATION", "*"), func(l []any, a node.Args) ([]any, error) {
			if len(l) == 0 {
				return []any{nil, a["accumulation"]}, nil
			}
			return []any{accumulated(l[:len(l)-1]), l[len(l)-1]}, nil
		}),
		listNode("TestAccumulationToListNode", "Accumulation to List", args(acc()), []node.Output{{Type: "*", List: true}},
			func(l []any, _ node.Args) ([]any, error) { return []any{node.List(l)}, nil }),
		variant(plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
			l, err := get[node.List](a, "list")
			return node.Reply{Outputs: []any{accumulated(l)}}, err
		}}),
		listNode("TestAccumulationGetLengthNode", "Accumulation Get Length", args(acc()), out(node.Int),
			func(l []any, _ node.Args) ([]any, error) { return []any{int64(len(l))}, nil }),
		listNode("TestAccumulationGetItemNode", "Accumulation Get Item", args(acc(), index()), out("*"), func(l []any, a node.Args) ([]any, error) {
			i, err := itemAt(l, whole(a, "index"))
			if err != nil {
				return nil, err
			}
			return []any{l[i]}, nil
		}),
		listNode("TestAccumulationSetItemNode", "Accumulation Set Item", args(acc(), index(), in("value", "*", nil)), out("ACCUMULATION"),
			func(l []any, a node.Args) ([]any, error) {
				i, err := itemAt(l, whole(a, "index"))
				if err != nil {
					return nil, err
				}
				l = slices.Clone(l)
				l[i] = a["value"]
				return []any{accumulated(l)}, nil
			}),
	}
}
