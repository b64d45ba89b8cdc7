// Package wasmhost runs extensions: guest modules that nobody has to trust, as nodes of the graph and as HTTP routes.
//
// A module is admitted (proved and metered), compiled, set up once and from then on called from its image, so that no call
// sees another's memory. Each call has budgets of instructions, time, memory and host work; what it gets of the server are
// handles. Host functions never call back into the guest, and those that wait hold neither a thread nor a place among the
// guests that compute.
package wasmhost

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/bulkhead"
	"github.com/cocoonhq/cocoon/wasmhost/code"
	"github.com/cocoonhq/cocoon/wasmhost/describe"
	"github.com/cocoonhq/cocoon/wasmhost/egress"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
	"github.com/cocoonhq/cocoon/wasmhost/mail"
	"github.com/cocoonhq/cocoon/wasmhost/route"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/worker"
)

// Config is what a Host needs. Only Backend is required.
type Config struct {
	// Dir keeps the cache of compiled code and the store of kv; "" keeps neither beyond the process.
	Dir string
	// CodeDir is where compiled code is kept; "" is code in Dir.
	CodeDir string
	// Backend computes guests' tensor programs.
	Backend tensor.Backend
	// Lookup finds the built-in nodes that guests may be granted; nil grants none.
	Lookup func(class string) (node.Node, bool)
	// Files serves asset; nil refuses it.
	Files Files
	// Send serves ws: an event of a type for a client; nil refuses it.
	Send func(ctx context.Context, clientID, event string, data []byte) error
	// Show serves ws_image: a preview for a client, "" for all of the tenant; nil refuses it.
	Show func(ctx context.Context, clientID string, p *node.Preview) error
	// Secrets gives the value of a secret of an extension that is owner's, for the caller's tenant; nil has none. Whose it is matters: a
	// tenant may install what it likes under the id of one that all share.
	Secrets func(ctx context.Context, owner tenant.ID, extension, name string) (string, bool)
	// Client carries http; nil is one that dials vetted addresses only.
	Client *http.Client
	// Jail is the command that compiles modules in a process of its own; nil compiles in this one.
	Jail []string
	// Isolation says in which process guests run; Worker is the command that starts one.
	Isolation Isolation
	Worker    []string
	// Limits are for modules; the zero value is wasm.DefaultLimits.
	Limits wasm.Limits
	// Keep is how many idle slots an extension keeps; 0 is 4.
	Keep int
	// Interpret runs guests in the interpreter, some 80 times slower; for tests of the compiler.
	Interpret bool
	// Hurry lets guests wait for nothing: a sleep ends at once, a message is there or does not come. Their clock goes on as if they
	// had waited; one that is granted the real clock does wait. For tests, to which nothing comes from outside.
	Hurry bool
}

func (c *Config) codeDir() string {
	if c.CodeDir == "" && c.Dir != "" {
		return filepath.Join(c.Dir, "code")
	}
	return c.CodeDir
}

// Host holds the loaded extensions. Its methods may be called from any goroutine.
type Host struct {
	c         Config
	engine    slot.Engine
	workers   *worker.Pool // the engine, when there are workers
	gate      *gate        // for guests that compute
	bench     *gate        // for work of the host's for them
	life      *life
	cache     *code.Cache
	mail      *mail.Office
	bulkheads *bulkhead.Bulkheads
	runs      *runs
	ends      ends
	outward   outward        // requests to others
	strays    sync.WaitGroup // work that no call waits for any more
	kv        *kv.Store
	shelf     shelf
}

// New makes a Host. Close it.
func New(ctx context.Context, c Config) (*Host, error) {
	if c.Limits == (wasm.Limits{}) {
		c.Limits = wasm.DefaultLimits()
	}
	if c.Keep == 0 {
		c.Keep = 4
	}
	h := &Host{c: c, gate: newGate(), bench: newBench(), life: newLife(), mail: mail.New(), bulkheads: bulkhead.New(), runs: newRuns(), shelf: newShelf()}
	h.ends.forget = h.forget
	if c.Client == nil {
		h.c.Client = egress.NewHTTP(egress.Outside)
	}
	var err error
	if h.kv, err = kv.Open(c.Dir); err != nil {
		return nil, err
	}
	if h.cache, err = code.Open(c.codeDir(), c.Jail, contract()); err != nil {
		return nil, err
	}
	if err = h.openEngine(ctx); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the engine for extensions does not start")
	}
	return h, nil
}

// bind gives the engine the host functions: each counts, and is refused when its capability is not granted.
func bind() []slot.Func {
	known := contract().Funcs
	var out []slot.Func
	for _, f := range slices.Concat(hostFuncs(), wasiFuncs()) {
		capability := known[f.module+"."+f.name].Capability
		out = append(out, slot.Func{Module: f.module, Name: f.name, Params: f.params, Results: f.result, Call: func(ctx context.Context, s []uint64) {
			c := ctx.Value(callKey{}).(*call)
			c.enter()
			if capability != "" && !c.ext.grant.Has(capability) {
				if e := c.deny(capability, ""); f.result != "" {
					s[0] = refusal(f.result, e)
				}
				return
			}
			f.call(c, s)
		}})
	}
	return out
}

func refusal(result string, e int32) uint64 {
	if result == "i" {
		return uint64(uint32(e))
	}
	return uint64(int64(e))
}

// Source is a package to load: a checked manifest, the module's bytes and what the operator grants.
type Source struct {
	Tenant   tenant.ID // whose it is; what "" has is shared by all tenants
	Manifest *Manifest
	Module   []byte
	Grant    Grant
	Limits   LimitSet // the zero value is DefaultLimitSet
	// Replacements are those of the package's node_replacements.json, beside those that the module tells.
	Replacements []node.Replacement
}

// Load loads an extension, or replaces the tenant's of its id when the new one is ready; prompts that began with the old one keep it.
// Capabilities that the module needs and that were not granted are fault.Forbidden; a node whose class is taken is
// fault.Conflict.
func (h *Host) Load(ctx context.Context, s Source) (*Extension, error) {
	ctx = tenant.With(ctx, s.Tenant) // what the module does while it is set up is its owner's, like what it does later
	if err := s.Manifest.Check(); err != nil {
		return nil, err
	}
	a, err := h.cache.Admit(s.Module, h.c.Limits)
	if err != nil {
		return nil, err
	}
	if err := sinceWhen(s.Manifest, a.Imports, abi.Functions()); err != nil {
		return nil, err
	}
	if s.Limits == (LimitSet{}) {
		s.Limits = DefaultLimitSet()
	}
	e := &Extension{Manifest: s.Manifest, Tenant: s.Tenant, host: h, grant: s.Grant.Within(s.Manifest.Capabilities.All()), admitted: a, limits: s.Limits,
		events: rates{per: eventsPerSecond}, incoming: rates{per: messagesPerSecond}, refused: rates{per: 1}}
	for _, c := range a.Capabilities {
		if !e.grant.Has(c) && s.Manifest.Capabilities.Requires(c) {
			return nil, fault.New(fault.Forbidden, "the extension %s needs the capability %s, which was not granted", s.Manifest.ID, c)
		}
	}
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	e.desc.Replacements = append(e.desc.Replacements, s.Replacements...)
	old, err := h.shelf.put(e, h.c.Lookup)
	if err != nil {
		e.program.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	if old != nil {
		old.retire()
	}
	return e, nil
}

// start compiles the module, sets it up and asks what it has.
func (e *Extension) start(ctx context.Context) error {
	h := e.host
	if err := h.life.enter(); err != nil {
		return err
	}
	defer h.life.leave()
	if !h.gate.enter(ctx, e.Tenant) {
		return ctx.Err()
	}
	show, err := h.code(ctx, e.admitted)
	if err != nil {
		h.gate.leave(e.Tenant)
		return err
	}
	c := e.newCall(ctx, e.limits.Describe)
	c.given = slice
	o := slot.Options{Depth: depthLimit, MostPage: max(e.limits.Execute.MemoryPages, e.limits.Route.MemoryPages, e.limits.Describe.MemoryPages),
		Keep: h.c.Keep, SetupPages: e.limits.Describe.MemoryPages, Show: show, Begin: c.setUp}
	if h.workers != nil {
		admitted := e.admitted
		o.Code = func() (string, []byte, error) { return h.cache.Find(context.Background(), admitted) }
	}
	e.program, err = h.engine.Compile(c, e.admitted.Metered, o, slice)
	h.gate.leave(e.Tenant)
	if err != nil {
		return c.outcome(0, err)
	}
	if err := e.describe(ctx); err != nil {
		e.program.Close(context.WithoutCancel(ctx))
		return err
	}
	return nil
}

// setUp is told the slot of a set-up, whose time counts from now: a busy machine may have compiled for long.
func (c *call) setUp(s slot.Slot) {
	c.slot = s
	c.placed() // as start did for it
	c.deadline = time.Now().Add(c.limits.Wall)
}

func (e *Extension) describe(ctx context.Context) error {
	c := e.newCall(ctx, e.limits.Describe)
	var reply []byte
	err := c.do(abi.OpDescribe, func() (any, error) { return nil, nil }, func(c *call, _ any) error {
		version, err := c.slot.ABI(c)
		if err != nil {
			return c.outcome(0, err)
		}
		if version>>16 != abi.Major { // of a newer minor version it imports nothing: see sinceWhen
			return fault.New(fault.Unsupported, "the module was built for version %d.%d of the contract; this server has %d.%d", version>>16, version&0xffff, abi.Major, abi.Minor)
		}
		reply = c.reply_
		return nil
	})
	if err != nil {
		return err
	}
	if e.desc, err = describe.Read(reply, e.Manifest.ID); err != nil {
		return err
	}
	for _, s := range e.desc.Nodes {
		s.Code = e.admitted.Hash
		e.nodes = append(e.nodes, newNode(e, s))
	}
	e.messages = both(e.desc.Messages, e.grant.Receive)
	e.routes = route.New(e.desc.Routes, e.grant.Routes)
	e.legacy = route.New(e.desc.Routes, e.grant.Legacy)
	return nil
}

// Close ends all extensions. Calls that run are told to end, and waited for; when some do not, as long as ctx allows, it is a
// fault.Conflict, and what they use stays.
func (h *Host) Close(ctx context.Context) error {
	if !h.life.stop(ctx) && h.workers == nil { // calls in workers fail when those end
		return fault.New(fault.Conflict, "calls of extensions still run")
	}
	h.strays.Wait()
	h.ends.stop(ctx)
	for _, e := range h.shelf.all() {
		e.program.Close(ctx)
	}
	err := h.engine.Close(ctx)
	for _, c := range []func() error{h.cache.Close, h.kv.Close} {
		if e := c(); err == nil {
			err = e
		}
	}
	return err
}
