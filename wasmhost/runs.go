package wasmhost

import (
	"sync"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/bulkhead"
)

// join takes the call's place among those of its extension and tenant. What looks at a node while its prompt runs needs none.
func (c *call) join(op int32) (leave func(), err error) {
	sort := bulkhead.Node
	switch op {
	case abi.OpRoute, abi.OpWs:
		sort = bulkhead.Request
	case abi.OpValidate: // any client may have many prompts looked at at once
		sort = bulkhead.Check
	case abi.OpExecute, abi.OpResume:
	default:
		return func() {}, nil
	}
	if c.pass, err = c.host.bulkheads.Enter(c.Context, c.tenant, c.ext.Manifest.ID, sort); err != nil {
		return nil, err
	}
	var run runKey
	if sort == bulkhead.Node { // what is checked does not run yet
		run = c.host.runs.begin(c)
	}
	return func() {
		c.host.runs.end(run)
		c.pass.End()
	}, nil
}

// runs is which prompts run nodes of which extensions, and who asked for them.
type runs struct {
	mu  sync.Mutex
	all map[runKey]*running
}

func newRuns() *runs { return &runs{all: map[runKey]*running{}} }

// runKey names a prompt in which a node of an extension runs.
type runKey struct {
	tenant      tenant.ID
	ext, prompt string
}

// running is who asked for it, and how many nodes run.
type running struct {
	client string
	nodes  int
}

// begin remembers who asked for the call's prompt.
func (l *runs) begin(c *call) runKey {
	k := runKey{c.tenant, c.ext.Manifest.ID, c.run.PromptID}
	if k.prompt == "" {
		return k
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[k] == nil {
		l.all[k] = &running{client: c.run.ClientID}
	}
	l.all[k].nodes++
	return k
}

func (l *runs) end(k runKey) {
	if k.prompt == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.all[k]; r.nodes == 1 {
		delete(l.all, k)
	} else {
		r.nodes--
	}
}

// promptOf gives a prompt of a client's in which a node of an extension runs, "" for none.
func (l *runs) promptOf(t tenant.ID, ext, client string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := ""
	for k, r := range l.all {
		if k.tenant == t && k.ext == ext && r.client == client && client != "" && (first == "" || k.prompt < first) {
			first = k.prompt
		}
	}
	return first
}

// client is who asked for a prompt in which a node of the call's extension runs.
func (l *runs) client(k runKey) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.all[k]
	if !ok {
		return "", false
	}
	return r.client, true
}
