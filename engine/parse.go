package engine

import (
	"context"
	"encoding/json"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// parsePrompt reads a prompt's text. Its nodes are objects, or the error has the code bad_request.
func (e *Engine) parsePrompt(text json.RawMessage) (*doc.Object, error) {
	prompt, err := doc.ParseObject(text, e.c.Limits)
	if err != nil {
		return nil, err
	}
	if prompt.Len() > e.c.MaxNodes {
		return nil, fault.New(fault.TooLarge, "the prompt has %d nodes; %d are allowed", prompt.Len(), e.c.MaxNodes)
	}
	for i := range prompt.Len() {
		if id, body := prompt.At(i); !isObject(body) {
			return nil, fault.New(fault.BadRequest, "node %q is no object", id)
		}
	}
	return prompt, nil
}

func isObject(v any) bool {
	_, ok := v.(*doc.Object)
	return ok
}

// newGraph looks up the classes of a prompt. The problem is that of the first node whose class is not there.
func newGraph(ctx context.Context, reg *node.Registry, prompt *doc.Object) (*graph, *Problem) {
	g := &graph{forms: forms{}, byID: make(map[string]*vertex, prompt.Len()), order: make([]*vertex, 0, prompt.Len())}
	for i := range prompt.Len() {
		id, v := prompt.At(i)
		body := v.(*doc.Object)
		class, named := body.Get("class_type")
		name, text := class.(string)
		n, known := reg.Lookup(ctx, name)
		if !named || !text || !known {
			return nil, missingType(id, body, class, named)
		}
		in, _ := body.Get("inputs")
		inputs, _ := in.(*doc.Object)
		x := &vertex{id: id, class: name, node: n, schema: n.Schema(), inputs: inputs, body: body, shownID: id, realID: id}
		g.byID[id] = x
		g.order = append(g.order, x)
	}
	g.own = len(g.order)
	return g, nil
}

func missingType(id string, body *doc.Object, class any, named bool) *Problem {
	var title any
	titled := false
	if meta, ok := body.Get("_meta"); ok && isObject(meta) {
		title, titled = meta.(*doc.Object).Get("title")
	}
	p := &Problem{Type: "missing_node_type", Details: "Node ID '#" + id + "'"}
	if !named {
		label := "ID #" + id
		if pyTrue(title) {
			label = pyStr(title)
		}
		p.Message = "Node '" + label + "' has no class_type. The workflow may be corrupted or a custom node is missing."
	} else {
		if !titled { // Compat: a title of null is one
			title = class
		}
		p.Message = "Node '" + pyStr(title) + "' not found. The custom node may not be installed."
	}
	p.ExtraInfo = doc.Of("node_id", id, "class_type", class, "node_title", title)
	return p
}
