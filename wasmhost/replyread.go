package wasmhost

import (
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// maxUI is how many items a node may show.
const maxUI = 4096

// readReply checks the reply of an execution against the schema.
func (n *guestNode) readReply(c *call, m abi.Map) (node.Reply, error) {
	var r node.Reply
	if b, ok := m["block"]; ok && b != nil {
		text, ok := b.(string)
		if !ok {
			return r, fault.New(fault.ExtensionFailed, "block is no text")
		}
		r.Block = &node.Blocker{Message: text, Say: text != ""}
		return r, nil
	}
	if err := readUI(&r, m.Map("ui")); err != nil {
		return r, err
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
		return r, fault.New(fault.ExtensionFailed, "the node gave %d outputs of %d", len(list), len(n.schema.Outputs))
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
		return checkType(v, o.Type)
	}
	if !o.List {
		return nil, fault.New(fault.ExtensionFailed, "output %q is a list and not declared so", o.Name)
	}
	for i := range l {
		if _, link := l[i].(node.Socket); link {
			return nil, fault.New(fault.ExtensionFailed, "output %q has a link in a list", o.Name)
		}
		if l[i], err = checkType(l[i], o.Type); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func readUI(r *node.Reply, m abi.Map) error {
	total := 0
	for kind, v := range m {
		items, ok := v.([]any)
		if total += len(items); !ok || total > maxUI {
			return fault.New(fault.ExtensionFailed, "ui %q is no array, or more than %d items", kind, maxUI)
		}
		if err := plain(items, 8); err != nil {
			return err
		}
		if r.UI == nil {
			r.UI = node.UI{}
		}
		r.UI[kind] = items
	}
	return nil
}

// readGraph reads an expansion: nodes of the extension itself and of the classes that it was granted, without cycles.
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
	edges := map[string][]string{}
	for _, v := range list {
		x := abi.AsMap(v)
		local, class := x.Text("id"), x.Text("class")
		if !n.ext.owns(class) && !classAllowed(class, n.ext.grant.Classes) {
			return nil, nil, fault.New(fault.Forbidden, "the extension may not expand to %q", class)
		}
		var ports []node.Port
		for _, p := range x.List("inputs") {
			port, from, err := c.readPort(p, ids)
			if err != nil {
				return nil, nil, err
			}
			if from != "" {
				edges[local] = append(edges[local], from)
			}
			ports = append(ports, port)
		}
		id := b.AddAs(local, class, ports...)
		if d := x.Text("display"); d != "" {
			b.DisplayAs(id, d)
		}
	}
	if cyclic(edges) {
		return nil, nil, fault.New(fault.ExtensionFailed, "an expansion has a cycle")
	}
	return b.Graph(), ids, nil
}

// readPort reads [name, value] and says which node of the expansion the value comes from, if any.
func (c *call) readPort(v any, ids map[string]string) (p node.Port, from string, err error) {
	pair, _ := v.([]any)
	if len(pair) != 2 {
		return p, "", fault.New(fault.ExtensionFailed, "an input of an expansion is no [name, value]")
	}
	name, ok := pair[0].(string)
	if !ok {
		return p, "", fault.New(fault.ExtensionFailed, "an input of an expansion has no name")
	}
	val, err := c.fromWire(pair[1])
	if s, link := val.(node.Socket); link {
		if full, inside := ids[s.Node]; inside {
			return node.Port{Name: name, Value: node.Socket{Node: full, Output: s.Output}}, s.Node, err
		}
	}
	return node.Port{Name: name, Value: val}, "", err
}

// cyclic looks for a cycle, node by node.
func cyclic(edges map[string][]string) bool {
	state := map[string]int{} // 1 open, 2 done
	var visit func(string) bool
	visit = func(n string) bool {
		switch state[n] {
		case 1:
			return true
		case 2:
			return false
		}
		state[n] = 1
		for _, to := range edges[n] {
			if visit(to) {
				return true
			}
		}
		state[n] = 2
		return false
	}
	for n := range edges {
		if visit(n) {
			return true
		}
	}
	return false
}
