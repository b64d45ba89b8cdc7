package wasmhost

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

const (
	// messagesPerSecond bounds the messages of all of a tenant's clients to one extension.
	messagesPerSecond = 50
	// messagesOfSocket bounds those of one socket to all extensions, a second.
	messagesOfSocket = 25
	// messagesWaiting bounds those of one socket that wait for one extension.
	messagesWaiting = 16
)

// errorKind is the kind of the event that tells a client that its message came to nothing.
const errorKind = "error"

// both are the kinds that are described and granted.
func both(described, granted []string) []string {
	return slices.DeleteFunc(slices.Clone(described), func(kind string) bool { return !slices.Contains(granted, kind) })
}

// inbox takes the messages of one client's socket. Those to one extension are taken one after the other, in the order in which
// they came; those to several side by side.
type inbox struct {
	host   *Host
	ctx    context.Context // of the socket, with its tenant
	client string
	work   sync.WaitGroup // a goroutine for each extension that has messages

	mu     sync.Mutex // guards the rest
	pace   rate
	told   rate // of the errors
	queues map[string]*[]message
}

// message is what a client said to an extension.
type message struct {
	kind string
	data []byte // JSON
}

// Listen takes the messages of a client's socket, whose tenant ctx carries. put takes a message of the type ext.<id>.<kind> with
// JSON as its data and never waits; one for an extension that the tenant has not got is ignored. end stops what still runs, and
// waits. put must not be called after it.
func (h *Host) Listen(ctx context.Context, clientID string) (put func(messageType string, data []byte), end func()) {
	ctx, cancel := context.WithCancel(ctx)
	b := &inbox{host: h, ctx: ctx, client: clientID, queues: map[string]*[]message{}}
	return b.put, func() {
		cancel()
		b.work.Wait()
	}
}

func (b *inbox) put(messageType string, data []byte) {
	rest, ours := strings.CutPrefix(messageType, "ext.")
	dot := strings.LastIndexByte(rest, '.')
	if !ours || dot < 0 {
		return
	}
	id, kind := rest[:dot], rest[dot+1:]
	e, ok := b.host.Extension(tenant.Of(b.ctx), id)
	switch {
	case !ok:
	case !slices.Contains(e.messages, kind):
		e.ignore(tenant.Of(b.ctx), kind)
	default:
		if err := b.queue(id, message{kind, data}); err != nil {
			b.refuse(e, kind, err)
		}
	}
}

// ignore notes a message that nobody takes, once a second: the client is not told, as of any type that is not known.
func (e *Extension) ignore(t tenant.ID, kind string) {
	if e.refused.take(t, time.Now()) {
		why := "was not granted"
		if !slices.Contains(e.desc.Messages, kind) {
			why = "the extension does not take"
		}
		e.journal.add(zerolog.WarnLevel, "a client's message was ignored: the kind "+cut(kind, 64)+" "+why)
	}
}

func (b *inbox) queue(id string, m message) error {
	if len(m.data) > abi.MaxMsgBytes {
		return fault.New(fault.TooLarge, "a message has at most %d bytes", abi.MaxMsgBytes)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.pace.take(time.Now(), messagesOfSocket) {
		return fault.New(fault.TooMany, "more than %d messages a second", messagesOfSocket)
	}
	q := b.queues[id]
	if q == nil {
		q = &[]message{}
		b.queues[id] = q
		b.work.Go(func() { b.drain(id, q) })
	}
	if len(*q) >= messagesWaiting {
		return fault.New(fault.TooMany, "more than %d messages wait", messagesWaiting)
	}
	*q = append(*q, m)
	return nil
}

// drain hands on what waits for an extension until nothing does.
func (b *inbox) drain(id string, q *[]message) {
	for {
		b.mu.Lock()
		if len(*q) == 0 || b.ctx.Err() != nil {
			delete(b.queues, id)
			b.mu.Unlock()
			return
		}
		m := (*q)[0]
		*q = (*q)[1:]
		b.mu.Unlock()
		e, ok := b.host.Extension(tenant.Of(b.ctx), id) // it may have been replaced or taken away meanwhile
		if !ok || !slices.Contains(e.messages, m.kind) {
			continue
		}
		if err := e.take(b.ctx, b.client, m); err != nil && b.ctx.Err() == nil {
			b.refuse(e, m.kind, err)
		}
	}
}

// messageDepth is how deep the data of a message may nest.
const messageDepth = 24

// messageData reads a message's data, which is an object; none is an empty one.
func messageData(b []byte) (any, error) {
	if len(b) == 0 || string(b) == "null" {
		return map[string]any{}, nil
	}
	v, err := doc.Parse(b, doc.Limits{Bytes: abi.MaxMsgBytes, Depth: messageDepth, Digits: 400})
	if err != nil {
		return nil, err
	}
	o, ok := v.(*doc.Object)
	if !ok {
		return nil, fault.New(fault.BadRequest, "the data of a message is an object")
	}
	return doc.Plain(o), nil
}

// take has the guest take a message.
func (e *Extension) take(ctx context.Context, client string, m message) error {
	data, err := messageData(m.data)
	if err != nil {
		return err
	}
	t := tenant.Of(ctx)
	if !e.incoming.take(t, time.Now()) {
		return fault.New(fault.TooMany, "more than %d messages a second for %s", messagesPerSecond, e.Manifest.ID)
	}
	c := e.newCall(ctx, e.limits.Route)
	c.tenant, c.run.ClientID = t, client
	return c.do(abi.OpWs, func() (any, error) {
		request := map[string]any{"type": m.kind, "data": data, "client": client, "tenant": string(t), "prompt": nil}
		if p := e.host.runs.promptOf(t, e.Manifest.ID, client); p != "" {
			request["prompt"] = p
		}
		return request, nil
	}, func(_ *call, v any) error { return raised(v) })
}

// refuse tells the extension's log, and the client by the event ext.<id>.error, that a message came to nothing. Of what did not get as
// far as the guest the log has a line a second.
func (b *inbox) refuse(e *Extension, kind string, err error) {
	code := refusalCode(err)
	if code == codeFailed || e.refused.take(tenant.Of(b.ctx), time.Now()) {
		e.journal.add(zerolog.WarnLevel, "message "+kind+": "+err.Error())
	}
	zerolog.Ctx(b.ctx).Debug().Err(err).Str("extension", e.Manifest.ID).Str("kind", kind).Msg("extension message")
	b.mu.Lock()
	told := b.told.take(time.Now(), messagesOfSocket)
	b.mu.Unlock()
	if !told || b.host.c.Send == nil {
		return
	}
	data, _ := json.Marshal(map[string]string{"type": kind, "code": code, "error": refusalText(err)}) // texts always encode
	if err := b.host.c.Send(b.ctx, b.client, "ext."+e.Manifest.ID+"."+errorKind, data); err != nil {
		e.journal.add(zerolog.WarnLevel, err.Error())
	}
}

// What a client can do about a message that came to nothing.
const (
	codeBusy    = "busy"    // send it again later
	codeRefused = "refused" // send another
	codeFailed  = "failed"  // the extension's word
)

func refusalCode(err error) string {
	switch {
	case errors.Is(err, fault.TooMany):
		return codeBusy
	case errors.Is(err, fault.TooLarge), errors.Is(err, fault.BadRequest):
		return codeRefused
	}
	return codeFailed
}

// refusalText is what the client is told: the guest's own words, and the host's of what it did not hand on; of what else goes
// wrong the extension's log tells.
func refusalText(err error) string {
	var said *Failure
	var raised *node.Exception
	var known *fault.Error
	switch {
	case errors.As(err, &said):
		return said.Error()
	case errors.As(err, &raised):
		return raised.Text
	case errors.As(err, &known) && known.Code != fault.ExtensionFailed && known.Code != fault.Internal:
		return known.Detail
	}
	return "the extension failed"
}
