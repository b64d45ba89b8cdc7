package workflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// isPrompt reports whether v is a prompt: every value has a class and an object of inputs.
func isPrompt(v any) bool {
	o, ok := v.(*object)
	if !ok || len(o.keys) == 0 {
		return false
	}
	for _, k := range o.keys {
		n := o.object(k)
		if _, ok := n.get("class_type").(string); !ok || n.object("inputs") == nil {
			return false
		}
	}
	return true
}

// LoadPrompt puts a prompt (API format) on a canvas, as the client does when one is opened as a file: inputs the server does
// not know are dropped, missing ones get their default, a node of an unknown type keeps only its links. Numbers keep their
// digits.
func LoadPrompt(ctx context.Context, data []byte, types *Types, opts Options) (*Canvas, error) {
	if len(data) > maxFileBytes {
		return nil, fault.New(fault.TooLarge, "the prompt has %d bytes, more than %d", len(data), maxFileBytes)
	}
	v, err := parseJSON(string(data), true)
	if err != nil {
		return nil, err
	}
	if !isPrompt(v) {
		return nil, fault.New(fault.InvalidPrompt, "a prompt needs a class_type and inputs for each node")
	}
	return loadPrompt(ctx, v.(*object), types, opts)
}

func loadPrompt(ctx context.Context, prompt *object, types *Types, opts Options) (*Canvas, error) {
	c := newCanvas(types, opts)
	if err := c.counted(len(prompt.keys)); err != nil {
		return nil, err
	}
	ids := plainIDs(prompt)
	for _, key := range prompt.order() {
		c.addPromptNode(ids[key], prompt.object(key))
	}
	for range 2 { // the second pass sets the inputs that a dynamic combo of the first brought
		for _, key := range prompt.order() {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("load node %s: %w", key, err)
			}
			inputs := prompt.object(key).object("inputs")
			n := c.root.byID[ids[key]]
			for _, name := range inputs.order() {
				c.setInput(n, name, inputs.vals[name], ids)
			}
		}
	}
	return c, nil
}

// plainIDs gives ids without colons, which stand for nodes of subgraphs: they become underscores, more until the id is free.
func plainIDs(prompt *object) map[string]string {
	ids := map[string]string{}
	taken := map[string]bool{}
	for _, key := range prompt.keys {
		if !strings.Contains(key, ":") {
			ids[key] = key
			taken[key] = true
		}
	}
	for _, key := range prompt.order() {
		if ids[key] != "" || taken[key] {
			continue
		}
		id := strings.ReplaceAll(key, ":", "_")
		for taken[id] {
			id += "_"
		}
		taken[id] = true
		ids[key] = id
	}
	return ids
}

func (c *Canvas) addPromptNode(id string, raw *object) {
	class := raw.text("class_type")
	n := &node{typ: class, title: class, kind: unknown}
	if def := c.types.get(class); def != nil {
		n = newNode(def)
	} else {
		for _, name := range raw.object("inputs").order() {
			if _, ok := raw.object("inputs").vals[name].([]any); ok {
				n.inputs = append(n.inputs, &slot{name: name, typ: "*"})
			}
		}
	}
	if t, ok := raw.object("_meta").get("title").(string); ok {
		n.title = t
	}
	n.id = id
	c.root.nodes = append(c.root.nodes, n)
	c.root.byID[id] = n
}

// setInput sets a widget or makes a link.
func (c *Canvas) setInput(n *node, name string, v any, ids map[string]string) {
	l, ok := v.([]any)
	if !ok {
		if w := n.widget(name); w != nil && w.inPrompt {
			n.set(w, unwrap(v))
		}
		return
	}
	if len(l) < 2 {
		return
	}
	ref := nodeID(l[0])
	id, ok := ids[ref]
	if !ok {
		id = ref
	}
	from := c.root.byID[id]
	at := n.slotIndex(name)
	if typ, ok := n.autogrowSlot(name); at < 0 && ok {
		n.inputs = append(n.inputs, &slot{name: name, typ: typ})
		at = len(n.inputs) - 1
	}
	switch out := slotNumber(l[1]); {
	case at < 0:
	case from == nil:
		c.problemOnce(n, true, fmt.Sprintf("Input %q is linked to node %s, which the prompt does not have.", name, ref))
	case n.inputs[at].link != nil && n.inputs[at].link.from == id && n.inputs[at].link.fromSlot == out:
	case out < 0 || out >= len(from.outputs):
		c.problemOnce(n, true, fmt.Sprintf("Input %q is linked to an output that node %s does not have.", name, ref))
	case !fits(from.outputs[out].typ, n.inputs[at].typ):
		c.problemOnce(n, true, fmt.Sprintf("Input %q takes %s, but node %s gives %s.",
			name, n.inputs[at].typ, ref, from.outputs[out].typ))
	default:
		c.root.addLink(c.linkID(c.root), id, out, n, at)
	}
}

// problemOnce reports what a second pass would find again.
func (c *Canvas) problemOnce(n *node, blocks bool, message string) {
	for _, p := range c.problems {
		if p.NodeID == n.id && p.Message == message {
			return
		}
	}
	c.problem(n, n.id, blocks, message)
}

// unwrap takes a list or a curve out of the object that marks it as a value.
func unwrap(v any) any {
	o, ok := v.(*object)
	if !ok || !o.has("__value__") {
		return v
	}
	inner := o.get("__value__")
	if _, list := inner.([]any); list || o.text("__type__") == "CURVE" {
		return inner
	}
	return v
}
