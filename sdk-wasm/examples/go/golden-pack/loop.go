package main

import "github.com/cocoonhq/cocoon/sdk-wasm/guest"

// startLoop begins a loop over a number of iterations, a range or a list.
var startLoop = guest.Dynamic{
	Traits: guest.Traits{ID: "StartLoop", Name: "Start Loop", Category: "utilities/loop", V3: true, Loop: "start"},
	Ports: func(p *guest.Ports) {
		p.Cases("mode",
			guest.Case{Key: "simple", Inputs: func(p *guest.Ports) { count(p, "num_iterations") }},
			guest.Case{Key: "For", Inputs: func(p *guest.Ports) {
				p.In("start_iteration_index", "INT").Options(options{"default": 0})
				p.In("max_iteration", "INT").Options(options{"default": 4})
				p.In("step", "INT").Options(options{"default": 1})
			}},
			guest.Case{Key: "List", Inputs: func(p *guest.Ports) { p.In("list", "*") }})
		p.In("cache_iterations", "BOOLEAN").Options(options{"default": false})
		p.In("parent_iteration", "*").Optional()
		p.In("initial_iteration_value", "*").Optional()
		p.Out("INT").Named("iteration_index")
		p.Out("BOOLEAN").Named("is_first")
		p.Out("BOOLEAN").Named("is_last")
		p.Out("*").Named("list_item")
		p.Out("*").Named("current_iteration_value")
	},
	Do: func(in guest.Args) (guest.Reply, error) {
		m, _ := in["mode"].(map[string]any)
		mode := guest.Args(m)
		var rows [][]any
		add := func(index int, item any) { rows = append(rows, []any{index, len(rows) == 0, false, item}) }
		switch mode.Text("mode") {
		case "For":
			first, end, step := mode.Int("start_iteration_index"), mode.Int("max_iteration"), mode.Int("step")
			if step == 0 {
				return guest.Reply{}, guest.Raise("ValueError", "step must not be 0")
			}
			for i := first; step > 0 && i < end || step < 0 && i > end; i += step {
				add(i, nil)
			}
		case "List":
			items, _ := mode["list"].([]any)
			for i, item := range items {
				add(i, item)
			}
		default:
			for i := range mode.Int("num_iterations") {
				add(i, nil)
			}
		}
		if len(rows) > 0 {
			rows[len(rows)-1][2] = true
		}
		return guest.Reply{Loop: &guest.Loop{Rows: rows, Keep: in.Bool("cache_iterations")}}, nil
	},
}

func count(p *guest.Ports, name string) { p.In(name, "INT").Options(options{"default": 4, "min": 0}) }

// endLoop ends a loop. The server does what it says; it is never run.
var endLoop = guest.Dynamic{
	Traits: guest.Traits{ID: "EndLoop", Name: "End Loop", Category: "utilities/loop", V3: true, Loop: "end"},
	Ports: func(p *guest.Ports) {
		p.In("output_value", "*").Optional()
		p.In("next_iteration_value", "*").Optional()
		p.In("accumulate", "BOOLEAN").Options(options{"default": false}).Optional()
		p.Grow("terminations", "termination", 0, 10, func(p *guest.Ports) { p.In("t", "BOOLEAN").Optional() }).Optional()
		p.Out("*").Named("outputs").List()
	},
	Do: func(guest.Args) (guest.Reply, error) {
		return guest.Reply{}, guest.Raise("RuntimeError", "the ends of a loop belong together")
	},
}
