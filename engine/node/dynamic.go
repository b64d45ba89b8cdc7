package node

import (
	"context"
	"slices"
	"strconv"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// The types of dynamic inputs.
const (
	Autogrow     Type = "COMFY_AUTOGROW_V3"
	DynamicCombo Type = "COMFY_DYNAMICCOMBO_V3"
	DynamicSlot  Type = "COMFY_DYNAMICSLOT_V3"
	DynamicGroup Type = "COMFY_DYNAMICGROUP_V3"
	MatchType    Type = "COMFY_MATCHTYPE_V3"
)

// describe adds what clients need to build the nested inputs.
func (f *Forms) describe(ctx context.Context, t Type, options *doc.Object) {
	switch t {
	case Autogrow:
		o := &doc.Object{}
		forced := make([]Input, len(f.Template))
		for i := range f.Template {
			forced[i] = *f.Template[i].Forced()
		}
		o.Set("input", groupsOf(ctx, forced))
		if f.Names != nil {
			o.Set("names", f.Names)
			o.Set("min", f.Min)
		} else {
			o.Set("prefix", f.Prefix)
			o.Set("min", f.Min)
			o.Set("max", f.Max)
		}
		options.Set("template", o)
	case DynamicCombo:
		cases := []any{}
		for _, c := range f.Cases {
			o := &doc.Object{}
			o.Set("key", c.Key)
			o.Set("inputs", groupsOf(ctx, c.Inputs))
			cases = append(cases, o)
		}
		options.Set("options", cases)
	case DynamicSlot:
		options.Set("slotType", string(f.SlotType))
		options.Set("inputs", groupsOf(ctx, f.Template))
	case DynamicGroup:
		options.Set("template", groupsOf(ctx, f.Template))
		options.Set("min", f.Min)
		options.Set("max", f.Max)
		name := f.GroupName
		if name == "" {
			name = "Group"
		}
		options.Set("group_name", name)
	}
}

func groupsOf(ctx context.Context, inputs []Input) *doc.Object {
	o := &doc.Object{}
	for g, name := range groupNames {
		entries := &doc.Object{}
		for i := range inputs {
			if int(inputs[i].Group) == g {
				entries.Set(inputs[i].Name, inputs[i].Info(ctx, true))
			}
		}
		if entries.Len() > 0 || Group(g) == Required {
			o.Set(name, entries)
		}
	}
	return o
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// GrownNames are the names of an autogrow input's inputs.
func (f *Forms) GrownNames() []string {
	if f.Names != nil {
		return f.Names
	}
	names := make([]string, f.Max)
	for i := range names {
		names[i] = f.Prefix + strconv.Itoa(i)
	}
	return names
}

// Forced is the input as an autogrow template has it: without a widget of its own.
func (i *Input) Forced() *Input {
	switch i.Type {
	case Int, Float, String, Boolean, Combo:
	default:
		return i
	}
	c := *i
	c.Options = map[string]any{"forceInput": true}
	for k, v := range i.Options {
		c.Options[k] = v
	}
	return &c
}
