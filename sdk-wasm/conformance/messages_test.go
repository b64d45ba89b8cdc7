package conformance

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// messageCase is a message of a client's, and what the client hears then.
type messageCase struct {
	Name  string
	Type  string          // behind ext.cocoon.kit.
	Data  json.RawMessage // beside the steps
	Long  int             // bytes of a text in data, in place of the rest
	Steps [][]any         // that the guest does
	Want  []any           // what they give
	Error json.RawMessage // the data of the event ext.cocoon.kit.error
}

// TestMessages runs the cases of messages in every language.
func TestMessages(t *testing.T) {
	c := readContract(t)
	b, err := caseFiles.ReadFile("cases/messages.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []messageCase
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	decodeJSON(t, b, &cases) // numbers as the notation has them
	each(t, func(t *testing.T, g *guest) {
		b := newNodeBench(t, c, g.module(t))
		put, end := b.h.Listen(tenant.With(t.Context(), tenantOf("")), "tab")
		defer end()
		for i := range cases {
			t.Run(cases[i].Name, func(t *testing.T) { b.message(t, &cases[i], put) })
		}
	})
}

// steps is data with steps in it, and the event that tells the client what they gave.
func (b *nodeBench) steps(t *testing.T, data json.RawMessage, list [][]any, want []any) (withSteps []byte, event string) {
	t.Helper()
	var steps []any
	for _, s := range list {
		steps = append(steps, b.n.step(s))
	}
	query, err := abi.Append(nil, steps)
	if err != nil {
		t.Fatal(err)
	}
	result, err := abi.Append(nil, b.n.value(want))
	if err != nil {
		t.Fatal(err)
	}
	withSteps = []byte(`{"s":"` + hex.EncodeToString(query) + `"}`)
	if len(data) > 2 {
		withSteps = append(append(withSteps[:len(withSteps)-1], ','), data[1:]...)
	}
	return withSteps, `tab ext.cocoon.kit.news {"got":"` + hex.EncodeToString(result) + `"}`
}

func (b *nodeBench) message(t *testing.T, x *messageCase, put func(string, []byte)) {
	b.w.takeSent()
	data, want := []byte(x.Data), []string{}
	switch {
	case x.Long > 0:
		data = []byte(`{"a":"` + strings.Repeat("a", x.Long) + `"}`)
	case x.Steps != nil:
		var event string
		data, event = b.steps(t, x.Data, x.Steps, x.Want)
		want = append(want, event)
	}
	if x.Error != nil {
		var plain map[string]string
		if err := json.Unmarshal(x.Error, &plain); err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(plain) // texts always encode
		want = append(want, "tab ext.cocoon.kit.error "+string(text))
	}
	put("ext.cocoon.kit."+x.Type, data)
	last, event := b.steps(t, nil, [][]any{{"echo", "the end"}}, []any{"the end"})
	put("ext.cocoon.kit.steps", last) // what comes behind is taken later
	if d := cmp.Diff(append(want, event), b.heardUntil(event)); d != "" {
		t.Errorf("%s\nlog %v", d, b.e.Log())
	}
}

// heardUntil waits for an event and gives what was sent up to it.
func (b *nodeBench) heardUntil(event string) []string {
	var all []string
	for {
		all = append(all, b.w.takeSent()...)
		if len(all) > 0 && all[len(all)-1] == event {
			return all
		}
		<-b.w.heard
	}
}

// TestMessageWakesNode: a message reaches a node that waits in a prompt of the client's.
func TestMessageWakesNode(t *testing.T) {
	c := readContract(t)
	each(t, func(t *testing.T, g *guest) {
		b := newNodeBench(t, c, g.module(t))
		ctx := tenant.With(t.Context(), tenantOf(""))
		put, end := b.h.Listen(ctx, "tab")
		defer end()
		put("ext.cocoon.kit.go", []byte(`{"node":"42","text":"picked"}`)) // it may come before or after the node waits
		r, err := b.node(t, "KitWait").Run(node.WithRun(ctx, node.Run{NodeID: "42", PromptID: "p", ClientID: "tab"}), node.Args{})
		if err != nil || !cmp.Equal(r.Outputs, []any{"picked"}) {
			t.Errorf("gives %v, %v", r.Outputs, err)
		}
	})
}
