package guest

import "github.com/cocoonhq/cocoon/sdk-wasm/abi"

// The types of dynamic inputs, whose inputs depend on what the user chose or linked.
const (
	autogrow     = "COMFY_AUTOGROW_V3"
	dynamicCombo = "COMFY_DYNAMICCOMBO_V3"
	dynamicSlot  = "COMFY_DYNAMICSLOT_V3"
	dynamicGroup = "COMFY_DYNAMICGROUP_V3"
	matchType    = "COMFY_MATCHTYPE_V3"
)

// In declares an input without binding it: its value is in Args under its name.
func (p *Ports) In(name, kind string) In {
	in := In{p: p, name: name}
	if p.learn {
		in.m = map[string]any{"name": name, "type": kind}
		p.inputs = append(p.inputs, in.m)
	}
	return in
}

// Combo declares a combo of texts or numbers without binding it.
func (p *Ports) Combo(name string, choices ...any) In {
	in := p.In(name, "COMBO")
	if !p.learn {
		return in
	}
	return in.put("choices", wireList(choices)).put("classic", true)
}

// Match declares an input that takes what the other inputs and outputs of the same template take, of the allowed types.
func (p *Ports) Match(name, template, allowed string) In {
	return p.In(name, matchType).Set("template", map[string]any{"template_id": template, "allowed_types": allowed})
}

// Grow declares an input that grows: from min to max inputs named prefix and a number, each as each declares the one input of
// the template. Its value is a map by those names.
func (p *Ports) Grow(name, prefix string, min, max int, each func(p *Ports)) In {
	return p.forms(name, autogrow, map[string]any{"prefix": prefix, "min": int64(min), "max": int64(max), "template": p.nested(each)})
}

// GrowNamed is Grow with names instead of a prefix.
func (p *Ports) GrowNamed(name string, min int, names []string, each func(p *Ports)) In {
	return p.forms(name, autogrow, map[string]any{"names": names, "min": int64(min), "max": int64(len(names)), "template": p.nested(each)})
}

// Case is one choice of a dynamic combo and the inputs it brings; nil brings none.
type Case struct {
	Key    string
	Inputs func(p *Ports)
}

// Cases declares a combo whose choice brings inputs of its own. Its value is a map: the choice under the combo's name, and
// the inputs that came with it.
func (p *Ports) Cases(name string, cases ...Case) In {
	list := make([]any, len(cases))
	for i, c := range cases {
		list[i] = map[string]any{"key": c.Key, "inputs": p.nested(c.Inputs)}
	}
	return p.forms(name, dynamicCombo, map[string]any{"cases": list})
}

// Slot declares an input of a type that brings further inputs once it is linked.
func (p *Ports) Slot(name, kind string, inputs func(p *Ports)) In {
	return p.forms(name, dynamicSlot, map[string]any{"slot_type": kind, "template": p.nested(inputs)})
}

// Group declares from min to max rows of the same inputs; label is what a row is called, "" for Group.
func (p *Ports) Group(name, label string, min, max int, inputs func(p *Ports)) In {
	return p.forms(name, dynamicGroup, map[string]any{"group": label, "min": int64(min), "max": int64(max), "template": p.nested(inputs)})
}

func (p *Ports) forms(name, kind string, forms map[string]any) In {
	return p.In(name, kind).put("forms", forms)
}

// nested declares the inputs of a dynamic input.
func (p *Ports) nested(declare func(p *Ports)) []any {
	if !p.learn {
		return nil
	}
	inner := &Ports{learn: true}
	if declare != nil {
		declare(inner)
	}
	if inner.inputs == nil {
		return []any{}
	}
	return inner.inputs
}

// Hidden declares an input that the server fills: "UNIQUE_ID", "PROMPT", "EXTRA_PNGINFO", "DYNPROMPT" or any kind of the
// client's. Its value is in Args under its name.
func (p *Ports) Hidden(name, kind string) {
	if p.learn {
		p.hidden = append(p.hidden, map[string]any{"name": name, "kind": kind})
	}
}

// Out declares an output without binding it.
func (p *Ports) Out(kind string) Out {
	if !p.learn {
		return Out{}
	}
	o := Out{map[string]any{"type": kind}}
	p.outputs = append(p.outputs, o.m)
	return o
}

// All binds a field to all inputs as they come, those that nobody declared too.
func All(p *Ports, to *Args) {
	p.sets = append(p.sets, setter{all: func(inputs abi.Pairs) { *to = argsOf(inputs) }})
}

// Seed declares an INT input over the whole range of unsigned 64 bits.
func Seed(p *Ports, name string, to *uint64, def uint64) In {
	*to = def
	return p.input(name, "INT", func(v abi.Raw) bool {
		x, ok := v.Uint()
		*to = x
		return ok
	}).Set("default", def).Range(uint64(0), ^uint64(0))
}

// Options sets all of a widget's options by their wire keys; an empty map is shown to clients, none is not.
func (i In) Options(options map[string]any) In {
	if i.m == nil {
		return i
	}
	m := make(map[string]any, len(options))
	for k, v := range options {
		m[k] = toWire(v)
	}
	return i.put("options", m)
}

// Modern shows a combo in the newer form.
func (i In) Modern() In {
	return i.put("classic", false)
}

// Raw gives the node the link itself, an Outer, in place of its value.
func (i In) Raw() In { return i.Set("rawLink", true) }

// Match says that the output has the type that inputs of the template are linked to.
func (o Out) Match(template string) Out {
	return o.put("match", template)
}

// Choices are a combo output's.
func (o Out) Choices(choices ...any) Out {
	if o.m == nil {
		return o
	}
	return o.put("choices", wireList(choices))
}

// Number is an integer of any size in decimal digits, for widgets' bounds beyond 64 bits.
type Number string
