package guest

import (
	"errors"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Extension is what a guest has.
type Extension struct {
	Nodes    []Node
	Routes   []Route
	Messages []Message
	// Replaced says how prompts that name classes of the past are rewritten.
	Replaced []Replacement
	// Selftest answers the conformance kit; nil for none.
	Selftest func(request any) (any, error)
}

// extension is what Serve was given. A guest is one extension in one thread; the host asks it through exports, which can
// reach nothing but package variables.
var extension Extension

// Serve says what the extension has. Call it once, from a package variable of main.
func Serve(e Extension) struct{} {
	extension = e
	warm()
	return struct{}{}
}

// warmed keeps the compiler from leaving out what warm makes.
var warmed [2]any

// warm makes values of all small sizes, with pointers and without, so that the image that calls start from has room for more of
// each at hand: a call would have to fetch it first, each call anew.
func warm() {
	for n := 8; n <= 256; n += 8 {
		warmed = [2]any{make([]byte, n), make([]*byte, n/8)}
	}
	warmed[0] = map[string][]any{"": nil} // what nodes show
	warmed = [2]any{}
}

// handle does one op and gives the code for the host.
func handle(op int32, request []byte) int32 {
	b, err := answer(replyRoom[:0], op, request)
	if err != nil { // else nothing is made to look at it
		if r, ok := raised(err); ok {
			b, err = abi.Append(replyRoom[:0], r)
		}
	}
	if err != nil {
		return failWith(err)
	}
	reply(b)
	return 0
}

var errOp = errors.New("the extension does not know this op")

// pairRoom is where the pairs of requests are listed that have few.
var pairRoom [2][24]abi.Pair

// answer appends the reply to a request.
func answer(b []byte, op int32, request []byte) ([]byte, error) {
	switch op {
	case abi.OpDescribe, abi.OpRoute, abi.OpWs, abi.OpSelftest:
		v, err := answerOther(op, request)
		if err != nil {
			return b, err
		}
		return abi.Append(b, v)
	}
	var m abi.Pairs
	if len(request) > 0 {
		var err error
		if m, err = abi.ReadPairs(request, abi.DefaultLimits(), pairRoom[0][:0]); err != nil {
			return b, err
		}
	}
	class, _ := m.Find("class").Text()
	for i := range extension.Nodes {
		if n := &extension.Nodes[i]; n.ID == class {
			return n.do(b, op, m, m.Find("inputs").Pairs(pairRoom[1][:0]))
		}
	}
	return b, errors.New("the extension has no node " + class)
}

// answerOther gives the reply to what no node is asked.
func answerOther(op int32, request []byte) (any, error) {
	var v any
	if len(request) > 0 {
		var err error
		if v, err = abi.DecodeShared(request, abi.DefaultLimits()); err != nil {
			return nil, err
		}
	}
	m := abi.AsMap(v)
	switch op {
	case abi.OpDescribe:
		return describe(), nil
	case abi.OpRoute:
		return serveRoute(m)
	case abi.OpWs:
		return serveMessage(m)
	case abi.OpSelftest:
		if extension.Selftest != nil {
			return extension.Selftest(v)
		}
	}
	return nil, errOp
}

func failWith(err error) int32 {
	code := abi.EIO
	var e Error
	if errors.As(err, &e) {
		code = int32(e)
	}
	fail(code, err.Error())
	return code
}

func describe() any {
	nodes := make([]any, len(extension.Nodes))
	for i, n := range extension.Nodes {
		nodes[i] = n.schema
	}
	routes := make([]any, len(extension.Routes))
	for i, r := range extension.Routes {
		routes[i] = map[string]any{"method": r.Method, "path": r.Path}
	}
	m := map[string]any{"nodes": nodes, "routes": routes}
	if len(extension.Messages) > 0 {
		list := make([]any, len(extension.Messages))
		for i, x := range extension.Messages {
			list[i] = x.Kind
		}
		m["messages"] = list
	}
	if len(extension.Replaced) > 0 {
		list := make([]any, len(extension.Replaced))
		for i, r := range extension.Replaced {
			list[i] = r.wire()
		}
		m["node_replacements"] = list
	}
	return m
}

// Replacement says how a prompt that names the class Old is rewritten: Inputs are the new class's, and Outputs give links that
// came from the old one their new number, as pairs of old and new.
type Replacement struct {
	Old, New string
	Inputs   []Move
	Outputs  [][2]int
}

// Move fills an input of the new class: from an input of the old one, or with a constant when Old is "".
type Move struct {
	New, Old string
	Value    any
}

func (r *Replacement) wire() any {
	inputs, outputs := make([]any, len(r.Inputs)), make([]any, len(r.Outputs))
	for i, in := range r.Inputs {
		m := map[string]any{"new": in.New}
		if in.Old != "" {
			m["old"] = in.Old
		} else {
			m["value"] = toWire(in.Value)
		}
		inputs[i] = m
	}
	for i, o := range r.Outputs {
		outputs[i] = []any{o[0], o[1]}
	}
	return map[string]any{"old": r.Old, "new": r.New, "inputs": inputs, "outputs": outputs}
}
