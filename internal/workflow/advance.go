package workflow

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Limits of values that move on between runs.
const maxControlled = 1125899906842624

// Advance moves values with a control on, as the client does after each run: increment, decrement, randomize. A fixed one
// stays, and so does one whose slot is linked; muted nodes move too.
func (c *Canvas) Advance() {
	c.all(func(n *node) {
		for i := 0; i < len(n.widgets); i++ {
			w := n.widgets[i]
			if w.control == nil {
				continue
			}
			if s := n.slotOf(w); s != nil && s.link != nil {
				continue
			}
			if v, ok := c.next(w); ok {
				n.set(w, v)
			}
		}
	})
}

// next is the value after w's.
func (c *Canvas) next(w *widget) (any, bool) {
	mode, _ := w.control.mode.value.(string)
	if mode == "fixed" {
		return nil, false
	}
	if w.typ == "combo" {
		return c.nextChoice(w, mode)
	}
	return c.nextNumber(w, mode)
}

func (c *Canvas) nextNumber(w *widget, mode string) (any, bool) {
	v, ok := toFloat(w.value)
	if !ok || w.in == nil {
		return nil, false
	}
	step := 1.0
	if w.in.widgetType() == "FLOAT" {
		step = 0.5
	}
	option := func(key string, def float64) float64 {
		if f, ok := w.in.opts.get(key).(float64); ok {
			return f
		}
		return def
	}
	step = option("step", step)
	low, high := max(option("min", 0), -maxControlled), min(option("max", 2048), maxControlled)
	switch mode {
	case "increment", "increment-wrap":
		v += step
	case "decrement":
		v -= step
	case "randomize":
		v = math.Floor(c.opts.Rand()*((high-low)/step))*step + low
	}
	return min(max(v, low), high), true
}

func (c *Canvas) nextChoice(w *widget, mode string) (any, bool) {
	var list []string
	keep := choiceFilter(w.control.filter)
	for _, v := range w.choices {
		if s, ok := v.(string); ok && keep(s) {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, false
	}
	now, _ := w.value.(string)
	i := slices.Index(list, now)
	switch mode {
	case "increment":
		i++
	case "increment-wrap":
		if i++; i >= len(list) {
			i = 0
		}
	case "decrement":
		i--
	case "randomize":
		i = int(c.opts.Rand() * float64(len(list)))
	}
	return list[max(0, min(i, len(list)-1))], true
}

// choiceFilter reads the filter of a combo's control: part of the name in any case, or /an expression/.
func choiceFilter(w *widget) func(string) bool {
	if w == nil {
		return func(string) bool { return true }
	}
	text, _ := w.value.(string)
	if len(text) >= 2 && text[0] == '/' && text[len(text)-1] == '/' {
		if re, err := regexp.Compile(text[1 : len(text)-1]); err == nil {
			return re.MatchString
		}
	}
	part := strings.ToLower(text)
	return func(s string) bool { return strings.Contains(strings.ToLower(s), part) }
}

// Values gives the widget values of each node of the root as the client saves them with a picture, by node id.
func (c *Canvas) Values() map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	for _, n := range c.root.nodes {
		list := []any{}
		for _, w := range n.widgets {
			if w.inFile {
				list = append(list, w.value)
			}
		}
		values[n.id] = appendJSON(nil, list)
	}
	return values
}
