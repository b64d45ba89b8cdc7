package wasmhost

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
)

// BenchmarkEngine is what a node costs in a prompt of a hundred, all that the engine does for it included: one of the server's own,
// and the same as an extension in C. Each is the middle of all prompts.
func BenchmarkEngine(b *testing.B) {
	h := newHost(b, Config{})
	load(b, h, cGuest(b, "bench.c", "compare/guests/bench.c"))
	for _, row := range []struct{ name, class string }{{"own", "OwnPass"}, {"extension", "BenchPass"}} {
		b.Run(row.name, func(b *testing.B) {
			e, ended := engineWith(b, h)
			i := 0
			const nodes = 100
			perCall(b, func() error {
				i++
				_, err := e.Submit(b.Context(), engine.Submission{Prompt: passes(row.class, nodes, i), ClientID: "c"})
				if err == nil {
					err = <-ended
				}
				return err
			})
			b.ReportMetric(nodes, "nodes")
		})
	}
}

// passes is a prompt in which a text is handed on from node to node.
func passes(class string, n, text int) json.RawMessage {
	var b strings.Builder
	fmt.Fprintf(&b, `{"0":{"class_type":%q,"inputs":{"text":"%d"}}`, class, text)
	for i := 1; i < n-1; i++ {
		fmt.Fprintf(&b, `,"%d":{"class_type":%q,"inputs":{"text":["%d",0]}}`, i, class, i-1)
	}
	fmt.Fprintf(&b, `,"end":{"class_type":"OwnEnd","inputs":{"text":["%d",0]}}}`, n-2)
	return json.RawMessage(b.String())
}

type textIO struct{ Text string }

func ownText(id string, end bool) node.Node {
	return node.Def[textIO, textIO]{
		ID: id, OutputNode: end,
		Ports: func(p *node.Ports, in, out *textIO) {
			node.Text(p, "text", &in.Text, "")
			node.Result(p, "STRING", &out.Text)
		},
		Do: func(_ context.Context, in textIO) (textIO, error) { return in, nil },
	}.Node()
}

// engineWith is an engine with the host's nodes, and a channel that tells the end of each prompt.
func engineWith(b *testing.B, h *Host) (*engine.Engine, chan error) {
	store, err := sqlite.Open(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	reg, err := node.NewRegistry(ownText("OwnPass", false), ownText("OwnEnd", true))
	if err != nil {
		b.Fatal(err)
	}
	reg.Extend(h)
	ended := benchBus{make(chan error, 1)}
	e, err := engine.New(engine.Config{Registry: reg, Store: store, Bus: ended, Cache: engine.CacheConfig{Kind: engine.CacheClassic}})
	if err != nil {
		b.Fatal(err)
	}
	if err := e.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			b.Error(err)
		}
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return e, ended.c
}

// benchBus is a bus that hears of the ends of prompts only.
type benchBus struct{ c chan error }

// Publish implements engine.Bus.
func (e benchBus) Publish(_ context.Context, x engine.Event) {
	switch x.Type {
	case "execution_success":
		e.c <- nil
	case "execution_error":
		e.c <- fmt.Errorf("the prompt failed: %s", x.Data)
	}
}
