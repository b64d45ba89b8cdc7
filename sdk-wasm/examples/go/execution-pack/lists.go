package main

import (
	"slices"
	"strconv"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// accumulated makes an accumulation: an object with a list.
func accumulated(list []any) map[string]any { return map[string]any{"accum": list} }

// accum reads an accumulation's list.
func accum(in guest.Args) ([]any, error) {
	m, _ := in["accumulation"].(map[string]any)
	list, ok := m["accum"].([]any)
	if !ok {
		return nil, guest.Raise("TypeError", "'NoneType' object is not subscriptable")
	}
	return list, nil
}

// itemAt finds an item; negative indices count from the end.
func itemAt(list []any, i int) (int, error) {
	if i < 0 {
		i += len(list)
	}
	if i < 0 || i >= len(list) {
		return 0, guest.Raise("IndexError", "list index out of range")
	}
	return i, nil
}

// listNode is a node that does something with an accumulation's list.
func listNode(id, name string, inputs []decl, outputs []result, do func(list []any, in guest.Args) ([]any, error)) guest.Dynamic {
	return variant(traits(id, name, catLists), inputs, outputs, onList(do))
}

// onList is a node's work on an accumulation's list.
func onList(do func(list []any, in guest.Args) ([]any, error)) func(in guest.Args) (guest.Reply, error) {
	return func(in guest.Args) (guest.Reply, error) {
		list, err := accum(in)
		if err != nil {
			return guest.Reply{}, err
		}
		values, err := do(list, in)
		return guest.Reply{Outputs: values}, err
	}
}

func listNodes() []guest.Dynamic {
	acc := in("accumulation", "ACCUMULATION", nil)
	index := in("index", "INT", options{"default": 0, "step": 1})
	fromList := traits("TestListToAccumulationNode", "List to Accumulation", catLists)
	fromList.InputIsList, fromList.InputIsListAs = true, []any{true}
	return []guest.Dynamic{
		variant(traits("TestAccumulateNode", "Accumulate", catLists), args(in("to_add", "*", nil), opt(acc)), out("ACCUMULATION"),
			func(in guest.Args) (guest.Reply, error) {
				var list []any
				if in["accumulation"] != nil {
					var err error
					if list, err = accum(in); err != nil {
						return guest.Reply{}, err
					}
				}
				return guest.Outputs(accumulated(append(list, in["to_add"])))
			}),
		listNode("TestAccumulationHeadNode", "Accumulation Head", args(acc), out("ACCUMULATION", "*"), func(l []any, in guest.Args) ([]any, error) {
			if len(l) == 0 {
				return []any{in["accumulation"], nil}, nil
			}
			return []any{accumulated(l[1:]), l[0]}, nil
		}),
		simple(traits("TestAccumulationTailNode", "Accumulation Tail", catLists), ports(args(acc), out("ACCUMULATION", "*")), onList(func(l []any, in guest.Args) ([]any, error) {
			if len(l) == 0 {
				return []any{nil, in["accumulation"]}, nil
			}
			return []any{accumulated(l[:len(l)-1]), l[len(l)-1]}, nil
		})), // the engine alone looks at its links
		listNode("TestAccumulationToListNode", "Accumulation to List", args(acc), []result{{kind: "*", list: true}},
			func(l []any, _ guest.Args) ([]any, error) { return []any{guest.List(l)}, nil }),
		variant(fromList, args(in("list", "*", nil)), out("ACCUMULATION"), func(in guest.Args) (guest.Reply, error) {
			l, _ := in["list"].(guest.List)
			return guest.Outputs(accumulated(l))
		}),
		listNode("TestAccumulationGetLengthNode", "Accumulation Get Length", args(acc), out("INT"),
			func(l []any, _ guest.Args) ([]any, error) { return []any{len(l)}, nil }),
		listNode("TestAccumulationGetItemNode", "Accumulation Get Item", args(acc, index), out("*"), func(l []any, in guest.Args) ([]any, error) {
			i, err := itemAt(l, in.Int("index"))
			if err != nil {
				return nil, err
			}
			return []any{l[i]}, nil
		}),
		listNode("TestAccumulationSetItemNode", "Accumulation Set Item", args(acc, index, in("value", "*", nil)), out("ACCUMULATION"),
			func(l []any, in guest.Args) ([]any, error) {
				i, err := itemAt(l, in.Int("index"))
				if err != nil {
					return nil, err
				}
				l = slices.Clone(l)
				l[i] = in["value"]
				return []any{accumulated(l)}, nil
			}),
	}
}

// maxListed is one more than how many values TestMakeListNode takes.
const maxListed = 10

func makeList() guest.Dynamic {
	inputs := args(in("value1", "*", nil))
	for i := 1; i < maxListed; i++ {
		inputs = append(inputs, opt(in("value"+strconv.Itoa(i), "*", nil)))
	}
	return variant(traits("TestMakeListNode", "Make List", catLists), inputs, []result{{kind: "*", list: true}},
		func(in guest.Args) (guest.Reply, error) {
			list := guest.List{}
			for i := range maxListed {
				if v, ok := in["value"+strconv.Itoa(i)]; ok {
					list = append(list, v)
				}
			}
			return guest.Outputs(list)
		})
}
