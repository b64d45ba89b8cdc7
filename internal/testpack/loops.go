package testpack

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
)

// loopStart is the start of a loop.
type loopStart struct{ plain }

// Iterations implements node.Looper.
func (l loopStart) Iterations(_ context.Context, a node.Args) (node.Loop, error) {
	keep, _ := a["cache_iterations"].(bool)
	mode, _ := a["mode"].(map[string]any)
	loop := node.Loop{KeepResults: keep}
	index := func(i int) any { return int64(i) }
	item := func(int) any { return nil }
	switch mode["mode"] {
	case "For":
		first, end, step := whole(mode, "start_iteration_index"), whole(mode, "max_iteration"), whole(mode, "step")
		if step == 0 {
			return loop, &node.Exception{Kind: "ValueError", Text: "step must not be 0"}
		}
		loop.Count = max(0, (end-first+step-sign(step))/step)
		index = func(i int) any { return int64(first + i*step) }
	case "List":
		list, _ := mode["list"].([]any)
		loop.Count = len(list)
		item = func(i int) any { return list[i] }
	default:
		loop.Count = whole(mode, "num_iterations")
	}
	loop.Outputs = func(i int) []any { return []any{index(i), i == 0, i == loop.Count-1, item(i)} }
	return loop, nil
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// Loops are the two ends of a loop.
func Loops() []node.Node {
	count := func(name string, def, low int64) node.Input {
		return in(name, node.Int, opts{"default": def, "min": low})
	}
	start := &node.Schema{ID: "StartLoop", Name: "Start Loop", Category: "utilities/loop", V3: true, Loop: node.LoopStart, Module: "comfy_extras.nodes_loop",
		Inputs: args(
			node.Input{Name: "mode", Type: node.DynamicCombo, Forms: &node.Forms{Cases: []node.Case{
				{Key: "simple", Inputs: args(count("num_iterations", 4, 0))},
				{Key: "For", Inputs: args(in("start_iteration_index", node.Int, opts{"default": int64(0)}), in("max_iteration", node.Int, opts{"default": int64(4)}),
					in("step", node.Int, opts{"default": int64(1)}))},
				{Key: "List", Inputs: args(in("list", "*", opts{}))}}}},
			in("cache_iterations", node.Boolean, opts{"default": false}),
			opt(in("parent_iteration", "*", opts{})), opt(in(node.LoopInitial, "*", opts{}))),
		Outputs: named(out(node.Int, node.Boolean, node.Boolean, "*", "*"), "iteration_index", "is_first", "is_last", "list_item", "current_iteration_value")}
	end := &node.Schema{ID: "EndLoop", Name: "End Loop", Category: "utilities/loop", V3: true, Loop: node.LoopClose, Module: "comfy_extras.nodes_loop",
		Inputs: args(opt(in(node.LoopOutput, "*", opts{})), opt(in(node.LoopNext, "*", opts{})), opt(in(node.LoopAccumulate, node.Boolean, opts{"default": false})),
			opt(node.Input{Name: "terminations", Type: node.Autogrow, Forms: &node.Forms{Prefix: "termination", Max: 10, Template: args(opt(in("t", node.Boolean, opts{})))}})),
		Outputs: []node.Output{{Type: "*", Name: "outputs", List: true}}}
	never := func(context.Context, node.Args) (node.Reply, error) {
		return node.Reply{}, &node.Exception{Kind: "RuntimeError", Text: "the ends of a loop belong together"}
	}
	return []node.Node{loopStart{plain{start, never}}, plain{end, never}}
}
