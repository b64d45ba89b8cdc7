package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// escaped is an exception of the reference: it leaves the node it happened in and is caught further out.
type escaped struct {
	kind  string // "KeyError"
	text  string
	trace []string
}

func (e *escaped) Error() string { return e.text }

func (e *escaped) lines() []any {
	list := make([]any, len(e.trace))
	for i, t := range e.trace {
		list[i] = t
	}
	return list
}

// config is an input's declaration as errors show it.
func config(ctx context.Context, f *form, in *node.Input) []any {
	t, options := in.Config(ctx, f.schema.V3)
	return []any{t, options}
}

func missingInput(f *form, key string) Problem {
	details := key
	if f.nested() {
		details = key[strings.LastIndexByte(key, '.')+1:]
	}
	return Problem{"required_input_missing", "Required input is missing", details, doc.Of("input_name", key)}
}

func badLink(ctx context.Context, f *form, x field, v any) Problem {
	return Problem{"bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", x.key,
		doc.Of("input_name", x.key, "input_config", config(ctx, f, x.in), "received_value", v)}
}

func typeMismatch(ctx context.Context, f *form, x field, v, got any) Problem {
	info := config(ctx, f, x.in)
	return Problem{"return_type_mismatch", "Return type mismatch between linked nodes",
		fmt.Sprintf("%s, received_type(%s) mismatch input_type(%s)", x.key, pyStr(got), pyStr(info[0])),
		doc.Of("input_name", x.key, "input_config", info, "received_type", got, "linked_node", v)}
}

func badType(ctx context.Context, f *form, x field, v any, why error) Problem {
	return Problem{"invalid_input_type", fmt.Sprintf("Failed to convert an input value to a %s value", x.in.Type),
		fmt.Sprintf("%s, %s, %s", x.key, short(pyStr(v)), short(why.Error())),
		doc.Of("input_name", x.key, "input_config", config(ctx, f, x.in), "received_value", v, "exception_message", short(why.Error()))}
}

func outOfRange(ctx context.Context, f *form, x field, v any, bound string, limit any) Problem {
	p := Problem{"value_smaller_than_min", fmt.Sprintf("Value %s smaller than min of %s", short(pyStr(v)), pyStr(limit)), x.key, nil}
	if bound == "max" {
		p.Type, p.Message = "value_bigger_than_max", fmt.Sprintf("Value %s bigger than max of %s", short(pyStr(v)), pyStr(limit))
	}
	p.ExtraInfo = doc.Of("input_name", x.key, "input_config", config(ctx, f, x.in), "received_value", kept(v))
	return p
}

// longList is how many options an error still spells out.
const longList = 20

func notInList(ctx context.Context, f *form, x field, v any, bad, options []any) Problem {
	texts := make([]string, len(bad))
	for i, b := range bad {
		texts[i] = short(pyRepr(b))
	}
	list, info := fmt.Sprintf("(list of length %d)", len(options)), any(nil)
	if len(options) <= longList {
		list, info = pyRepr(options), config(ctx, f, x.in)
	}
	return Problem{"value_not_in_list", "Value not in list", fmt.Sprintf("%s: %s not in %s", x.key, strings.Join(texts, ", "), list),
		doc.Of("input_name", x.key, "input_config", info, "received_value", v)}
}

// maxShown bounds how much of a value a message repeats, in bytes.
const maxShown = 4096

func short(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}

// longCycle is how many members of a cycle are told its whole path; a long path told to each of its members would grow as
// the square of the cycle.
const longCycle = 200

// cycleProblems are the errors of a cycle's members, in their order.
func cycleProblems(ids, classes []string) []Problem {
	var b strings.Builder
	named := ids[:min(len(ids), longCycle)]
	for i := range named {
		fmt.Fprintf(&b, "%s (%s) -> ", ids[i], classes[i])
	}
	if more := len(ids) - len(named); more > 0 {
		fmt.Fprintf(&b, "… (%d more) -> ", more)
	}
	fmt.Fprintf(&b, "%s (%s)", ids[0], classes[0])
	list := make([]Problem, len(ids))
	for i, id := range ids {
		details, members := b.String(), named
		if i >= longCycle {
			details, members = fmt.Sprintf("%s (%s) is part of a cycle of %d nodes", id, classes[i], len(ids)), []string{id}
		}
		list[i] = Problem{"dependency_cycle", "Dependency cycle detected", details, doc.Of("node_id", id, "cycle_nodes", members)}
	}
	return list
}

func escapedProblem(e *escaped) Problem {
	return Problem{"exception_during_validation", "Exception when validating node", e.text,
		doc.Of("exception_type", e.kind, "traceback", e.lines())}
}

func innerEscaped(ctx context.Context, f *form, x field, v any, e *escaped) Problem {
	return Problem{"exception_during_inner_validation", "Exception when validating inner node", e.text,
		doc.Of("input_name", x.key, "input_config", config(ctx, f, x.in), "exception_message", e.text,
			"exception_type", e.kind, "traceback", e.lines(), "linked_node", v)}
}

func refusedProblem(name, details string) Problem {
	return Problem{"custom_validation_failed", "Custom validation failed for node", details, doc.Of("input_name", name)}
}

func noOutputs() Problem {
	return Problem{"prompt_no_outputs", "Prompt has no outputs", "", &doc.Object{}}
}
