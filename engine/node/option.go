package node

// In describes the input that was just declared; its methods set what clients are shown and prompts are checked against,
// and return it, so that they chain. While values are bound, rather than the schema learnt, they do nothing.
type In struct{ in *Input }

// Out describes the output that was just declared, in the same way.
type Out struct{ out *Output }

// Set sets a widget option by its wire key.
func (i In) Set(key string, v any) In {
	if i.in == nil {
		return i
	}
	if i.in.Options == nil {
		i.in.Options = map[string]any{}
	}
	i.in.Options[key] = v
	return i
}

// Help is the tooltip.
func (i In) Help(text string) In { return i.Set("tooltip", text) }

// Range bounds a number; both ends are allowed. Numbers are int, int64, uint64 or float64.
func (i In) Range(min, max any) In { return i.Set("min", min).Set("max", max) }

// Step is how far a widget's arrows go.
func (i In) Step(step any) In { return i.Set("step", step) }

// NoDefault leaves the widget's first value to the client.
func (i In) NoDefault() In {
	if i.in != nil {
		delete(i.in.Options, "default")
	}
	return i
}

// Optional lets a prompt leave the input out.
func (i In) Optional() In {
	if i.in != nil {
		i.in.Group = Optional
	}
	return i
}

// Lazy evaluates the input only when the node needs it; see Needer.
func (i In) Lazy() In { return i.Set("lazy", true) }

// Advanced hides the widget behind a toggle.
func (i In) Advanced() In { return i.Set("advanced", true) }

// Multiline makes a text widget of several lines.
func (i In) Multiline() In { return i.Set("multiline", true) }

// Modern shows a combo in the newer form, ["COMBO", {"options": …}].
func (i In) Modern() In {
	if i.in != nil {
		i.in.Classic = false
	}
	return i
}

// Named is the output's label.
func (o Out) Named(name string) Out {
	if o.out != nil {
		o.out.Name = name
	}
	return o
}

// Help is the output's tooltip.
func (o Out) Help(text string) Out {
	if o.out != nil {
		o.out.Help = text
	}
	return o
}

// List says that the value is a List, spread over the consumer's calls.
func (o Out) List() Out {
	if o.out != nil {
		o.out.List = true
	}
	return o
}
