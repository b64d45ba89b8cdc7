package wasmhost

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/code"
	"github.com/cocoonhq/cocoon/wasmhost/describe"
	"github.com/cocoonhq/cocoon/wasmhost/route"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// Extension is a loaded package: a program, what it may do, and what it has.
type Extension struct {
	Manifest *Manifest
	Tenant   tenant.ID // whose it is; what "" has is shared by all tenants

	host     *Host
	grant    Grant
	admitted *code.Module
	program  slot.Program
	limits   LimitSet
	desc     *describe.Description
	nodes    []node.Node
	routes   *route.Router
	legacy   *route.Router // paths outside of the extension's own
	messages []string      // kinds of messages of clients' that are described and granted
	journal  journal
	stats    stats

	keeping  sync.RWMutex // held while kv is used
	removed  bool         // from the tenant, which may have its data deleted then
	events   rates        // to clients
	incoming rates        // messages of clients
	refused  rates        // lines of the journal about those that nobody takes
}

// LimitSet are the limits of each sort of call.
type LimitSet struct{ Describe, Execute, Route Limits }

// DefaultLimitSet are the limits without an operator's word.
func DefaultLimitSet() LimitSet { return LimitSet{DescribeLimits(), ExecuteLimits(), RouteLimits()} }

type stats struct{ calls, failures, fuel, hostBytes atomic.Int64 }

// retire ends the program when nothing refers to the extension any more: prompts that run hold its nodes to their end.
func (e *Extension) retire() {
	runtime.AddCleanup(e, func(p slot.Program) { p.Close(context.Background()) }, e.program)
}

// Stats are what an extension has used since it was loaded.
type Stats struct {
	Calls     int64 `json:"calls"`
	Failures  int64 `json:"failures"`
	Fuel      int64 `json:"fuel"`
	HostBytes int64 `json:"host_bytes"`
	Image     int   `json:"image_bytes"`
	Idle      int   `json:"idle_slots"`
}

// Stats are what the extension has used since it was loaded.
func (e *Extension) Stats() Stats {
	s := &e.stats
	return Stats{s.calls.Load(), s.failures.Load(), s.fuel.Load(), s.hostBytes.Load(), e.program.ImageBytes(), e.program.Idle()}
}

// Log is the last lines that the extension wrote.
func (e *Extension) Log() []Line { return e.journal.all() }

// Grant is what the extension may do.
func (e *Extension) Grant() Grant { return e.grant }

// Module is what the extension's module is and needs.
func (e *Extension) Module() *code.Module { return e.admitted }

// Nodes are the extension's nodes.
func (e *Extension) Nodes() []node.Node { return e.nodes }

// Unasked is what the module has and was not granted, so that nobody reaches it: routes as "routes:GET /notes", kinds of clients'
// messages as "ws:receive pick".
func (e *Extension) Unasked() (out []string) {
	for _, r := range e.desc.Routes {
		if !slices.Contains(e.grant.Routes, r) && !slices.Contains(e.grant.Legacy, r) {
			out = append(out, "routes:"+r)
		}
	}
	for _, kind := range e.desc.Messages {
		if !slices.Contains(e.grant.Receive, kind) {
			out = append(out, "ws:receive "+kind)
		}
	}
	return out
}

// waits is how long a guest that wants to wait for d does.
func (e *Extension) waits(d time.Duration) time.Duration {
	if e.host.c.Hurry && !e.grant.RealClock {
		return 0
	}
	return d
}

// gone reports whether the extension was removed from its tenant.
func (e *Extension) gone() bool {
	e.keeping.RLock()
	defer e.keeping.RUnlock()
	return e.removed
}

func (e *Extension) owns(class string) bool {
	return slices.ContainsFunc(e.desc.Nodes, func(s *describe.Schema) bool { return s.ID == class })
}

func (e *Extension) newCall(ctx context.Context, l Limits) *call {
	now := time.Now()
	return &call{Context: ctx, host: e.host, ext: e, limits: l, tenant: tenant.Of(ctx), start: now, deadline: now.Add(l.Wall)}
}

// do makes the call: it waits for a place, takes a slot, sends the request that build makes and hands the decoded reply to
// read. The call's handles are gone afterwards.
func (c *call) do(op int32, build func() (any, error), read func(c *call, v any) error) error {
	if err := c.host.life.enter(); err != nil {
		return err
	}
	defer c.host.life.leave()
	leave, err := c.join(op)
	if err != nil {
		return err
	}
	defer leave()
	if !c.host.gate.enter(c.Context, c.tenant) {
		return fault.Wrap(context.Cause(c), fault.Cancelled, "cancelled")
	}
	defer c.host.gate.leave(c.tenant)
	c.placed()
	c.deadline = time.Now().Add(c.limits.Wall)
	err = c.once(op, build, read)
	st := &c.ext.stats
	st.calls.Add(1)
	if st.hostBytes.Add(c.hostBytes); err != nil {
		st.failures.Add(1)
	}
	return err
}

func (c *call) once(op int32, build func() (any, error), read func(c *call, v any) error) (err error) {
	s, err := c.ext.program.Get(c.Context, c.limits.MemoryPages)
	if err != nil {
		if c.ext.gone() {
			return fault.Wrap(err, fault.ExtensionFailed, "the extension %s was removed or barred while the prompt ran", c.ext.Manifest.ID)
		}
		return fault.Wrap(err, fault.OutOfMemory, "the extension has no room")
	}
	c.slot = s
	spoilt := true
	defer func() {
		c.release()
		c.burnt, c.ran = c.used(), c.limits.Wall-time.Until(c.deadline)
		c.ext.stats.fuel.Add(c.burnt)
		c.ext.program.Put(context.WithoutCancel(c.Context), s, spoilt)
	}()
	request, err := c.encode(build)
	if err != nil {
		spoilt = false
		return err
	}
	c.given = min(slice, c.limits.Fuel)
	s.SetFuel(c.given)
	code, err := s.Call(c, op, request)
	var ours *fault.Error
	spoilt = err != nil && !errors.As(err, &ours)
	if err := c.outcome(code, err); err != nil {
		return err
	}
	v, err := abi.Decode(c.reply_, abi.Limits{Bytes: c.limits.ReplyBytes, Items: abi.MaxCborItems, Depth: abi.MaxCborDepth})
	if err != nil {
		return fault.Wrap(err, fault.ExtensionFailed, "the extension's reply is no message")
	}
	return read(c, v)
}

func (c *call) encode(build func() (any, error)) ([]byte, error) {
	v, err := build()
	if err != nil {
		return nil, err
	}
	b, err := abi.Append(make([]byte, 0, 256), v)
	if err != nil {
		return nil, fault.Wrap(err, fault.TooLarge, "the request has no form as a message")
	}
	if len(b) > abi.MaxCborBytes {
		return nil, fault.New(fault.TooLarge, "the request has %d bytes, more than %d", len(b), abi.MaxCborBytes)
	}
	return b, nil
}

// release lets go of what the call held.
func (c *call) release() {
	for _, h := range c.handles.all {
		if f, ok := h.val.(File); ok {
			_ = f.Close()
		}
	}
	c.handles = handleTable{}
	c.windows = nil
	c.endMade()
}
