package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
)

// barClient is the client id of prompts that the bar follows.
const barClient = "terminal"

// bar follows one prompt's events and draws its progress on one line. It is the engine's Bus in "cocoon run".
type bar struct {
	w     io.Writer
	draws bool // w is a terminal

	mu     sync.Mutex // guards the rest
	ended  chan struct{}
	titles map[string]string
	start  time.Time // of the node that runs
	end    ending
	over   bool
}

// ending is how a prompt ended.
type ending struct {
	files   []node.File
	problem string // "" when all went well
}

func newBar(w io.Writer) *bar {
	f, ok := w.(*os.File)
	b := &bar{w: w, draws: ok && isTerminal(f)}
	b.reset()
	return b
}

// reset makes the bar ready for another prompt.
func (b *bar) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.titles, b.end, b.over = make(chan struct{}), map[string]string{}, ending{}, false
}

// expect learns the titles of a prompt's nodes.
func (b *bar) expect(prompt json.RawMessage) {
	var nodes map[string]struct {
		Class string `json:"class_type"`
		Meta  struct {
			Title string `json:"title"`
		} `json:"_meta"`
	}
	if json.Unmarshal(prompt, &nodes) != nil {
		return // the engine will say what is wrong
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, n := range nodes {
		b.titles[id] = n.Class
		if n.Meta.Title != "" {
			b.titles[id] = n.Meta.Title
		}
	}
}

// wait returns when the prompt has ended.
func (b *bar) wait(ctx context.Context) (ending, error) {
	b.mu.Lock()
	ended := b.ended
	b.mu.Unlock()
	select {
	case <-ended:
	case <-ctx.Done():
		b.clear()
		return ending{}, fmt.Errorf("stopped: %w", ctx.Err())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	return b.end, nil
}

// Publish follows an event.
func (b *bar) Publish(_ context.Context, e engine.Event) {
	if e.ClientID != barClient || e.Type == "" {
		return
	}
	var d struct {
		Node   *string `json:"node"`
		Value  float64 `json:"value"`
		Max    float64 `json:"max"`
		Output struct {
			Images []node.File `json:"images"`
		} `json:"output"`
		NodeID  string `json:"node_id"`
		Class   string `json:"node_type"`
		Message string `json:"exception_message"`
	}
	if json.Unmarshal(e.Data, &d) != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e.Type {
	case "executing":
		if d.Node == nil {
			b.finish()
			return
		}
		b.start = time.Now()
		b.draw(*d.Node, 0, 0)
	case "progress":
		if d.Node != nil {
			b.draw(*d.Node, d.Value, d.Max)
		}
	case "executed":
		b.end.files = append(b.end.files, d.Output.Images...)
	case "execution_error":
		b.end.problem = fmt.Sprintf("node %s (%s) failed: %s", d.NodeID, b.title(d.NodeID), strings.TrimSpace(d.Message))
	case "execution_interrupted":
		b.end.problem = "the run was stopped"
	}
}

func (b *bar) finish() {
	if !b.over {
		b.over = true
		close(b.ended)
	}
}

func (b *bar) title(id string) string {
	if t := b.titles[id]; t != "" {
		return t
	}
	return id
}

// draw shows a node at work: its title, and a bar once it has told how far it is.
func (b *bar) draw(id string, value, most float64) {
	if !b.draws {
		return
	}
	line := b.title(id)
	if most > 0 {
		const width = 30
		full := int(width * value / most)
		line += fmt.Sprintf("  %s%s  %.0f/%.0f", strings.Repeat("█", full), strings.Repeat("░", width-full), value, most)
		if value > 0 && value < most {
			left := time.Duration(float64(time.Since(b.start)) * (most - value) / value)
			line += fmt.Sprintf("  %s left", left.Round(time.Second))
		}
	}
	fmt.Fprintf(b.w, "\r\x1b[K%s", line)
}

func (b *bar) clear() {
	if b.draws {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
