// Package mail carries messages between those who post and those who wait: what a route of an extension says to a node of a
// prompt. A message that comes before its reader is kept, within bounds of number, bytes and time.
package mail

import (
	"context"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Box names a mailbox: what a route of an extension says to one node of one prompt of its caller's tenant. One without a prompt
// holds messages for whichever prompt's node comes first.
type Box struct {
	Tenant      tenant.ID
	Extension   string
	Prompt      string
	Node, Topic string
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
	// maxKept bounds the bytes in them, and maxTenant those of all of a tenant's.
	maxKept   = 4 << 20
	maxTenant = 16 << 20
)

// Office carries messages from those who post to those who wait. Its methods may be called from any goroutine.
type Office struct {
	mu    sync.Mutex
	all   map[owner]map[Box]*box
	bytes map[owner]int     // that are kept
	of    map[tenant.ID]int // that are kept for a tenant
	swept time.Time         // when all were last looked through
}

// owner is whose boxes are bounded together.
type owner struct {
	tenant    tenant.ID
	extension string
}

func (k Box) owner() owner { return owner{k.Tenant, k.Extension} }

// New makes an Office.
func New() *Office {
	return &Office{all: map[owner]map[Box]*box{}, bytes: map[owner]int{}, of: map[tenant.ID]int{}, swept: time.Now()}
}

// count adds to the bytes that are kept, or takes from them.
func (o *Office) count(k owner, n int) {
	if o.bytes[k] += n; o.bytes[k] == 0 {
		delete(o.bytes, k)
	}
	if o.of[k.tenant] += n; o.of[k.tenant] == 0 {
		delete(o.of, k.tenant)
	}
}

// box is the box of a name, which is made.
func (o *Office) box(k Box) *box {
	own := o.all[k.owner()]
	if own == nil {
		own = map[Box]*box{}
		o.all[k.owner()] = own
	}
	b, ok := own[k]
	if !ok {
		b = &box{waiting: make(chan struct{}), since: time.Now()}
		own[k] = b
	}
	return b
}

func (o *Office) drop(k Box) {
	own := o.all[k.owner()]
	if b := own[k]; b != nil {
		for _, msg := range b.kept {
			o.count(k.owner(), -len(msg))
		}
	}
	if delete(own, k); len(own) == 0 {
		delete(o.all, k.owner())
	}
}

func (o *Office) pop(k Box) ([]byte, bool) {
	b, ok := o.all[k.owner()][k]
	if !ok || len(b.kept) == 0 {
		return nil, false
	}
	msg := b.kept[0]
	b.kept = b.kept[1:]
	o.count(k.owner(), -len(msg))
	o.tidy(k, b)
	return msg, true
}

// tidy forgets an empty box that nobody reads.
func (o *Office) tidy(k Box, b *box) {
	if len(b.kept) == 0 && b.readers == 0 {
		o.drop(k)
	}
}

// Wait gives the next message for k, or for k without a prompt; false when ctx ends first.
func (o *Office) Wait(ctx context.Context, k Box) ([]byte, bool) {
	loose := k
	loose.Prompt = ""
	o.mu.Lock()
	b, l := o.box(k), o.box(loose)
	b.readers++
	l.readers++
	defer func() {
		b.readers--
		l.readers--
		o.tidy(k, b)
		o.tidy(loose, l)
		o.mu.Unlock()
	}()
	for {
		if msg, ok := o.pop(k); ok {
			return msg, true
		}
		if msg, ok := o.pop(loose); ok {
			return msg, true
		}
		one, two := b.waiting, l.waiting
		o.mu.Unlock()
		select {
		case <-one:
		case <-two:
		case <-ctx.Done():
		}
		o.mu.Lock()
		if ctx.Err() != nil {
			return nil, false
		}
	}
}

// Post leaves a message, which is the Office's from then on, and says whether somebody waits for it; if not, it is kept. One
// without a prompt goes to a node that waits under its prompt's name. Errors: fault.TooMany.
func (o *Office) Post(k Box, msg []byte) (awaited bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.expire()
	full := fault.New(fault.TooMany, "the mailbox is full")
	own := o.all[k.owner()]
	if own[k] == nil && len(own) >= maxBoxes || o.bytes[k.owner()]+len(msg) > maxKept || o.of[k.Tenant]+len(msg) > maxTenant {
		return false, full
	}
	if k.Prompt == "" {
		for other, b := range own { // a node that waits under its prompt's name
			if b.readers > 0 && other.Prompt != "" && other.Node == k.Node && other.Topic == k.Topic {
				k = other
				break
			}
		}
	}
	b := o.box(k)
	if len(b.kept) >= abi.MaxMsgCount {
		return false, full
	}
	b.kept = append(b.kept, msg)
	o.count(k.owner(), len(msg))
	close(b.waiting)
	b.waiting = make(chan struct{})
	return b.readers > 0, nil
}

// sweepEvery is how often all boxes are looked through.
const sweepEvery = time.Minute

// expire forgets messages that nobody came for.
func (o *Office) expire() {
	if time.Since(o.swept) < sweepEvery {
		return
	}
	o.swept = time.Now()
	o.each(func(k Box, b *box) {
		most := keepPrompt
		if k.Prompt == "" {
			most = keepUnclaimed
		}
		if b.readers == 0 && time.Since(b.since) > most {
			o.drop(k)
		}
	})
}

func (o *Office) each(do func(k Box, b *box)) {
	for _, own := range o.all {
		for k, b := range own {
			do(k, b)
		}
	}
}

// DropPrompt forgets the messages for a tenant's prompt.
func (o *Office) DropPrompt(t tenant.ID, prompt string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.each(func(k Box, b *box) {
		if k.Tenant == t && k.Prompt == prompt && prompt != "" && b.readers == 0 {
			o.drop(k)
		}
	})
}
