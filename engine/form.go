package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// form is a schema's inputs as they are for one prompt: dynamic inputs are spelled out by the keys that the prompt has.
type form struct {
	required []field
	optional []field
	index    map[string]*node.Input
	paths    []path // how to nest dynamic inputs; in order
	schema   *node.Schema
}

// field is one input under its full key.
type field struct {
	key  string
	in   *node.Input
	need bool // required
}

// path says where the value of a key goes among a node's arguments.
type path struct {
	key   string
	to    []string
	empty bool // an absent value is an empty object
	rows  bool // … or an empty list
}

// badForm is a dynamic input that cannot be spelled out.
type badForm struct{ input, why string }

func (b *badForm) Error() string { return b.why }

// forms keeps the forms that are the same for every node of a class.
type forms map[*node.Schema]*form

// of spells out v's schema for its inputs.
func (c forms) of(v *vertex) (*form, error) {
	if f, ok := c[v.schema]; ok {
		return f, nil
	}
	f, err := formOf(v.schema, v.inputs)
	if err == nil && !hasDynamic(v.schema) {
		c[v.schema] = f
	}
	return f, err
}

func hasDynamic(s *node.Schema) bool {
	for i := range s.Inputs {
		if s.V3 && s.Inputs[i].Forms != nil {
			return true
		}
	}
	return false
}

// formOf spells out a schema for the given inputs.
func formOf(s *node.Schema, live *doc.Object) (*form, error) {
	f := &form{schema: s}
	if !s.V3 {
		for i := range s.Inputs {
			f.add(s.Inputs[i].Name, &s.Inputs[i], s.Inputs[i].Group)
		}
		return f, nil
	}
	if err := f.spell(s.Inputs, live, nil); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *form) add(key string, in *node.Input, g node.Group) {
	if f.index == nil {
		f.index = map[string]*node.Input{}
	}
	if f.index[key] != nil {
		return
	}
	f.index[key] = in
	if g == node.Required {
		f.required = append(f.required, field{key, in, true})
	} else {
		f.optional = append(f.optional, field{key, in, false})
	}
}

func (f *form) find(key string) *node.Input { return f.index[key] }

// nested reports whether the form has dynamic inputs in use.
func (f *form) nested() bool { return len(f.paths) > 0 }

func joined(prefix []string, name string) string {
	if len(prefix) == 0 {
		return name
	}
	return strings.Join(prefix, ".") + "." + name
}

// spell adds inputs under a prefix: required ones first, then optional ones.
func (f *form) spell(inputs []node.Input, live *doc.Object, prefix []string) error {
	for _, g := range []node.Group{node.Required, node.Optional} {
		for i := range inputs {
			in := &inputs[i]
			if in.Group != g {
				continue
			}
			if in.Forms != nil {
				if err := f.dynamic(in, live, append(prefix[:len(prefix):len(prefix)], in.Name)); err != nil {
					return err
				}
				continue
			}
			key := joined(prefix, in.Name)
			f.add(key, in, g)
			if len(prefix) > 0 {
				f.route(path{key: key, to: strings.Split(key, ".")})
			}
		}
	}
	return nil
}

func (f *form) route(p path) {
	for i := range f.paths {
		if f.paths[i].key == p.key {
			f.paths[i] = p
			return
		}
	}
	f.paths = append(f.paths, p)
}

func (f *form) dynamic(in *node.Input, live *doc.Object, at []string) error {
	switch in.Type {
	case node.Autogrow:
		f.grow(in, live, at)
	case node.DynamicCombo:
		return f.combo(in, live, at)
	case node.DynamicSlot:
		key := strings.Join(at, ".")
		if !live.Has(key) {
			return nil
		}
		if err := f.spell(in.Forms.Template, live, at); err != nil {
			return err
		}
		f.self(in, at)
	case node.DynamicGroup:
		return f.group(in, live, at)
	default:
		return &badForm{in.Name, fmt.Sprintf("%s is no dynamic type", in.Type)}
	}
	return nil
}

// self adds a dynamic input's own value, which goes into the object under the input's own name.
func (f *form) self(in *node.Input, at []string) {
	key := strings.Join(at, ".")
	f.add(key, in, in.Group)
	f.route(path{key: key, to: append(at[:len(at):len(at)], in.Name)})
}

func (f *form) combo(in *node.Input, live *doc.Object, at []string) error {
	// Compat: a selector that is absent or names no case makes the input vanish.
	chosen, _ := live.Get(strings.Join(at, "."))
	for i := range in.Forms.Cases {
		if c := &in.Forms.Cases[i]; chosen == any(c.Key) {
			if err := f.spell(c.Inputs, live, at); err != nil {
				return err
			}
			f.self(in, at)
			return nil
		}
	}
	return nil
}

// maxGrown bounds the names of an autogrow input.
const maxGrown = 100

func (f *form) grow(in *node.Input, live *doc.Object, at []string) {
	names := in.Forms.GrownNames()
	if len(in.Forms.Template) == 0 {
		return
	}
	t := in.Forms.Template[0].Forced()
	any := false
	for i, name := range names[:min(len(names), maxGrown)] {
		g := node.Optional
		if i < in.Forms.Min && t.Group == node.Required {
			g = node.Required
		}
		key := joined(at, name)
		f.add(key, t, g)
		if live.Has(key) {
			any = true
			f.route(path{key: key, to: strings.Split(key, ".")})
		}
	}
	if !any {
		f.route(path{key: strings.Join(at, "."), to: at, empty: true})
	}
}

// group spells out the rows of a dynamic group.
func (f *form) group(in *node.Input, live *doc.Object, at []string) error {
	prefix, high := strings.Join(at, "."), -1
	rows := map[int]bool{}
	for _, key := range live.Keys() {
		rest, ok := strings.CutPrefix(key, prefix+".")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, ".")
		row, err := strconv.Atoi(digits)
		if err != nil || row < 0 || strconv.Itoa(row) != digits || !strings.Contains(rest, ".") {
			return &badForm{prefix, fmt.Sprintf("%s: %q is no row and field", prefix, key)}
		}
		if row >= in.Forms.Max {
			return &badForm{prefix, fmt.Sprintf("%s: row %d is beyond the %d that are allowed", prefix, row, in.Forms.Max)}
		}
		rows[row] = true
		high = max(high, row)
	}
	if len(rows) < in.Forms.Min {
		return &badForm{prefix, fmt.Sprintf("%s: %d rows are wanted, %d are there", prefix, in.Forms.Min, len(rows))}
	}
	if high < 0 {
		f.route(path{key: prefix, to: at, rows: true})
		return nil
	}
	for row := range high + 1 {
		if err := f.row(in, rows[row], append(at[:len(at):len(at)], strconv.Itoa(row)), live); err != nil {
			return err
		}
	}
	return nil
}

// row adds one row; a gap has the fields for its nulls alone.
func (f *form) row(in *node.Input, there bool, at []string, live *doc.Object) error {
	if there {
		return f.spell(in.Forms.Template, live, at)
	}
	for i := range in.Forms.Template {
		key := joined(at, in.Forms.Template[i].Name)
		f.route(path{key: key, to: strings.Split(key, ".")})
	}
	return nil
}

// nest turns flat arguments into those that the node sees: dynamic inputs become objects, groups lists of objects.
func (f *form) nest(flat node.Args) node.Args {
	if !f.nested() {
		return flat
	}
	args := make(node.Args, len(flat))
	for k, v := range flat {
		args[k] = v
	}
	top := map[string]any{}
	for _, p := range f.paths {
		v, ok := args[p.key]
		delete(args, p.key)
		switch {
		case ok && v != nil:
		case p.empty:
			v = map[string]any{}
		case p.rows:
			v = []any{}
		}
		put(top, p.to, v)
	}
	for k, v := range top {
		args[k] = v
	}
	f.listRows(args)
	return args
}

func put(into map[string]any, to []string, v any) {
	for _, name := range to[:len(to)-1] {
		next, ok := into[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			into[name] = next
		}
		into = next
	}
	into[to[len(to)-1]] = v
}

// listRows makes lists of the groups, which so far are objects by row.
func (f *form) listRows(args node.Args) {
	for i := range f.schema.Inputs {
		in := &f.schema.Inputs[i]
		rows, ok := args[in.Name].(map[string]any)
		if in.Type != node.DynamicGroup || !ok {
			continue
		}
		list := make([]any, len(rows))
		for k, v := range rows {
			if n, err := strconv.Atoi(k); err == nil && n < len(list) {
				list[n] = v
			}
		}
		args[in.Name] = list
	}
}
