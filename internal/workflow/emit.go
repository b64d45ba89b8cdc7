package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Prompt converts the canvas as it is now to the prompt of POST /prompt. Keys are in the order the client sends them. Text
// with alternatives is expanded, so that two calls may differ; the canvas itself keeps the text. What is found wrong is added
// to Problems.
func (c *Canvas) Prompt(ctx context.Context) (json.RawMessage, error) {
	prompt, err := c.prompt(ctx)
	if err != nil {
		return nil, err
	}
	return appendJSON(nil, prompt), nil
}

func (c *Canvas) prompt(ctx context.Context) (*object, error) {
	c.names = nil
	if !c.prompted {
		c.prompted, c.loaded = true, len(c.problems)
	}
	c.problems = c.problems[:c.loaded]
	c.applyPrimitives(c.root, map[*graph]bool{})
	e := &emitter{c: c, out: newObject(), r: &resolver{c: c}}
	if err := e.graph(ctx, &scope{g: c.root}); err != nil {
		return nil, err
	}
	if e.r.steps >= maxSteps {
		return nil, fault.New(fault.TooLarge, "the links of the workflow are too long to follow")
	}
	e.prune()
	return e.out, nil
}

type emitter struct {
	c     *Canvas
	out   *object
	r     *resolver
	count int
}

// graph emits the root in running order and definitions in the order of their file.
func (e *emitter) graph(ctx context.Context, s *scope) error {
	if s.depth > maxNesting {
		return fault.New(fault.TooLarge, "subgraphs nest deeper than %d", maxNesting)
	}
	nodes := s.g.nodes
	if s.inst == nil {
		nodes = s.g.sorted(s.g.outgoing())
	}
	for _, n := range nodes {
		if n.silent() {
			continue
		}
		if e.count++; e.count > maxNodes {
			return fault.New(fault.TooLarge, "the prompt has more than %d nodes", maxNodes)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("convert node %s: %w", n.id, err)
		}
		if n.kind == instance {
			if err := e.graph(ctx, s.inside(n)); err != nil {
				return err
			}
		}
		if !n.virtual() {
			e.node(s, n)
		}
	}
	return nil
}

func (e *emitter) node(s *scope, n *node) {
	id := s.prefix + n.id
	e.r.node, e.r.id = n, id
	inputs := newObject()
	for i := 0; i < len(n.widgets); i++ {
		w := n.widgets[i]
		if w.inPrompt && w.name != "" {
			if v, ok := e.value(s, n, w); ok {
				inputs.set(w.name, v)
			}
		}
	}
	for i, in := range n.inputs {
		if in.link == nil {
			continue
		}
		switch src := e.resolve(s, n, i); {
		case src == nil:
		case src.isValue:
			inputs.set(in.name, wrapList(src.value))
		default:
			inputs.set(in.name, []any{src.id, float64(src.slot)})
		}
	}
	entry := newObject()
	entry.set("inputs", inputs)
	meta := newObject()
	if n.kind == unknown {
		e.missing(n, id)
	} else {
		entry.set("class_type", n.typ)
	}
	if n.title != "" {
		meta.set("title", n.title)
	}
	entry.set("_meta", meta)
	e.out.set(id, entry)
}

// resolve follows the link of one input, with a memory of its own for circles.
func (e *emitter) resolve(s *scope, n *node, i int) *source {
	e.r.visited = map[string]bool{}
	return e.r.input(s, n, i, "")
}

// value is what a widget sends; ok is false if it sends nothing.
func (e *emitter) value(s *scope, n *node, w *widget) (v any, ok bool) {
	v = w.value
	switch text, isText := v.(string); {
	case w.unset:
		return nil, false
	case w.typ == "hidden" && n.typ == "CustomCombo" && w.name == "index":
		return e.comboIndex(s, n), true
	case w.typ == "curve" && v != nil:
		curve := newObject()
		curve.set("__type__", "CURVE")
		curve.set("__value__", v)
		return curve, true
	case isText && w.dynamicPrompt():
		return expand(text, e.c.opts.Rand), true
	case isText && w.name == "filename_prefix" && savesFiles[n.typ]:
		return e.c.replace(text), true
	}
	return wrapList(v), true
}

// wrapList marks a list as a value: a bare one would be read as a link.
func wrapList(v any) any {
	if _, ok := v.([]any); !ok {
		return v
	}
	o := newObject()
	o.set("__value__", v)
	return o
}

// comboIndex is the place of a CustomCombo's choice among its options, -1 if it is none.
func (e *emitter) comboIndex(s *scope, n *node) float64 {
	choice := n.widgets[0].value
	if i := n.slotIndex(n.widgets[0].name); i >= 0 {
		if src := e.resolve(s, n, i); src != nil && src.isValue {
			choice = src.value
		}
	}
	for i, o := range n.widgets[2:] {
		if sameValue(o.value, choice) {
			return float64(i)
		}
	}
	return -1
}

func (e *emitter) missing(n *node, id string) {
	if isUUID(n.typ) {
		e.c.problem(n, id, true, "The workflow does not define the subgraph of this node.")
		return
	}
	e.c.problem(n, id, true, fmt.Sprintf("This server has no node of type %q.", n.typ))
}

// prune drops inputs that point to nodes that are not sent.
func (e *emitter) prune() {
	for _, id := range e.out.keys {
		inputs := e.out.object(id).object("inputs")
		for _, name := range append([]string(nil), inputs.keys...) {
			l, ok := inputs.vals[name].([]any)
			if !ok || len(l) != 2 {
				continue
			}
			if from, ok := l[0].(string); ok && !e.out.has(from) {
				inputs.remove(name)
			}
		}
	}
}

// isUUID reports whether s has the form of the ids that the client gives to subgraphs.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range s {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return false
		}
	}
	return true
}
