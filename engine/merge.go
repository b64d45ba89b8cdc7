package engine

import (
	"fmt"

	"github.com/cocoonhq/cocoon/engine/node"
)

// merge joins the outputs of a node's calls: for each output the values of all calls, lists laid end to end.
func merge(s *node.Schema, results []outcome) ([][]any, error) {
	var calls [][]any
	for _, o := range results {
		if o.has {
			calls = append(calls, o.outputs)
		}
	}
	return mergeOutputs(s, calls)
}

func mergeOutputs(s *node.Schema, calls [][]any) ([][]any, error) {
	if len(calls) == 0 {
		return [][]any{}, nil
	}
	merged := make([][]any, len(calls[0]))
	for i := range merged {
		list := i < len(s.Outputs) && s.Outputs[i].List
		values := make([]any, 0, len(calls))
		for _, outputs := range calls {
			if i >= len(outputs) {
				return nil, &indexError{"tuple index out of range"}
			}
			if !list {
				values = append(values, outputs[i])
				continue
			}
			switch x := outputs[i].(type) {
			case node.List:
				values = append(values, x...)
			case []any:
				values = append(values, x...)
			case node.Blocker, *node.Blocker:
				values = append(values, x)
			default:
				return nil, fmt.Errorf("output %d of %s must be a list, not %T", i, s.ID, x)
			}
		}
		merged[i] = values
	}
	return merged, nil
}

// mergeUI joins what the calls want to show: the kinds of the first that shows anything, items laid end to end.
func mergeUI(results []outcome) (node.UI, error) {
	var all []node.UI
	for _, o := range results {
		if o.reply.UI != nil {
			all = append(all, o.reply.UI)
		}
	}
	if len(all) == 0 || len(all[0]) == 0 {
		return nil, nil
	}
	if len(all) == 1 {
		return all[0], nil
	}
	merged := make(node.UI, len(all[0]))
	for kind := range all[0] {
		items := []any{}
		for _, ui := range all {
			more, ok := ui[kind]
			if !ok {
				return nil, &node.Exception{Kind: "KeyError", Text: pyRepr(kind)}
			}
			items = append(items, more...)
		}
		merged[kind] = items
	}
	return merged, nil
}
