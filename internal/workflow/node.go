package workflow

import (
	"slices"
	"strconv"
)

// kind tells what a node of the canvas stands for.
type kind uint8

const (
	plain     kind = iota
	unknown        // the server has no such type
	reroute        // passes a link on
	primitive      // writes its value into the widgets it is linked to
	note
	instance // of a subgraph
)

// Modes of a node. Others (1, 3) are normal.
const (
	muted    = 2
	bypassed = 4
)

// node is one node of a canvas or of a subgraph's definition.
type node struct {
	id      string
	typ     string
	title   string
	mode    int
	kind    kind
	def     *nodeType // of a plain node
	sub     *graph    // of an instance
	widgets []*widget
	inputs  []*slot
	outputs []output
	props   *object
	values  []any // widgets_values of the file
}

// slot is an input of a node. A slot with a widget takes its place when linked.
type slot struct {
	name, typ string
	widget    string // the name of the widget it stands for
	link      *link
	host      *widget // of an instance: its own widget for this input
}

func (n *node) virtual() bool { return n.kind >= reroute }
func (n *node) silent() bool  { return n.mode == muted || n.mode == bypassed }

func (n *node) widget(name string) *widget {
	for _, w := range n.widgets {
		if w.name == name {
			return w
		}
	}
	return nil
}

func (n *node) slotIndex(name string) int {
	return slices.IndexFunc(n.inputs, func(s *slot) bool { return s.name == name })
}

// slotOf gives the slot of a widget, or nil.
func (n *node) slotOf(w *widget) *slot {
	for _, s := range n.inputs {
		if s.widget == w.name && s.widget != "" {
			return s
		}
	}
	return nil
}

// newNode makes a fresh node of a type the server has.
func newNode(def *nodeType) *node {
	n := &node{typ: def.name, title: def.display, def: def, outputs: slices.Clone(def.outputs)}
	b := &builder{n: n}
	for _, in := range def.inputs {
		b.add(in.name, in)
	}
	b.sideWidgets()
	b.finish()
	return n
}

// builder collects widgets and slots; sockets come before the slots of widgets.
type builder struct {
	n       *node
	sockets []*slot
	slots   []*slot
}

func (b *builder) finish() {
	b.n.inputs = append(b.sockets, b.slots...)
}

// add makes the widget or the sockets of an input.
func (b *builder) add(name string, in *input) {
	switch {
	case in.typ == "COMFY_AUTOGROW_V3":
		for i := range autogrowCount(in) {
			b.sockets = append(b.sockets, &slot{name: name + "." + autogrowName(in, i), typ: autogrowType(in)})
		}
	case in.typ == "COMFY_MATCHTYPE_V3":
		b.sockets = append(b.sockets, &slot{name: name, typ: matchTypes(in)})
	case in.isWidget():
		b.addWidget(newWidget(name, in))
	default:
		b.sockets = append(b.sockets, &slot{name: name, typ: in.typ})
	}
}

func (b *builder) addWidget(w *widget) {
	n := b.n
	n.widgets = append(n.widgets, w)
	if w.control = controlOf(w.name, w.in, w.in.widgetType()); w.control != nil {
		n.widgets = append(n.widgets, w.control.mode)
		if w.control.filter != nil {
			n.widgets = append(n.widgets, w.control.filter)
		}
	}
	if w.options != nil { // Compat: in a fresh node the slots of the option come first
		b.option(w)
	}
	b.slots = append(b.slots, &slot{name: w.name, typ: w.in.typ, widget: w.name})
}

// option adds what the chosen option of a dynamic combo brings.
func (b *builder) option(w *widget) {
	for _, o := range w.options {
		if w.value == o.key {
			for _, in := range o.inputs {
				b.add(w.name+"."+in.name, in)
			}
			return
		}
	}
}

// set gives a widget a value and, for a dynamic combo, changes the inputs that follow it.
func (n *node) set(w *widget, v any) {
	if v == nil && w.typ == "customtext" {
		v = "" // Compat: a text area turns null into an empty text
	}
	w.set(v)
	switch {
	case w.options != nil:
		n.choose(w)
	case n.typ == "CustomCombo" && n.def != nil:
		n.growOptions(w)
	}
}

// choose replaces the widgets and slots of a dynamic combo's option; links of slots that stay are kept.
func (n *node) choose(w *widget) {
	old := map[string]*link{}
	for _, s := range n.inputs {
		if under(w.name, s.name) {
			old[s.name] = s.link
		}
	}
	n.widgets = slices.DeleteFunc(n.widgets, func(x *widget) bool { return under(w.name, x.name) })
	n.inputs = slices.DeleteFunc(n.inputs, func(s *slot) bool { return under(w.name, s.name) })
	fresh := &node{typ: n.typ}
	b := &builder{n: fresh}
	b.option(w)
	b.finish()
	for _, s := range fresh.inputs {
		s.link = old[s.name]
	}
	n.widgets = slices.Insert(n.widgets, slices.Index(n.widgets, w)+1, fresh.widgets...)
	n.inputs = slices.Insert(n.inputs, n.slotIndex(w.name)+1, fresh.inputs...)
}

// growOptions adds the next option field of a CustomCombo when the last one is filled.
func (n *node) growOptions(w *widget) {
	if w != n.widgets[len(n.widgets)-1] || len(n.widgets) < 3 || !truthy(w.value) || len(n.widgets) > maxOptions {
		return
	}
	n.widgets = append(n.widgets, optionWidget(len(n.widgets)-1))
}

// maxOptions bounds the fields of a CustomCombo.
const maxOptions = 1000

func optionWidget(i int) *widget {
	return &widget{name: "option" + strconv.Itoa(i), typ: "string", value: "", inFile: true, inPrompt: true}
}

// restore gives the widgets the values of a file's list, by position.
func (n *node) restore(values []any) {
	at := 0
	for i := 0; i < len(n.widgets); i++ { // a dynamic combo changes the list behind i
		if !n.widgets[i].inFile {
			continue
		}
		if at == len(values) {
			return
		}
		n.set(n.widgets[i], values[at])
		at++
	}
}

// current drops the values of forceInput inputs from a list that still has them: one as long as widgets, control values and
// forceInput inputs together.
func (n *node) current(values []any) []any {
	var forced []bool
	for _, in := range n.def.inputs {
		force := in.opts.truthy("forceInput")
		if !force && n.widget(in.name) == nil {
			continue
		}
		forced = append(forced, force)
		if in.opts.truthy("control_after_generate") {
			forced = append(forced, false)
		}
	}
	if len(forced) != len(values) || !slices.Contains(forced, true) {
		return values
	}
	kept := make([]any, 0, len(values))
	for i, v := range values {
		if !forced[i] {
			kept = append(kept, v)
		}
	}
	return kept
}

// repair does what the client does to every loaded node: old spellings of samplers, and combos that are null.
func (n *node) repair() {
	sampler := n.typ == "KSampler" || n.typ == "KSamplerAdvanced"
	for i := 0; i < len(n.widgets); i++ {
		w := n.widgets[i]
		if s, ok := w.value.(string); ok && sampler && w.name == "sampler_name" && len(s) >= 7 && s[:7] == "sample_" {
			w.value = s[7:]
		}
		if (sampler || n.kind == primitive) && w.name == "control_after_generate" {
			switch w.value {
			case true:
				w.value = "randomize"
			case false:
				w.value = "fixed"
			}
		}
		if w.typ != "combo" || w.value != nil {
			continue
		}
		if choices := n.choices(w); len(choices) > 0 {
			n.set(w, choices[0])
		}
	}
}

// choices gives what a combo offers; a CustomCombo's come from its option fields.
func (n *node) choices(w *widget) []any {
	if n.typ != "CustomCombo" || n.def == nil || w != n.widgets[0] {
		return w.choices
	}
	var list []any
	for _, o := range n.widgets[2:] {
		if truthy(o.value) {
			list = append(list, display(o.value))
		}
	}
	return list
}
