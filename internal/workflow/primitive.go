package workflow

// fillPrimitives gives each PrimitiveNode the widget of the first input it is linked to, with the value of the file.
func (c *Canvas) fillPrimitives(g *graph, raw []*object) {
	out := g.outgoing()
	for i, n := range g.nodes {
		if n.kind == primitive {
			fillPrimitive(g, n, out[n.id], raw[i])
		}
	}
}

func fillPrimitive(g *graph, n *node, out []*link, raw *object) {
	for _, l := range out {
		if l.fromSlot != 0 || l.to == outputNode {
			continue
		}
		to := g.byID[l.to]
		s := to.inputs[l.toSlot]
		target := to.slotWidget(s)
		if target == nil {
			if widgetForms[s.typ] == "" {
				return
			}
			target = newWidget(s.name, &input{name: s.name, typ: s.typ}) // a socket that could be a widget
		}
		n.adopt(target, s.typ, raw)
		return
	}
}

// adopt makes the primitive's widgets: value, control and, for a combo, the filter of choices.
func (n *node) adopt(target *widget, typ string, raw *object) {
	saved := "*"
	if list := raw.array("outputs"); len(list) > 0 {
		o, _ := list[0].(*object)
		saved = typeName(o.get("type"))
	}
	w := &widget{name: "value", typ: target.typ, value: target.value, unset: target.unset, in: target.in,
		choices: target.choices, inFile: true, inPrompt: true}
	n.widgets = []*widget{w}
	if w.typ == "number" || w.typ == "combo" {
		w.control = &controller{mode: modeWidget("control_after_generate", "fixed")}
		n.widgets = append(n.widgets, w.control.mode)
		if w.typ == "combo" {
			w.control.filter = sideWidget("control_filter_list", "string", "")
			n.widgets = append(n.widgets, w.control.filter)
		}
	}
	if saved == typ { // Compat: a primitive saved with another type starts anew
		for i, v := range n.values {
			if i < len(n.widgets) {
				n.widgets[i].set(v)
			}
		}
	}
	if len(n.outputs) == 0 {
		n.outputs = []output{{}}
	}
	n.outputs[0] = output{name: typ, typ: typ}
}

// applyPrimitives writes the values of PrimitiveNodes into the widgets they are linked to, whatever their mode.
// Each graph is done once: its instances share the inner nodes.
func (c *Canvas) applyPrimitives(g *graph, done map[*graph]bool) {
	if done[g] {
		return
	}
	done[g] = true
	out := g.outgoing()
	for _, n := range g.sorted(out) {
		if n.kind == instance {
			c.applyPrimitives(n.sub, done)
		}
		if n.kind != primitive || len(n.widgets) == 0 {
			continue
		}
		v := n.widgets[0].value
		if s, ok := v.(string); ok && s != "" && n.props.truthy("Run widget replace on values") {
			v = c.replace(s)
		}
		for _, l := range out[n.id] {
			to := g.byID[l.to]
			if l.fromSlot != 0 || to == nil {
				continue
			}
			// Compat: the widget of an instance takes the value too, but its link hides it: what is sent is the inner widget's.
			if w := to.slotWidget(to.inputs[l.toSlot]); w != nil {
				to.set(w, v)
			}
		}
	}
}
