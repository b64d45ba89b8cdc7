package attacks

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// bus hands on how prompts end.
type bus struct{ ends chan engine.Event }

// Publish keeps the events that end a prompt.
func (b *bus) Publish(_ context.Context, e engine.Event) {
	if strings.HasPrefix(e.Type, "execution_") && e.Type != "execution_start" && e.Type != "execution_cached" {
		b.ends <- e
	}
}

// prompt runs a prompt of one module's nodes in an engine, and gives the event that ends it.
func prompt(t *testing.T, module []byte, text string) engine.Event {
	t.Helper()
	w := &world{}
	h := newHost(t, w)
	e, err := load(t.Context(), h, module, func(s *wasmhost.Source) {
		s.Manifest.Capabilities.Node.Classes = []string{"Attack"}
		s.Grant.Classes = []string{"Attack"}
	})
	if err != nil {
		t.Fatal(err)
	}
	reg, err := node.NewRegistry(e.Nodes()...)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b := &bus{make(chan engine.Event, 100)}
	eng, err := engine.New(engine.Config{Registry: reg, Store: store, Bus: b, Cache: engine.CacheConfig{Kind: engine.CacheNone}, MaxExpanded: 500, MaxLazyTurns: 200})
	if err != nil {
		t.Fatal(err)
	}
	if err := eng.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := eng.Close(ctx); err != nil {
			t.Error(err)
		}
		_ = store.Close()
	}()
	if _, err := eng.Submit(t.Context(), engine.Submission{Prompt: json.RawMessage(text), ClientID: "c"}); err != nil {
		return engine.Event{Type: "refused", Data: json.RawMessage(err.Error())}
	}
	select {
	case e := <-b.ends:
		return e
	case <-time.After(time.Minute): // guards the suite
		t.Fatal("the prompt does not end")
	}
	return engine.Event{}
}

// TestGraphsOfGuests: a guest that makes graphs without end, in circles, or that asks for inputs for ever ends its prompt.
func TestGraphsOfGuests(t *testing.T) {
	link := func(id string) any { return abi.Tag{Number: abi.TagLink, Value: []any{id, int64(0)}} }
	one := func(id string, inputs ...any) any {
		return map[string]any{"id": id, "class": "Attack", "inputs": append([]any{}, inputs...)}
	}
	expands := schemaOf(map[string]any{"flags": []any{"expands", "output_node"}, "outputs": []any{map[string]any{"type": "*"}},
		"inputs": []any{map[string]any{"name": "image", "type": "*", "optional": true}}})
	grows := func(out any, nodes ...any) []byte {
		return answers(expands, map[string]any{"outputs": []any{out}, "expand": map[string]any{"nodes": nodes}})
	}
	var many []any
	for i := range 600 {
		many = append(many, one(string(rune('a'+i%26))+string(rune('a'+i/26))))
	}
	lazy := func(names ...any) []byte {
		return build(func(g *guest) {
			g.describe = message(map[string]any{"nodes": []any{schemaOf(map[string]any{"outputs": []any{map[string]any{"type": "*"}}, "inputs": []any{
				map[string]any{"name": "image", "type": "*", "optional": true, "options": map[string]any{"lazy": true}}}})}})
			g.on[abi.OpCheckLazy] = asm.Code(g.bytes(message(append([]any{}, names...))), g.call("cocoon1", "reply", "ii:"))
			g.noReply = true
			g.execute = asm.Code(g.bytes(message(map[string]any{"outputs": []any{int64(1)}})), g.call("cocoon1", "reply", "ii:"))
		})
	}
	const single, pair = `{"1":{"class_type":"Attack","inputs":{}}}`, `{"1":{"class_type":"Attack","inputs":{}},"2":{"class_type":"Attack","inputs":{"image":["1",0]}}}`
	for _, row := range []struct {
		name   string
		module []byte
		prompt string
		want   string // type of the event
		say    string // in it
	}{
		{"a node that expands to itself for ever", grows(link("a"), one("a")), single, "execution_error", "grew by more than 500 nodes"},
		{"a node that doubles for ever", grows(link("a"), one("a"), one("b")), single, "execution_error", "grew by more than 500 nodes"},
		{"600 nodes at once", grows(link("aa"), many...), single, "execution_error", "grew by more than 500 nodes"},
		{"a cycle", grows(link("a"), one("a", []any{"image", link("b")}), one("b", []any{"image", link("a")})), single, "execution_error", ""},
		{"a node that feeds itself", grows(link("a"), one("a", []any{"image", link("a")})), single, "execution_error", ""},
		{"a lazy input that leads nowhere", lazy("image"), pair, "execution_error", "needs input image"},
		{"lazy inputs that are not there", lazy("nothing"), pair, "execution_error", ""},
		{"lazy inputs that are numbers", lazy(int64(1)), pair, "execution_error", "check_lazy"},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := prompt(t, row.module, row.prompt)
			if e.Type != row.want || !strings.Contains(string(e.Data), row.say) {
				t.Errorf("%s %s, want %s with %q", e.Type, e.Data, row.want, row.say)
			}
		})
	}
}
