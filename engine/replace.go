package engine

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// replaceClasses rewrites nodes of classes that are gone, for which a replacement is registered whose class is there.
func replaceClasses(ctx context.Context, reg *node.Registry, prompt *doc.Object) error {
	rules := map[string]node.Replacement{}
	for _, r := range reg.Replacements(ctx) {
		if _, taken := rules[r.Old]; !taken {
			rules[r.Old] = r
		}
	}
	if len(rules) == 0 {
		return nil
	}
	moved := map[string]map[int]int{}
	for i := range prompt.Len() {
		id, v := prompt.At(i)
		body := v.(*doc.Object)
		class, _ := body.Get("class_type")
		name, _ := class.(string)
		rule, ok := rules[name]
		if _, here := reg.Lookup(ctx, name); here || !ok {
			continue
		}
		if _, here := reg.Lookup(ctx, rule.New); !here {
			continue
		}
		if err := rewrite(body, rule); err != nil {
			return err
		}
		if rule.Outputs != nil {
			moved[id] = rule.Outputs
		}
	}
	if len(moved) > 0 {
		relink(prompt, moved)
	}
	return nil
}

func rewrite(body *doc.Object, rule node.Replacement) error {
	body.Set("class_type", rule.New)
	in, _ := body.Get("inputs")
	old, _ := in.(*doc.Object)
	inputs := &doc.Object{}
	for _, m := range rule.Inputs {
		v := m.Value
		if m.Old != "" {
			var ok bool
			if v, ok = old.Get(m.Old); !ok {
				return fault.New(fault.BadRequest, "the replacement of %s needs its input %q", rule.Old, m.Old)
			}
		}
		inputs.Set(m.New, v)
	}
	body.Set("inputs", inputs)
	return nil
}

// relink gives links to replaced nodes the new output indices.
func relink(prompt *doc.Object, moved map[string]map[int]int) {
	for i := range prompt.Len() {
		_, v := prompt.At(i)
		in, _ := v.(*doc.Object).Get("inputs")
		inputs, ok := in.(*doc.Object)
		if !ok {
			continue
		}
		for j := range inputs.Len() {
			name, v := inputs.At(j)
			l, ok := linkOf(v)
			if !ok || l.odd {
				continue
			}
			if to, ok := moved[l.from][l.out]; ok {
				inputs.Set(name, []any{l.from, int64(to)})
			}
		}
	}
}
