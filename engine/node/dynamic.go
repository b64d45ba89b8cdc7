package node

import (
	"context"
	"slices"

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
		o.Set("input", groupsOf(ctx, f.Template))
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
