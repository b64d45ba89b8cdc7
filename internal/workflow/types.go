package workflow

import (
	"github.com/cocoonhq/cocoon/internal/fault"
)

// maxInfoBytes bounds the text of /object_info; the core nodes need about 1.5 MB.
const maxInfoBytes = 256 << 20

// Types is what a server says about its nodes. It is immutable and safe for concurrent use.
type Types struct {
	byName map[string]*nodeType
	names  []string
}

// nodeType is one node's definition.
type nodeType struct {
	name, display string
	inputs        []*input // required, then optional, in the order of input_order
	outputs       []output
}

// input is one declared input, before it is known whether it is a widget or a socket.
type input struct {
	name     string
	typ      string // "COMBO" for a list of choices
	opts     *object
	choices  []any
	optional bool
}

type output struct{ name, typ string }

// ParseObjectInfo reads the JSON of GET /object_info. It keeps the order of nodes and, by input_order, of their inputs.
// Entries it cannot use are left out: they are then unknown types.
func ParseObjectInfo(data []byte) (*Types, error) {
	if len(data) > maxInfoBytes {
		return nil, fault.New(fault.TooLarge, "object_info has %d bytes, more than %d", len(data), maxInfoBytes)
	}
	v, err := parseJSON(string(data), false)
	if err != nil {
		return nil, err
	}
	root, ok := v.(*object)
	if !ok {
		return nil, fault.New(fault.BadFile, "object_info is no object")
	}
	t := &Types{byName: map[string]*nodeType{}}
	for _, name := range root.keys {
		if def := root.object(name); def != nil {
			t.byName[name] = parseType(name, def)
			t.names = append(t.names, name)
		}
	}
	return t, nil
}

// Names gives the node types in the order the server registered them.
func (t *Types) Names() []string { return append([]string(nil), t.names...) }

// Has reports whether the server has a node type.
func (t *Types) Has(name string) bool { return t.get(name) != nil }

func (t *Types) get(name string) *nodeType {
	if t == nil {
		return nil
	}
	return t.byName[name]
}

func parseType(name string, def *object) *nodeType {
	t := &nodeType{name: name, display: def.text("display_name")}
	if t.display == "" {
		t.display = name
	}
	in, order := def.object("input"), def.object("input_order")
	for _, group := range []string{"required", "optional"} {
		t.inputs = append(t.inputs, parseInputs(in.object(group), order.array(group), group == "optional")...)
	}
	names := def.array("output_name")
	for i, typ := range def.array("output") {
		o := output{typ: typeName(typ)}
		if i < len(names) {
			o.name, _ = names[i].(string)
		}
		if o.typ == "COMFY_MATCHTYPE_V3" {
			o.typ = "*"
		}
		t.outputs = append(t.outputs, o)
	}
	return t
}

// parseInputs reads a group of inputs in the given order; what the order misses follows.
func parseInputs(group *object, order []any, optional bool) []*input {
	if group == nil {
		return nil
	}
	var list []*input
	seen := map[string]bool{}
	add := func(name string) {
		if spec, ok := group.get(name).([]any); ok && !seen[name] && len(spec) > 0 {
			seen[name] = true
			list = append(list, parseInput(name, spec, optional))
		}
	}
	for _, v := range order {
		if name, ok := v.(string); ok {
			add(name)
		}
	}
	for _, name := range group.keys {
		add(name)
	}
	return list
}

func parseInput(name string, spec []any, optional bool) *input {
	in := &input{name: name, typ: typeName(spec[0]), optional: optional}
	if len(spec) > 1 {
		in.opts, _ = spec[1].(*object)
	}
	if list, ok := spec[0].([]any); ok {
		in.choices = list
	} else if in.typ == "COMBO" {
		in.choices = in.opts.array("options")
	}
	return in
}

// isList reports whether the choices stand in the place of the type, as older definitions have it.
func (in *input) isList() bool {
	return in.typ == "COMBO" && in.opts.get("options") == nil && in.choices != nil
}

func typeName(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		return "COMBO"
	case float64:
		if v != 0 {
			return formatNumber(v)
		}
	}
	return ""
}
