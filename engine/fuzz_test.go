package engine_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
)

// FuzzSubmit checks that no text breaks the way from a prompt's text to the queue, and that what is queued can be run.
func FuzzSubmit(f *testing.F) {
	for _, s := range []string{
		graph("1 StubInt value=1", "2 GoldenEcho value=@1.0"), mixGraph(0.5), `{"1":{"class_type":"GoldenEcho","inputs":{"value":["1",0]}}}`,
		`{"1":{"class_type":"GoldenV3","inputs":{"n":2,"grow.v0":0.5,"mode":"scaled","mode.factor":1}}}`,
		`{"1":{"class_type":"GoldenTypes","inputs":{"i":"5","f":"1e3","s":{"__value__":[1]},"b":"","c":"red","multi":{"__value__":["p"]}}}}`,
		`{"1":{"class_type":"GoldenOld","inputs":{"v":1}},"2":{"class_type":"GoldenEcho","inputs":{"value":["1",1],"x":["1",-1],"y":["1",0.5]}}}`,
		`{"1":{"class_type":"GoldenValidate","inputs":{"mode":"raise","n":1,"m":2}}}`, `{"1":{"inputs":[]}}`, `{"":{}}`, `[`,
	} {
		f.Add([]byte(s))
	}
	b := start(f)
	if err := b.engine.Pause(f.Context(), "", true); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := b.engine.Submit(t.Context(), engine.Submission{Prompt: text})
		if err != nil {
			var p *engine.PromptError
			if !errors.As(err, &p) {
				t.Fatalf("%v is no PromptError", err)
			}
			if out, err := json.Marshal(p); err != nil || !json.Valid(out) {
				t.Fatalf("the answer cannot be written: %v", err)
			}
			return
		}
		running, pending := queueOf(t, b.engine, "")
		if out, err := json.Marshal(append(running, pending...)); err != nil || !json.Valid(out) {
			t.Fatalf("the queue cannot be written: %v", err)
		}
		if _, err := b.engine.Delete(t.Context(), "", a.PromptID); err != nil {
			t.Fatal(err)
		}
	})
}
