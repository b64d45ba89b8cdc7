package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
	"github.com/cocoonhq/cocoon/internal/value"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	closeGuests()
	if err := goleak.Find(goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener")); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// bench is an engine with a store and a bus that remembers.
type bench struct {
	t      testing.TB
	engine *engine.Engine
	store  *sqlite.Store
	bus    *log
}

// log is a bus that remembers every event.
type log struct {
	mu     sync.Mutex // guards events
	events []engine.Event
	wake   chan struct{}
}

func (l *log) Publish(_ context.Context, e engine.Event) {
	l.mu.Lock()
	l.events = append(l.events, e)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// take gives the events so far and forgets them.
func (l *log) take() []engine.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.events
	l.events = nil
	return e
}

type option func(*engine.Config)

func start(t testing.TB, opts ...option) *bench {
	t.Helper()
	store, err := sqlite.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b := startOn(t, store, opts...)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func startOn(t testing.TB, store *sqlite.Store, opts ...option) *bench {
	t.Helper()
	b := prepare(t, store, opts...)
	if err := b.engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// prepare makes an engine that is yet to be started.
func prepare(t testing.TB, store *sqlite.Store, opts ...option) *bench {
	t.Helper()
	reg, err := node.NewRegistry(append(packNodes(), passNode(), meanNode())...)
	if err != nil {
		t.Fatal(err)
	}
	if h := guests(t); h != nil {
		reg.Extend(h)
	}
	b := &bench{t: t, store: store, bus: &log{wake: make(chan struct{}, 1)}}
	c := engine.Config{Registry: reg, Store: store, Bus: b.bus, Cache: engine.CacheConfig{Kind: engine.CacheClassic}}
	for _, o := range opts {
		o(&c)
	}
	if b.engine, err = engine.New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stop)
	return b
}

func (b *bench) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := b.engine.Close(ctx); err != nil {
		b.t.Errorf("close: %v", err)
	}
}

// submit queues a prompt for client "c" and gives its id.
func (b *bench) submit(prompt string) string {
	b.t.Helper()
	a, err := b.engine.Submit(b.t.Context(), engine.Submission{Prompt: json.RawMessage(prompt), ClientID: "c"})
	if err != nil {
		b.t.Fatal(err)
	}
	return a.PromptID
}

// run queues a prompt, waits for its end, and gives the events since the last run.
func (b *bench) run(prompt string) *result {
	b.t.Helper()
	return b.await(b.submit(prompt))
}

// result is a finished prompt.
type result struct {
	id     string
	entry  engine.HistoryEntry
	events []engine.Event
}

func (b *bench) await(id string) *result {
	b.t.Helper()
	timeout := time.After(30 * time.Second)
	var events []engine.Event
	for {
		events = append(events, b.bus.take()...)
		for _, e := range events {
			if e.Type == "executing" && e.PromptID == id && strings.Contains(string(e.Data), `"node":null`) {
				h, err := b.engine.HistoryOf(b.t.Context(), "", id)
				if err != nil || len(h) != 1 {
					b.t.Fatalf("history of %s: %d entries, %v", id, len(h), err)
				}
				return &result{id, h[0], events}
			}
		}
		select {
		case <-b.bus.wake:
		case <-timeout:
			b.t.Fatalf("prompt %s does not end; %d events", id, len(events))
		}
	}
}

// ran lists the nodes that were run, in order.
func (r *result) ran() []string {
	nodes := []string{}
	for _, e := range r.events {
		if e.Type != "executing" || e.PromptID != r.id {
			continue
		}
		var d struct{ Node *string }
		if json.Unmarshal(e.Data, &d) == nil && d.Node != nil {
			nodes = append(nodes, *d.Node)
		}
	}
	return nodes
}

// event gives the data of the first event of a type.
func (r *result) event(kind string) map[string]any {
	for _, e := range r.events {
		if e.Type == kind && e.PromptID == r.id {
			var d map[string]any
			if json.Unmarshal(e.Data, &d) == nil {
				return d
			}
		}
	}
	return nil
}

// text is what the node showed as text.
func (r *result) text(id string) []string {
	var outputs map[string]struct{ Text []string }
	if err := json.Unmarshal(r.entry.Outputs, &outputs); err != nil {
		return nil
	}
	return outputs[id].Text
}

func (r *result) status() string {
	var s struct {
		Status string `json:"status_str"`
	}
	if err := json.Unmarshal(r.entry.Status, &s); err != nil {
		return err.Error()
	}
	return s.Status
}

// chain is a prompt of n echoes, each fed by the one before.
func chain(n int) string {
	var b strings.Builder
	b.WriteString(`{"0":{"class_type":"GoldenConst","inputs":{"value":"1"}}`)
	for i := 1; i < n-1; i++ {
		fmt.Fprintf(&b, `,"%d":{"class_type":"Pass","inputs":{"value":["%d",0]}}`, i, i-1)
	}
	fmt.Fprintf(&b, `,"%d":{"class_type":"GoldenEcho","inputs":{"value":["%d",0]}}}`, n-1, n-2)
	return b.String()
}

type passIn struct{ Value any }
type passOut struct{ Value any }

// passNode hands its input on.
func passNode() node.Node {
	return node.Def[passIn, passOut]{
		ID: "Pass",
		Ports: func(p *node.Ports, in *passIn, out *passOut) {
			node.Linked(p, "value", "*", &in.Value)
			node.Result(p, "*", &out.Value)
		},
		Do: func(_ context.Context, in passIn) (passOut, error) { return passOut(in), nil },
	}.Node()
}

type meanIn struct{ Image value.Image }
type meanOut struct{ UI node.UI }

// meanNode shows the mean of a picture, to three digits.
func meanNode() node.Node {
	return node.Def[meanIn, meanOut]{
		ID: "Mean", OutputNode: true,
		Ports: func(p *node.Ports, in *meanIn, out *meanOut) {
			node.Link(p, "image", &in.Image)
			node.Show(p, &out.UI)
		},
		Do: func(_ context.Context, in meanIn) (meanOut, error) {
			sum := 0.0
			for _, v := range in.Image.Dense().F32() {
				sum += float64(v)
			}
			return meanOut{node.UI{"text": {fmt.Sprintf("%.3f", sum/float64(in.Image.Elems()))}}}, nil
		},
	}.Node()
}
