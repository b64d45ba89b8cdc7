package wasmhost

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
)

// boxKey names a mailbox: what a route of an extension says to one node of one prompt of its caller's tenant. An empty
// prompt holds messages that came before the node ran.
type boxKey struct {
	tenant      tenant.ID
	ext         string
	prompt      string
	node, topic string
}

// box holds what was not taken yet.
type box struct {
	kept    [][]byte
	waiting chan struct{} // closed when something comes
	readers int
	since   time.Time
}

// keepUnclaimed is how long a message for no prompt in particular waits for a node.
const keepUnclaimed = 10 * time.Minute

// keepPrompt is how long one for a prompt waits: prompts that end drop theirs, and others are never seen.
const keepPrompt = 6 * time.Hour

const (
	// maxBoxes bounds the mailboxes of one tenant's extension.
	maxBoxes = 256
	// maxKept bounds the bytes in them.
	maxKept = 4 * mib
)

// mailboxes carry messages from routes to the nodes that wait for them.
type mailboxes struct {
	mu    sync.Mutex
	boxes map[boxKey]*box
}

func newMailboxes() *mailboxes { return &mailboxes{boxes: map[boxKey]*box{}} }

func (m *mailboxes) box(k boxKey) *box {
	b, ok := m.boxes[k]
	if !ok {
		b = &box{waiting: make(chan struct{}), since: time.Now()}
		m.boxes[k] = b
	}
	return b
}

func (m *mailboxes) pop(k boxKey) ([]byte, bool) {
	b, ok := m.boxes[k]
	if !ok || len(b.kept) == 0 {
		return nil, false
	}
	msg := b.kept[0]
	b.kept = b.kept[1:]
	m.tidy(k, b)
	return msg, true
}

// tidy forgets an empty box that nobody reads.
func (m *mailboxes) tidy(k boxKey, b *box) {
	if len(b.kept) == 0 && b.readers == 0 {
		delete(m.boxes, k)
	}
}

// wait gives the next message for k, or for k without a prompt. It ends with ctx.
func (m *mailboxes) wait(ctx context.Context, k boxKey) ([]byte, bool) {
	loose := k
	loose.prompt = ""
	m.mu.Lock()
	b, any := m.box(k), m.box(loose)
	b.readers++
	any.readers++
	defer func() {
		b.readers--
		any.readers--
		m.tidy(k, b)
		m.tidy(loose, any)
		m.mu.Unlock()
	}()
	for {
		if msg, ok := m.pop(k); ok {
			return msg, true
		}
		if msg, ok := m.pop(loose); ok {
			return msg, true
		}
		one, two := b.waiting, any.waiting
		m.mu.Unlock()
		select {
		case <-one:
		case <-two:
		case <-ctx.Done():
		}
		m.mu.Lock()
		if ctx.Err() != nil {
			return nil, false
		}
	}
}

// post leaves a message: 1 when somebody waits for it, 0 when it is kept, else an errno.
func (m *mailboxes) post(k boxKey, msg []byte) int32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	boxes, kept := m.count(k)
	if _, ok := m.boxes[k]; !ok && boxes >= maxBoxes || kept+len(msg) > maxKept {
		return abi.ELIMIT
	}
	if k.prompt == "" {
		for other, b := range m.boxes { // a node that waits under its prompt's name
			if b.readers > 0 && other.prompt != "" && other.tenant == k.tenant && other.ext == k.ext && other.node == k.node && other.topic == k.topic {
				k = other
				break
			}
		}
	}
	b := m.box(k)
	if len(b.kept) >= abi.MaxMsgCount {
		return abi.ELIMIT
	}
	b.kept = append(b.kept, msg)
	close(b.waiting)
	b.waiting = make(chan struct{})
	if b.readers > 0 {
		return 1
	}
	return 0
}

// count gives the mailboxes of k's tenant and extension, and the bytes in them.
func (m *mailboxes) count(k boxKey) (boxes, kept int) {
	for other, b := range m.boxes {
		if other.tenant != k.tenant || other.ext != k.ext {
			continue
		}
		boxes++
		for _, msg := range b.kept {
			kept += len(msg)
		}
	}
	return boxes, kept
}

// expire forgets messages that nobody came for.
func (m *mailboxes) expire() {
	for k, b := range m.boxes {
		most := keepPrompt
		if k.prompt == "" {
			most = keepUnclaimed
		}
		if b.readers == 0 && time.Since(b.since) > most {
			delete(m.boxes, k)
		}
	}
}

// dropPrompt forgets the messages for a tenant's prompt.
func (m *mailboxes) dropPrompt(t tenant.ID, prompt string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, b := range m.boxes {
		if k.tenant == t && k.prompt == prompt && prompt != "" && b.readers == 0 {
			delete(m.boxes, k)
		}
	}
}

// PromptDone forgets what was kept for a prompt of the tenant that ctx carries: messages and values of its scope.
func (h *Host) PromptDone(ctx context.Context, prompt string) error {
	t := tenant.Of(ctx)
	h.boxes.dropPrompt(t, prompt)
	h.endJob(ctx, prompt)
	return h.kv.DropScope(ctx, t, kv.Prompt(prompt))
}

func (c *call) msgWait(topic, topicLen, timeoutMs, out, limit uint32) int64 {
	t := c.text(topic, topicLen)
	c.bytes(out, limit)
	if c.run.NodeID == "" {
		return int64(abi.EUNSUP)
	}
	if topicLen > abi.MaxKvKeyBytes {
		return int64(abi.ETOOBIG)
	}
	k := boxKey{c.tenant, c.ext.Manifest.ID, c.run.PromptID, c.run.NodeID, t}
	var msg []byte
	ok := false
	c.virtual += time.Duration(timeoutMs) * time.Millisecond
	c.park(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(timeoutMs)*time.Millisecond)
		defer cancel()
		msg, ok = c.host.boxes.wait(ctx, k)
	})
	switch {
	case c.Err() != nil:
		return int64(abi.ECANCEL)
	case !ok:
		return int64(abi.ETIMEOUT)
	}
	return c.out(msg, out, limit)
}

func (c *call) msgPost(prompt, promptLen, nodeID, nodeLen, topic, topicLen, ptr, n uint32) int32 {
	k := boxKey{c.tenant, c.ext.Manifest.ID, c.text(prompt, promptLen), c.text(nodeID, nodeLen), c.text(topic, topicLen)}
	b := c.bytes(ptr, n)
	if n > abi.MaxMsgBytes || max(promptLen, nodeLen, topicLen) > abi.MaxKvKeyBytes {
		return abi.ETOOBIG
	}
	c.work(int64(n))
	return c.host.boxes.post(k, bytes.Clone(b))
}
