package describe

import (
	"math/big"
	"regexp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// readExtras reads what few nodes have.
func (s *Schema) readExtras(n abi.Map) error {
	if list, ok := n["checks"].([]any); ok {
		s.Checks = []string{} // an empty list is none, no list is all
		for _, c := range list {
			if t, ok := c.(string); ok {
				s.Checks = append(s.Checks, t)
			}
		}
	}
	if t, ok := n["essentials"].(string); ok {
		s.Essentials = &t
	}
	for key, to := range map[string]*any{"price_badge": &s.PriceBadge, "input_is_list_as": &s.InputIsListAs} {
		if err := Plain(n[key], 6); err != nil {
			return err
		}
		*to = n[key]
	}
	switch end := node.LoopEnd(n.Text("loop")); end {
	case "", node.LoopStart, node.LoopClose:
		s.Loop = end
	default:
		return broken("node %q is the %q of a loop; there are start and end", s.ID, end)
	}
	return nil
}

// anyLazy looks for a lazy input, nested ones too.
func anyLazy(inputs []node.Input) bool {
	for i := range inputs {
		in := &inputs[i]
		if in.Lazy() {
			return true
		}
		if in.Forms == nil {
			continue
		}
		if anyLazy(in.Forms.Template) {
			return true
		}
		for _, c := range in.Forms.Cases {
			if anyLazy(c.Inputs) {
				return true
			}
		}
	}
	return false
}

// numberForm is an integer of any size, within reason.
var numberForm = regexp.MustCompile(`^-?[0-9]{1,64}$`)

// widget gives a widget's options as the server has them: JSON-like values, and integers that are too long for a message.
func widget(v any, depth int) (any, error) {
	if depth == 0 {
		return nil, broken("an option is nested too deeply")
	}
	switch x := v.(type) {
	case abi.Tag:
		text, ok := x.Value.(string)
		if x.Number != abi.TagNumber || !ok || !numberForm.MatchString(text) {
			return nil, broken("an option has the tag %d", x.Number)
		}
		n, _ := new(big.Int).SetString(text, 10)
		return n, nil
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			var err error
			if out[i], err = widget(e, depth-1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			var err error
			if out[k], err = widget(e, depth-1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, Plain(v, depth)
}

// maxReplacements bounds the replacements of one package.
const maxReplacements = 512

// readReplacements reads how prompts that name classes of the past are rewritten. The new class may be anybody's.
func (d *Description) readReplacements(list []any) error {
	if len(list) > maxReplacements {
		return broken("%d replacements, more than %d", len(list), maxReplacements)
	}
	for _, v := range list {
		m := abi.AsMap(v)
		r := node.Replacement{Old: m.Text("old"), New: m.Text("new")}
		if !classForm.MatchString(r.Old) || !classForm.MatchString(r.New) {
			return broken("a replacement of %q by %q", r.Old, r.New)
		}
		for _, i := range m.List("inputs") {
			x := abi.AsMap(i)
			move := node.InputMove{New: x.Text("new"), Old: x.Text("old"), Value: x["value"]}
			if err := Plain(move.Value, 6); err != nil || move.New == "" {
				return broken("the replacement of %q fills an input without a name, or with no plain value", r.Old)
			}
			r.Inputs = append(r.Inputs, move)
		}
		for _, o := range m.List("outputs") {
			pair, _ := o.([]any)
			if len(pair) != 2 {
				return broken("the replacement of %q has an output that is no [old, new]", r.Old)
			}
			from, ok1 := pair[0].(int64)
			to, ok2 := pair[1].(int64)
			if !ok1 || !ok2 || from < 0 || from >= maxPorts || to < 0 || to >= maxPorts {
				return broken("the replacement of %q has an output that is no [old, new]", r.Old)
			}
			if r.Outputs == nil {
				r.Outputs = map[int]int{}
			}
			r.Outputs[int(from)] = int(to)
		}
		d.Replacements = append(d.Replacements, r)
	}
	return nil
}
