package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

type floatIn struct{ F float64 }
type floatOut struct{ UI node.UI }

// floatNode shows a float that has no bounds.
func floatNode() node.Node {
	return node.Def[floatIn, floatOut]{
		ID: "Float", OutputNode: true,
		Ports: func(p *node.Ports, in *floatIn, out *floatOut) {
			node.Number(p, "f", &in.F, 0)
			node.Show(p, &out.UI)
		},
		Do: func(_ context.Context, in floatIn) (floatOut, error) {
			return floatOut{node.UI{"text": {fmt.Sprint(in.F)}}}, nil
		},
	}.Node()
}

// Texts of numbers that are not finite: the node gets the number, the prompt keeps a text. A number that does not equal itself is
// never found in the cache.
func TestNotFinite(t *testing.T) {
	b := start(t, withNodes(t, floatNode()))
	for _, row := range []struct{ text, kept, got string }{
		{"nan", "nan", "NaN"}, {"-NaN", "nan", "NaN"}, {" Infinity\n", "inf", "+Inf"}, {"-inf", "-inf", "-Inf"}, {"1e999", "inf", "+Inf"}, {"-1e999", "-inf", "-Inf"},
	} {
		t.Run(row.text, func(t *testing.T) {
			text, _ := json.Marshal(row.text)
			prompt := fmt.Sprintf(`{"1":{"class_type":"Float","inputs":{"f":%s}}}`, text)
			b.run(prompt)
			r := b.run(prompt)
			r.want(t, "got", r.text("1"), []string{row.got})
			var kept map[string]struct{ Inputs struct{ F any } }
			if err := json.Unmarshal(r.entry.Item.Prompt, &kept); err != nil {
				t.Fatal(err)
			}
			r.want(t, "kept", kept["1"].Inputs.F, any(row.kept))
			want := []string{}
			if row.kept == "nan" {
				want = []string{"1"}
			}
			r.want(t, "ran", r.ran(), want)
		})
	}
}

func TestNotFiniteOutOfRange(t *testing.T) {
	b := start(t)
	const prompt = `{"1":{"class_type":"GoldenTypes","inputs":{"i":1,"f":"inf","s":"","b":true,"c":"red"}}}`
	_, err := b.engine.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(prompt)})
	var bad *engine.PromptError
	if !errors.As(err, &bad) {
		t.Fatalf("error %v", err)
	}
	p := bad.NodeErrors[0].Errors[0]
	if info := string(doc.Encode(p.ExtraInfo)); !strings.Contains(info, `"received_value":"inf"`) || p.Message != "Value inf bigger than max of 1.0" {
		t.Errorf("got %s: %s", p.Message, info)
	}
}

// A fingerprint that came with a prompt and says that the node is never the same.
func TestGivenFingerprintNaN(t *testing.T) {
	b := start(t)
	for _, row := range []struct {
		given string
		again []string
	}{{`["nan"]`, []string{"1"}}, {`"nan"`, []string{"1"}}, {`["x"]`, []string{}}, {`[[1],"y"]`, []string{}}} {
		prompt := `{"1":{"class_type":"GoldenChanged","inputs":{"value":1,"mode":"same"},"is_changed":` + row.given + `}}`
		b.run(prompt)
		b.run(prompt).want(t, row.given, b.run(prompt).ran(), row.again)
	}
}

// What the nodes see of a prompt holds fingerprints as they may come back with it.
func TestShownFingerprint(t *testing.T) {
	for mode, want := range map[string]string{"nan": `"is_changed": ["nan"]`, "raise": `"is_changed": "nan"`, "same": `"is_changed": ["x"]`} {
		r := start(t).run(`{"1":{"class_type":"GoldenChanged","inputs":{"value":1,"mode":"` + mode + `"}},"2":{"class_type":"GoldenHidden","inputs":{}}}`)
		if text := r.text("2"); len(text) != 1 || !strings.Contains(text[0], want) {
			t.Errorf("%s: %s, want %s", mode, text, want)
		}
	}
}
