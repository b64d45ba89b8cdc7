package workflow

import "strings"

// widget is a value a node holds.
type widget struct {
	name     string
	typ      string // as the client names it: number, combo, text, customtext, toggle, …
	value    any
	unset    bool // no value at all, which is not null
	inFile   bool // has a place in widgets_values
	inPrompt bool
	choices  []any
	in       *input      // its declaration; nil for a side widget
	options  []dynOpt    // of a dynamic combo
	control  *controller // what moves the value on between runs
}

// controller is the pair of side widgets that changes a value after a run.
type controller struct{ mode, filter *widget }

// dynOpt is an option of a dynamic combo with the inputs it brings.
type dynOpt struct {
	key    string
	inputs []*input
}

func (w *widget) set(v any) { w.value, w.unset = v, false }

// widgetForms gives the client's widget for each input type that has one.
var widgetForms = map[string]string{
	"INT": "number", "FLOAT": "number", "STRING": "text", "BOOLEAN": "toggle", "COMBO": "combo", "COLOR": "color",
	"BOUNDING_BOX": "boundingbox", "BOUNDING_BOXES": "boundingboxes", "COLORS": "colors", "CURVE": "curve", "RANGE": "range",
	"PAINTER": "painter", "IMAGECOMPARE": "imagecompare", "COMPOSITOR": "compositor", "LOAD_3D": "load3D",
	"LOAD_3D_ADVANCED": "load3DAdvanced", "PREVIEW_3D": "load3D", "WEBCAM": "WEBCAM", "AUDIO_RECORD": "audioUI",
	"COMFY_DYNAMICCOMBO_V3": "combo", "MARKDOWN": "customtext", "TEXTAREA": "textarea", "CHART": "chart",
	"GALLERIA": "galleria", "VIDEO_EDIT": "videoedit", "RESOLUTION_PREVIEW": "resolutionpreview",
}

// widgetType is the type that decides the widget: widgetType replaces the declared one.
func (in *input) widgetType() string {
	if t := in.opts.text("widgetType"); t != "" {
		return t
	}
	return in.typ
}

// isWidget reports whether the input is a widget and not a bare socket.
func (in *input) isWidget() bool {
	return widgetForms[in.widgetType()] != "" && !in.opts.truthy("forceInput")
}

// newWidget makes the widget of an input, with its default.
func newWidget(name string, in *input) *widget {
	t := in.widgetType()
	w := &widget{name: name, typ: widgetForms[t], in: in, inFile: t != "IMAGECOMPARE", inPrompt: true, choices: in.choices}
	switch {
	case t == "STRING" && in.opts.truthy("multiline"):
		w.typ = "customtext"
	case t == "BOUNDING_BOX" && in.opts.text("component") == "ImageCrop":
		w.typ = "imagecrop"
	case t == "COMFY_DYNAMICCOMBO_V3":
		w.options = dynOptions(in)
		for _, o := range w.options {
			w.choices = append(w.choices, o.key)
		}
	case t == "COMBO" && in.opts.truthy("multiselect"):
		w.typ = "multiselect"
	}
	w.value, w.unset = w.initial(t)
	return w
}

// initial is the value of a fresh widget of type t.
func (w *widget) initial(t string) (v any, unset bool) {
	def := w.in.opts.get("default")
	switch t {
	case "COMFY_DYNAMICCOMBO_V3", "COMBO":
		switch {
		case w.typ == "multiselect":
			return []any{}, false
		case t == "COMBO" && truthy(def):
			return def, false
		case len(w.choices) > 0:
			return w.choices[0], false
		case w.in.opts.truthy("remote"):
			return "Loading...", false
		}
		return nil, true
	case "IMAGECOMPARE":
		return []any{"", ""}, false
	}
	if def != nil {
		return def, false
	}
	switch t {
	case "INT", "FLOAT":
		return 0.0, false
	case "BOOLEAN":
		return false, false
	case "COLOR":
		return "#000000", false
	case "BOUNDING_BOXES", "COLORS":
		return []any{}, false
	}
	return "", false
}

func dynOptions(in *input) []dynOpt {
	var list []dynOpt
	for _, v := range in.opts.array("options") {
		o, ok := v.(*object)
		if !ok {
			continue
		}
		groups := o.object("inputs")
		inputs := parseInputs(groups.object("required"), nil, false)
		inputs = append(inputs, parseInputs(groups.object("optional"), nil, true)...)
		list = append(list, dynOpt{key: o.text("key"), inputs: inputs})
	}
	return list
}

// controlOf makes the side widgets of an input that changes between runs, in the order of the file, or nil.
func controlOf(name string, in *input, typ string) *controller {
	spec := in.opts.get("control_after_generate")
	marked := truthy(spec)
	mode := "randomize"
	switch typ {
	case "INT":
		marked = marked || spec == nil && (name == "seed" || name == "noise_seed")
	case "FLOAT":
		mode = "fixed"
	case "COMBO":
	default:
		return nil
	}
	if !marked {
		return nil
	}
	label := "control_after_generate"
	if s, ok := spec.(string); ok {
		label = s // Compat: the definition's string is the name and, but for FLOAT, the mode
		if typ != "FLOAT" {
			mode = s
		}
	} else if prefix := in.opts.text("control_prefix"); prefix != "" {
		label = prefix + " " + label
	}
	c := &controller{mode: modeWidget(label, mode)}
	if typ == "COMBO" {
		c.filter = sideWidget("control_filter_list", "string", "")
	}
	return c
}

// modeWidget makes the side widget that says how a value moves on.
func modeWidget(name, mode string) *widget {
	w := sideWidget(name, "combo", mode)
	w.choices = []any{"fixed", "increment", "decrement", "randomize"}
	return w
}

// sideWidget makes a widget that is saved but not sent.
func sideWidget(name, typ string, value any) *widget {
	return &widget{name: name, typ: typ, value: value, inFile: true}
}

// dynamicPrompt reports whether the text picks alternatives when it is sent.
func (w *widget) dynamicPrompt() bool {
	return w.in != nil && (w.typ == "customtext" || w.typ == "text") && w.in.opts.truthy("dynamicPrompts")
}

// under reports whether name belongs to the group of prefix ("a" has "a.x").
func under(prefix, name string) bool {
	return len(name) > len(prefix) && strings.HasPrefix(name, prefix) && name[len(prefix)] == '.'
}
