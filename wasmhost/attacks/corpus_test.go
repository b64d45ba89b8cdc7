package attacks

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost"
)

var update = flag.Bool("update", false, "rewrite CORPUS.md")

// verdictOf says in a line what became of an attack.
func verdictOf(v Verdict, errno fault.Code, err error) string {
	if v == Harmless {
		if errno != "" {
			return "harmless: the guest gets " + string(errno)
		}
		return "harmless"
	}
	what := map[Verdict]string{Refused: "refused", Stopped: "stopped"}[v]
	text, _, _ := strings.Cut(err.Error(), "\n")
	var trap *fault.Error
	if errors.As(err, &trap) && trap.Cause != nil {
		cause, _, _ := strings.Cut(trap.Cause.Error(), "\n")
		if !strings.Contains(text, cause) {
			text += ": " + cause
		}
	}
	return fmt.Sprintf("%s: %s: %s", what, fault.CodeOf(err), strings.ReplaceAll(text, "|", "\\|"))
}

// corpusSet is parts of the corpus and the host that they attack.
type corpusSet struct {
	h     *wasmhost.Host
	w     *world
	parts []Part
	set   func(s *wasmhost.Source) // what they are granted beside
	route bool                     // they answer a request
}

// attack loads and runs one module.
func (c *corpusSet) attack(ctx context.Context, a Attack) (Verdict, error) {
	switch {
	case c.route:
		return c.ask(ctx, a)
	case c.set != nil:
		return attack(ctx, c.h, c.w, a, c.set)
	}
	return attack(ctx, c.h, c.w, a)
}

func TestCorpus(t *testing.T) {
	w := &world{}
	h := newHost(t, w)
	more := newerSet(t)
	sets := []*corpusSet{{h: h, w: w, parts: Parts()}, more, {more.h, more.w, []Part{{"Answers in pieces", Streams}}, more.set, true}}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // guards the suite; nothing below is timed
	defer cancel()
	for _, c := range sets {
		if v, err := c.attack(ctx, Attack{Name: "good", Module: build(func(*guest) {})}); v != Harmless {
			t.Fatal(err)
		}
	}
	runtime.GC()
	debug.FreeOSMemory()
	before := now()
	var table strings.Builder
	count := 0
	for _, c := range sets {
		for _, part := range c.parts {
			fmt.Fprintf(&table, "\n## %s\n\n| attack | verdict |\n|---|---|\n", part.Name)
			for _, a := range part.List() {
				count++
				t.Run(a.Name, func(t *testing.T) { c.judge(ctx, t, a, &table) })
			}
		}
		_ = c.h.Remove(ctx, "", "test.attack")
	}
	if count < 360 {
		t.Errorf("%d attacks", count)
	}
	nothingLeft(t, before, w)
	more.w.keptWithin(t)
	sameTable(t, table.String())
	forgets(t, h, w)
}

// judge runs an attack and writes its line of the table.
func (c *corpusSet) judge(ctx context.Context, t *testing.T, a Attack, table *strings.Builder) {
	got, err := c.attack(ctx, a)
	if got == Harmless && err != nil {
		t.Errorf("harmless, but %v", err)
	}
	if got != a.Verdict || got != Harmless && a.Code != "" && fault.CodeOf(err) != a.Code {
		t.Errorf("%s; want verdict %d (%s)", verdictOf(got, "", err), a.Verdict, a.Code)
	}
	if slip := slipOf(err); slip != "" && !strings.Contains(a.Name, "panics") {
		t.Errorf("the host broke: %s", slip)
	}
	fmt.Fprintf(table, "| %s | %s |\n", a.Name, verdictOf(got, a.Code, err))
}

// nothingLeft compares what the process holds with what it held before.
func nothingLeft(t *testing.T, before toll, w *world) {
	t.Helper()
	var after toll
	for range 100 {
		runtime.GC()
		debug.FreeOSMemory()
		if after = now(); after.goroutines <= before.goroutines && after.files <= before.files && after.mappings <= before.mappings+mayMap/2 {
			break
		}
		runtime.Gosched()
	}
	if after.goroutines > before.goroutines+1 || after.files > before.files+2 || after.mappings > before.mappings+mayMap || after.residentKiB > before.residentKiB+mayGrow {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if n := w.open.Load(); n != 0 || w.opened.Load() == 0 {
		t.Errorf("%d files are open of %d", n, w.opened.Load())
	}
	if n := w.sent.Load(); n == 0 || n > 1000 {
		t.Errorf("%d events were sent", n)
	}
	if n := w.told.Load(); n == 0 || n > 10_000 {
		t.Errorf("%d reports reached the client", n)
	}
	w.events.Range(func(k, _ any) bool {
		if k != "ext.test.attack.mine" {
			t.Errorf("the event %q was sent", k)
		}
		return true
	})
}

// forgets: when the prompt is over nothing of its scope is left, messages neither.
func forgets(t *testing.T, h *wasmhost.Host, w *world) {
	t.Helper()
	if err := h.PromptDone(in(t.Context(), "t", w), "p"); err != nil {
		t.Fatal(err)
	}
	for _, a := range Forgotten() {
		if v, err := attack(t.Context(), h, w, a); v != a.Verdict {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
}

func sameTable(t *testing.T, table string) {
	t.Helper()
	if t.Failed() {
		return
	}
	table = strings.ReplaceAll(table, "waited longer than "+(patience*2*time.Second).String(), "waited longer than 2s")
	got := "# The malicious corpus\n\nWhat becomes of each module. The other attacks, by requests, upstream servers, files and packages, are the tables of this\n" +
		"folder's tests. Written by `go test ./wasmhost/attacks -run TestCorpus -update`.\n" + table
	if *update {
		if err := os.WriteFile("CORPUS.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("CORPUS.md")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

// TestGoodCallsAmongAttacks: the same host serves others while it is attacked, and a stopped guest's successor starts clean.
func TestGoodCallsAmongAttacks(t *testing.T) {
	w := &world{}
	h := newHost(t, w)
	good := Attack{Name: "good", Module: build(func(*guest) {})}
	m := manifest()
	m.ID = "test.good"
	e, err := load(t.Context(), h, build(func(g *guest) {
		g.describe = message(map[string]any{"nodes": []any{schemaOf(map[string]any{"id": "Good"})}})
	}), func(s *wasmhost.Source) { s.Manifest = m })
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range append(Endless(), fromOthers()...) {
		if _, err := attack(t.Context(), h, w, a); a.Verdict == Harmless && err != nil {
			t.Errorf("%s: %v", a.Name, err)
		}
		if v, err := attack(t.Context(), h, w, good); v != Harmless {
			t.Fatalf("after %s: %v", a.Name, err)
		}
		if _, err := e.Nodes()[0].Run(in(t.Context(), "u", w), node.Args{}); err != nil {
			t.Fatalf("after %s: %v", a.Name, err)
		}
	}
}

// slipOf is the panic that a call ended with when it was no trap.
func slipOf(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.Contains(err.Error(), "(recovered by wazero)") {
			return err.Error()
		}
	}
	return ""
}

func goroutines() int { return runtime.NumGoroutine() }
