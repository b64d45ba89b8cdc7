package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
)

// failing is a node that fails and has hidden inputs.
type failing struct{ schema *node.Schema }

func (f failing) Schema() *node.Schema { return f.schema }

func (f failing) Run(context.Context, node.Args) (node.Reply, error) {
	return node.Reply{}, errors.New("no")
}

// What a failed node got is shown, but no secret; nodes of the newer style do not get hidden values as inputs.
func TestFailureShowsInputs(t *testing.T) {
	hidden := []node.Hidden{{Name: "id", Kind: node.UniqueID}, {Name: "token", Kind: node.AuthToken}, {Name: "key", Kind: node.APIKey}}
	for _, row := range []struct {
		name string
		v3   bool
		want string
	}{
		{"older style", false, `{"value":["given"],"id":["1"],"token":[null],"key":[null]}`},
		{"newer style", true, `{"value":["given"]}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := start(t, withNodes(t, failing{&node.Schema{ID: "Fails", V3: row.v3, OutputNode: true, Hidden: hidden,
				Inputs: []node.Input{{Name: "value", Type: "*"}}}}))
			a, err := b.engine.Submit(t.Context(), engine.Submission{ClientID: "c",
				Prompt:    json.RawMessage(`{"1":{"class_type":"Fails","inputs":{"value":"given"}}}`),
				ExtraData: json.RawMessage(`{"auth_token_comfy_org":"secret","api_key_comfy_org":"secret"}`)})
			if err != nil {
				t.Fatal(err)
			}
			r := b.await(a.PromptID)
			for _, e := range r.events {
				if e.Type == "execution_error" && !strings.Contains(string(e.Data), `"current_inputs":`+row.want) {
					t.Errorf("got %s, want %s", e.Data, row.want)
				}
				if strings.Contains(string(e.Data), "secret") {
					t.Errorf("a secret is told: %s", e.Data)
				}
			}
			if strings.Contains(string(r.entry.Status), "secret") || r.status() != "error" {
				t.Errorf("status %s", r.entry.Status)
			}
		})
	}
}
