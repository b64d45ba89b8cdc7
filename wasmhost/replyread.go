package wasmhost

import (
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/describe"
)

// maxUI is how many items a node may show.
const maxUI = 4096

// readReply checks the reply of an execution against the schema.
func (n *guestNode) readReply(c *call, m abi.Map) (node.Reply, error) {
	var r node.Reply
	if err := readUI(&r, m.Map("ui")); err != nil {
		return r, err
	}
	if b, ok := m["block"]; ok && b != nil {
		text, ok := b.(string)
		if !ok {
			return r, fault.New(fault.ExtensionFailed, "block is no text")
		}
		r.Block = &node.Blocker{Message: text, Say: text != ""}
		return r, nil
	}
	var ids map[string]string // of the expansion: local → full
	if x := m.Map("expand"); x != nil {
		if !n.schema.Expands {
			return r, fault.New(fault.ExtensionFailed, "the node expands and did not say so")
		}
		var err error
		if r.Expand, ids, err = n.readGraph(c, x); err != nil {
			return r, err
		}
	}
	list := m.List("outputs")
	if len(list) != len(n.schema.Outputs) {
		return r, fault.New(fault.ExtensionFailed, "the node gave %d outputs of the %d that it declares", len(list), len(n.schema.Outputs))
	}
	for i, w := range list {
		v, err := n.readOutput(c, w, &n.schema.Outputs[i])
		if err != nil {
			return r, err
		}
		if s, link := v.(node.Socket); link {
			full, inside := ids[s.Node]
			if !inside {
				return r, fault.New(fault.ExtensionFailed, "output %d is a link to no node of an expansion", i)
			}
			v = node.Socket{Node: full, Output: s.Output}
		}
		r.Outputs = append(r.Outputs, v)
	}
	return r, nil
}

func (n *guestNode) readOutput(c *call, w any, o *node.Output) (any, error) {
	v, err := c.fromWire(w)
	if err != nil {
		return nil, err
	}
	l, list := v.(node.List)
	if !list {
		return checkOutput(v, o.Type)
	}
	if !o.List {
		return nil, fault.New(fault.ExtensionFailed, "output %q is a list and not declared so", o.Name)
	}
	for i := range l {
		if _, link := l[i].(node.Socket); link {
			return nil, fault.New(fault.ExtensionFailed, "output %q has a link in a list", o.Name)
		}
		if l[i], err = checkOutput(l[i], o.Type); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func readUI(r *node.Reply, m abi.Map) error {
	if m == nil {
		return nil
	}
	r.UI = make(node.UI, len(m)) // an empty one is shown, none is not
	total := 0
	for kind, v := range m {
		items, ok := v.([]any)
		if total += len(items); !ok || total > maxUI {
			return fault.New(fault.ExtensionFailed, "ui %q is no array, or more than %d items", kind, maxUI)
		}
		if err := describe.Plain(items, abi.MaxCborDepth); err != nil {
			return err
		}
		r.UI[kind] = items
	}
	return nil
}

// readGraph reads an expansion: nodes of the extension itself and of the classes that it was granted. Links to a local id lead
// there, others to a node of the prompt. Cycles are found where the graph is run, as those of any node.
func (n *guestNode) readGraph(c *call, m abi.Map) (*node.Graph, map[string]string, error) {
	list := m.List("nodes")
	if len(list) > abi.MaxExpandNodes {
		return nil, nil, fault.New(fault.ExtensionFailed, "an expansion of %d nodes, more than %d", len(list), abi.MaxExpandNodes)
	}
	b := node.NewGraph(c)
	ids := map[string]string{}
	for _, v := range list {
		local := abi.AsMap(v).Text("id")
		if _, twice := ids[local]; twice || local == "" {
			return nil, nil, fault.New(fault.ExtensionFailed, "an expansion has two nodes %q, or one without an id", local)
		}
		ids[local] = b.ID(local)
	}
	for _, v := range list {
		x := abi.AsMap(v)
		local, class := x.Text("id"), x.Text("class")
		if !n.ext.owns(class) && !classAllowed(class, n.ext.grant.Classes) {
			return nil, nil, fault.New(fault.Forbidden, "the extension may not expand to %q", class)
		}
		var ports []node.Port
		for _, p := range x.List("inputs") {
			port, err := c.readPort(p, ids)
			if err != nil {
				return nil, nil, err
			}
			ports = append(ports, port)
		}
		id := b.AddAs(local, class, ports...)
		if d := x.Text("display"); d != "" {
			b.DisplayAs(id, d)
		}
	}
	return b.Graph(), ids, nil
}

// readPort reads [name, value].
func (c *call) readPort(v any, ids map[string]string) (p node.Port, err error) {
	pair, _ := v.([]any)
	if len(pair) != 2 {
		return p, fault.New(fault.ExtensionFailed, "an input of an expansion is no [name, value]")
	}
	name, ok := pair[0].(string)
	if !ok {
		return p, fault.New(fault.ExtensionFailed, "an input of an expansion has no name")
	}
	val, err := c.fromWire(pair[1])
	if s, link := val.(node.Socket); link {
		if full, inside := ids[s.Node]; inside {
			val = node.Socket{Node: full, Output: s.Output}
		}
	}
	return node.Port{Name: name, Value: val}, err
}
