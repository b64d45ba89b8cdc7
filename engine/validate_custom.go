package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// custom asks the node's own check. The reference's breaks with an exception when an input that it names is absent, and that
// takes the place of all other reasons; here it is the absent input that is told.
func (x *visit) custom(w *validator) *escaped {
	c, ok := x.v.node.(node.Checker)
	if !ok {
		return nil
	}
	names, all := c.Checks()
	links, takesTypes := c.(node.LinkChecker)
	if len(names) == 0 && !all && !takesTypes {
		return nil
	}
	args, passed := x.checkArgs(names, all)
	if takesTypes {
		passed = append(passed, "input_types")
	}
	err := guard(func() error {
		if takesTypes {
			return links.CheckLinks(w.ctx, args, x.linked)
		}
		return c.Check(w.ctx, args)
	})
	if err == nil {
		return nil
	}
	if esc := asEscaped(err); esc != nil {
		return esc
	}
	reason := short(err.Error())
	for _, name := range passed {
		details := name
		if reason != "" {
			details += " - " + reason
		}
		x.errors = append(x.errors, refusedProblem(name, details))
	}
	if len(passed) == 0 {
		x.errors = append(x.errors, Problem{"custom_validation_failed", "Custom validation failed for node", reason, nil})
	}
	return nil
}

// checkArgs are the arguments of the node's check: constants, and hidden inputs as far as they are known before a run.
// passed names them and the linked inputs, in the prompt's order.
func (x *visit) checkArgs(names []string, all bool) (args node.Args, passed []string) {
	args = node.Args{}
	wanted := func(name string) bool {
		return all || slices.Contains(names, name) || slices.Contains(names, root(name))
	}
	for _, p := range x.v.ports(x.form) {
		if !wanted(p.name) || !p.isIn && p.decl == nil && !x.v.hides(p.name) && !x.v.schema.AcceptAllInputs {
			continue
		}
		passed = append(passed, p.name)
		if !p.isIn || p.decl != nil && p.decl.RawLink() {
			args[p.name] = plainConst(p.value)
		}
	}
	for _, h := range x.v.schema.Hidden {
		v, known := earlyHidden(h.Kind, x.v.id)
		if !known || !wanted(h.Name) || x.v.schema.V3 {
			continue
		}
		if _, there := args[h.Name]; !there {
			passed = append(passed, h.Name)
		}
		args[h.Name] = v
	}
	if x.v.schema.InputIsList {
		for k, v := range args {
			args[k] = node.List{v}
		}
	}
	return x.form.nest(args), passed
}

// root is the part of a key before its first dot: the dynamic input that it belongs to.
func root(key string) string {
	for i := range len(key) {
		if key[i] == '.' {
			return key[:i]
		}
	}
	return key
}

// hides reports whether a hidden input of that name is declared.
func (v *vertex) hides(name string) bool {
	for _, h := range v.schema.Hidden {
		if h.Name == name {
			return true
		}
	}
	return false
}

// earlyHidden is what a hidden input holds outside of a run.
func earlyHidden(kind node.Type, id string) (v any, known bool) {
	switch kind {
	case node.Prompt:
		return &doc.Object{}, true
	case node.UniqueID:
		return id, true
	case node.DynPrompt, node.ExtraPNGInfo, node.AuthToken, node.APIKey, node.UsageSource:
		return nil, true
	}
	return nil, false
}

// plainConst is a constant as nodes receive it.
func plainConst(v any) any {
	switch v.(type) {
	case *doc.Object, []any, bigInt:
		return doc.Plain(v)
	}
	return v
}

// guard calls fn and turns a panic into an error, also that of reading a mapped file which was cut short meanwhile.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = newPanicked(r)
		}
	}()
	return fn()
}

// asEscaped tells an error that broke the node apart from a refusal.
func asEscaped(err error) *escaped {
	var broken *panicked
	if errors.As(err, &broken) {
		return &escaped{kind: "RuntimeError", text: short(broken.Error()), trace: broken.trace()}
	}
	var x *node.Exception
	if errors.As(err, &x) {
		return &escaped{kind: x.Kind, text: short(x.Text)}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &escaped{kind: "CancelledError", text: fmt.Sprint(err)}
	}
	return nil
}
