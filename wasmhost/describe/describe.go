// Package describe reads what a guest says of itself: its nodes, routes, kinds of messages and replacements of former nodes. What
// it gives has been checked, so that the engine and clients may take it as a built-in node's.
package describe

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// Description is what a guest says of itself, checked.
type Description struct {
	Nodes        []*Schema
	Routes       []string           // "GET /presets"
	Messages     []string           // kinds of clients' messages
	Replacements []node.Replacement // of classes of the past
}

// Schema is a node's schema and which of the optional abilities it has.
type Schema struct {
	node.Schema
	Validates      bool
	ValidatesLinks bool     // validate is told the types of links, and is alone in looking at them
	Checks         []string // inputs that validate looks at; nil for all
	Fingerprints   bool
	Lazy           bool
}

const (
	maxNodes  = 512
	maxPorts  = 256
	maxRoutes = 64
	maxHidden = 16
	maxKinds  = 256 // of messages
)

var classForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.+ ()|/-]{0,127}$`)

func broken(format string, args ...any) error {
	return fault.New(fault.ExtensionFailed, "description: "+format, args...)
}

// Read checks the reply to describe of the extension of an id. Errors: fault.ExtensionFailed, fault.BadFile for a
// route.
func Read(b []byte, id string) (*Description, error) {
	v, err := abi.Decode(b, abi.DefaultLimits())
	if err != nil {
		return nil, fault.Wrap(err, fault.ExtensionFailed, "the extension's description is no message")
	}
	d := &Description{}
	list := abi.AsMap(v).List("nodes")
	if len(list) > maxNodes {
		return nil, broken("%d nodes, more than %d", len(list), maxNodes)
	}
	seen := map[string]bool{}
	for _, n := range list {
		s, err := readNode(abi.AsMap(n), id)
		if err != nil {
			return nil, err
		}
		if seen[s.ID] {
			return nil, broken("node %q is there twice", s.ID)
		}
		seen[s.ID] = true
		d.Nodes = append(d.Nodes, s)
	}
	if err := d.readReplacements(abi.AsMap(v).List("node_replacements")); err != nil {
		return nil, err
	}
	if err := d.readMessages(abi.AsMap(v).List("messages")); err != nil {
		return nil, err
	}
	if err := d.readRoutes(abi.AsMap(v).List("routes")); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Description) readMessages(list []any) error {
	if len(list) > maxKinds {
		return broken("%d kinds of messages, more than %d", len(list), maxKinds)
	}
	for _, k := range list {
		kind, ok := k.(string)
		switch {
		case !ok || !pack.IsKind(kind):
			return broken("%.80q is no kind of message", kind)
		case slices.Contains(d.Messages, kind):
			return broken("the messages %q are there twice", kind)
		}
		d.Messages = append(d.Messages, kind)
	}
	return nil
}

func (d *Description) readRoutes(list []any) error {
	if len(list) > maxRoutes {
		return broken("%d routes, more than %d", len(list), maxRoutes)
	}
	for _, r := range list {
		m := abi.AsMap(r)
		route := m.Text("method") + " " + m.Text("path")
		if _, _, err := pack.SplitRoute(route); err != nil {
			return err
		}
		if slices.Contains(d.Routes, route) {
			return broken("route %q is there twice", route)
		}
		d.Routes = append(d.Routes, route)
	}
	return nil
}

func readNode(n abi.Map, id string) (*Schema, error) {
	s := &Schema{Schema: node.Schema{ID: n.Text("id"), Name: n.Text("name"), Category: n.Text("category"), Help: n.Text("help"),
		Module: moduleOf(id)}}
	if !classForm.MatchString(s.ID) {
		return nil, broken("%q is no class name", s.ID)
	}
	for _, a := range n.List("aliases") {
		if t, ok := a.(string); ok {
			s.Aliases = append(s.Aliases, t)
		}
	}
	if err := s.readFlags(n.List("flags")); err != nil {
		return nil, err
	}
	if err := s.readExtras(n); err != nil {
		return nil, err
	}
	var err error
	if s.Inputs, err = readInputs(n.List("inputs"), 3); err != nil {
		return nil, err
	}
	s.Lazy = anyLazy(s.Inputs)
	if err := s.readPorts(n); err != nil {
		return nil, err
	}
	return s, checkMarkup(&s.Schema)
}

// moduleOf is where clients see an extension's nodes come from. Compat: they take the name between the first two dots for the
// whole, for which an id's dots are written as _, which ids do not have.
func moduleOf(id string) string { return "custom_nodes." + strings.ReplaceAll(id, ".", "_") }

func (s *Schema) readPorts(n abi.Map) error {
	outputs, hidden := n.List("outputs"), n.List("hidden")
	if len(outputs) > maxPorts || len(hidden) > maxHidden {
		return broken("node %q has %d outputs and %d hidden inputs", s.ID, len(outputs), len(hidden))
	}
	for _, o := range outputs {
		m := abi.AsMap(o)
		out := node.Output{Type: node.Type(m.Text("type")), Name: m.Text("name"), Help: m.Text("help"), List: m.Bool("list"), Match: m.Text("match")}
		if out.Type == "" {
			return broken("node %q has an output without a type", s.ID)
		}
		if c := m.List("choices"); c != nil {
			out.Choices = c
		}
		s.Outputs = append(s.Outputs, out)
	}
	for _, h := range hidden {
		m := abi.AsMap(h)
		kind := m.Text("kind")
		if kind == "" || m.Text("name") == "" || len(kind) > 256 || len(m.Text("name")) > 256 {
			return broken("node %q has a hidden input without a name or a kind", s.ID)
		}
		s.Hidden = append(s.Hidden, node.Hidden{Name: m.Text("name"), Kind: node.Type(kind)})
	}
	return nil
}

func (s *Schema) readFlags(list []any) error {
	flags := map[string]*bool{
		"output_node": &s.OutputNode, "input_is_list": &s.InputIsList, "async": &s.Async, "not_idempotent": &s.NotIdempotent,
		"intermediate": &s.Intermediate, "expands": &s.Expands, "accept_all": &s.AcceptAllInputs, "deprecated": &s.Deprecated,
		"experimental": &s.Experimental, "dev_only": &s.DevOnly, "api_node": &s.APINode, "v3": &s.V3,
		"validates": &s.Validates, "validates_links": &s.ValidatesLinks, "fingerprints": &s.Fingerprints,
	}
	for _, f := range list {
		name, _ := f.(string)
		p, ok := flags[name]
		if !ok {
			return broken("node %q has the unknown flag %q", s.ID, name)
		}
		*p = true
	}
	return nil
}

func readInputs(list []any, depth int) ([]node.Input, error) {
	if len(list) > maxPorts || depth == 0 {
		return nil, broken("%d inputs, or inputs in inputs in inputs", len(list))
	}
	type key struct { // one name may stand in both groups
		group node.Group
		name  string
	}
	var out []node.Input
	seen := map[key]bool{}
	for _, v := range list {
		in, err := readInput(abi.AsMap(v), depth)
		if err != nil {
			return nil, err
		}
		k := key{in.Group, in.Name}
		if seen[k] {
			return nil, broken("input %q is there twice", in.Name)
		}
		seen[k] = true
		out = append(out, in)
	}
	return out, nil
}

func readInput(m abi.Map, depth int) (node.Input, error) {
	in := node.Input{Name: m.Text("name"), Type: node.Type(m.Text("type"))}
	if in.Name == "" || in.Type == "" || len(in.Name) > 256 || len(in.Type) > 256 {
		return in, broken("an input has no name or no type")
	}
	if m.Bool("optional") {
		in.Group = node.Optional
	}
	if choices, ok := m["choices"].([]any); ok {
		for _, c := range choices {
			switch c.(type) {
			case string, int64, float64:
			default:
				return in, broken("input %q has a choice that is no text or number", in.Name)
			}
		}
		in.Choices = func(context.Context) []any { return choices }
		in.Classic = m.Bool("classic")
	}
	if o := m.Map("options"); o != nil { // an empty map is shown, none is not
		v, err := widget(map[string]any(o), 6)
		if err != nil {
			return in, err
		}
		in.Options = v.(map[string]any)
	}
	if f := m.Map("forms"); f != nil {
		var err error
		if in.Forms, err = readForms(f, depth-1); err != nil {
			return in, err
		}
	}
	return in, nil
}

func readForms(m abi.Map, depth int) (*node.Forms, error) {
	f := &node.Forms{Prefix: m.Text("prefix"), Min: int(m.Int("min")), Max: int(m.Int("max")), SlotType: node.Type(m.Text("slot_type")), GroupName: m.Text("group")}
	if f.Min < 0 || f.Max < f.Min || f.Max > maxPorts {
		return nil, broken("a dynamic input has %d to %d rows", f.Min, f.Max)
	}
	for _, n := range m.List("names") {
		if t, ok := n.(string); ok {
			f.Names = append(f.Names, t)
		}
	}
	var err error
	if l := m.List("template"); l != nil {
		if f.Template, err = readInputs(l, depth); err != nil {
			return nil, err
		}
	}
	for _, c := range m.List("cases") {
		cm := abi.AsMap(c)
		inputs, err := readInputs(cm.List("inputs"), depth)
		if err != nil {
			return nil, err
		}
		f.Cases = append(f.Cases, node.Case{Key: cm.Text("key"), Inputs: inputs})
	}
	return f, nil
}

// Plain refuses what JSON has no form for, and what is nested deeper than depth. Errors: fault.ExtensionFailed.
func Plain(v any, depth int) error {
	if depth == 0 {
		return broken("an option is nested too deeply")
	}
	switch x := v.(type) {
	case nil, bool, int64, uint64, float64, string:
	case []any:
		for _, e := range x {
			if err := Plain(e, depth-1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, e := range x {
			if err := Plain(e, depth-1); err != nil {
				return err
			}
		}
	default:
		return broken("an option is %T", v)
	}
	return nil
}
