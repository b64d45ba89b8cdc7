package node

import (
	"context"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// ObjectInfo describes all nodes of a registry to clients, as JSON. ctx carries the tenant, whose files the combos list.
func ObjectInfo(ctx context.Context, reg *Registry) []byte {
	b := []byte{'{'}
	for n := range reg.All(ctx) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = appendInfo(ctx, b, n.Schema())
	}
	return append(b, '}')
}

// ObjectInfoOf describes one class; the object is empty when there is none of that name.
func ObjectInfoOf(ctx context.Context, reg *Registry, class string) []byte {
	b := []byte{'{'}
	if n, ok := reg.Lookup(ctx, class); ok {
		b = appendInfo(ctx, b, n.Schema())
	}
	return append(b, '}')
}

// Described is one class as it stands in ObjectInfo: its name, a colon, its description.
func Described(ctx context.Context, s *Schema) []byte { return appendInfo(ctx, nil, s) }

func appendInfo(ctx context.Context, b []byte, s *Schema) []byte {
	b = append(doc.Append(b, s.ID), ':')
	return doc.Append(b, info(ctx, s))
}

// info is the description of one class. Keys and their presence differ between the two styles.
func info(ctx context.Context, s *Schema) *doc.Object {
	o := &doc.Object{}
	groups, order := inputGroups(ctx, s)
	o.Set("input", groups)
	o.Set("input_order", order)
	o.Set("is_input_list", s.InputIsList)
	if s.InputIsListAs != nil {
		o.Set("is_input_list", s.InputIsListAs)
	}
	setOutputs(o, s)
	o.Set("name", s.ID)
	o.Set("display_name", displayName(s))
	o.Set("description", s.Help)
	o.Set("python_module", s.Module)
	o.Set("category", s.Category)
	o.Set("output_node", s.OutputNode)
	o.Set("has_intermediate_output", s.Intermediate)
	setFlags(o, s)
	return o
}

func displayName(s *Schema) any {
	switch {
	case s.Name != "":
		return s.Name
	case s.V3:
		return nil
	}
	return s.ID
}

func setFlags(o *doc.Object, s *Schema) {
	for _, f := range []struct {
		key string
		on  bool
	}{{"deprecated", s.Deprecated}, {"experimental", s.Experimental}, {"dev_only", s.DevOnly}, {"api_node", s.APINode}} {
		if s.V3 || f.on {
			o.Set(f.key, f.on)
		}
	}
	var aliases any
	if s.Aliases != nil {
		aliases = s.Aliases
	} else if !s.V3 {
		aliases = []string{}
	}
	o.Set("search_aliases", aliases)
	if s.V3 {
		o.Set("price_badge", s.PriceBadge)
	}
	switch {
	case s.Essentials != nil:
		o.Set("essentials_category", *s.Essentials)
	case s.V3:
		o.Set("essentials_category", nil)
	}
}

func setOutputs(o *doc.Object, s *Schema) {
	types, lists := []any{}, []any{}
	names, tips, matches := []any{}, []any{}, []any{}
	tipped, matched := s.V3, false
	for _, out := range s.Outputs {
		var t any = string(out.Type)
		if out.Choices != nil && !s.V3 {
			t = out.Choices
		}
		types, lists = append(types, t), append(lists, out.List)
		if out.Name != "" {
			t = out.Name
		}
		names, tips, matches = append(names, t), append(tips, orNull(out.Help)), append(matches, orNull(out.Match))
		tipped, matched = tipped || out.Help != "", matched || out.Match != ""
	}
	o.Set("output", types)
	o.Set("output_is_list", lists)
	o.Set("output_name", names)
	if tipped {
		o.Set("output_tooltips", tips)
	}
	switch {
	case s.V3 && matched:
		o.Set("output_matchtypes", matches)
	case s.V3:
		o.Set("output_matchtypes", nil)
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

var groupNames = [...]string{Required: "required", Optional: "optional"}

func inputGroups(ctx context.Context, s *Schema) (groups, order *doc.Object) {
	groups, order = &doc.Object{}, &doc.Object{}
	for g, name := range groupNames {
		entries, names := &doc.Object{}, []any{}
		for i := range s.Inputs {
			if in := &s.Inputs[i]; int(in.Group) == g {
				entries.Set(in.Name, in.Info(ctx, s.V3))
				names = append(names, in.Name)
			}
		}
		if entries.Len() > 0 || Group(g) == Required {
			groups.Set(name, entries)
			order.Set(name, names)
		}
	}
	if hidden := s.AllHidden(); len(hidden) > 0 {
		entries, names := &doc.Object{}, []any{}
		for _, h := range hidden {
			if s.V3 {
				name := strings.ToLower(string(h.Kind))
				entries.Set(name, []any{string(h.Kind)})
				names = append(names, name)
				continue
			}
			if h.Kind == Any {
				entries.Set(h.Name, []any{string(h.Kind)})
			} else {
				entries.Set(h.Name, string(h.Kind))
			}
			names = append(names, h.Name)
		}
		groups.Set("hidden", entries)
		order.Set("hidden", names)
	}
	return groups, order
}

// AllHidden are the declared hidden inputs and, for nodes of the newer style, those that come by themselves.
func (s *Schema) AllHidden() []Hidden {
	if !s.V3 {
		return s.Hidden
	}
	all := append([]Hidden(nil), s.Hidden...)
	add := func(kinds ...Type) {
		for _, k := range kinds {
			known := false
			for _, h := range all {
				known = known || h.Kind == k
			}
			if !known {
				all = append(all, Hidden{Name: strings.ToLower(string(k)), Kind: k})
			}
		}
	}
	if s.OutputNode {
		add(Prompt, ExtraPNGInfo)
	}
	if s.APINode {
		add(AuthToken, APIKey, UsageSource)
	}
	return all
}

// Info is the input's entry in object_info: type and options. Older nodes without options have the type alone.
func (i *Input) Info(ctx context.Context, v3 bool) []any {
	t, options := i.Config(ctx, v3)
	if options.Len() == 0 && i.Options == nil && !v3 {
		return []any{t}
	}
	return []any{t, options}
}

// Config is the input's type as clients see it (a classic combo's is its list of options) and its options.
func (i *Input) Config(ctx context.Context, v3 bool) (t any, options *doc.Object) {
	options = &doc.Object{}
	for _, k := range sortedKeys(i.Options) {
		options.Set(k, i.Options[k])
	}
	t = string(i.Type)
	if i.Choices != nil {
		if i.Classic {
			t = i.Choices(ctx)
		} else {
			options.Set("options", i.Choices(ctx))
		}
	}
	if v3 {
		setNewerDefaults(i, options)
	}
	if i.Forms != nil {
		i.Forms.describe(ctx, i.Type, options)
	}
	return t, options
}

// setNewerDefaults adds the options that the newer style always spells out.
func setNewerDefaults(i *Input, options *doc.Object) {
	switch {
	case i.Type == Combo && !options.Has("multiselect"):
		options.Set("multiselect", false)
	case i.Type == String && !options.Has("multiline"):
		options.Set("multiline", false)
	}
}
