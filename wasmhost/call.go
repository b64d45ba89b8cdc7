package wasmhost

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/bulkhead"
	"github.com/cocoonhq/cocoon/wasmhost/egress"
	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/route"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// call is one call of a guest: its budgets, its handles, and what it has said so far. It is also the context that the host
// functions get. One goroutine owns it.
type call struct {
	context.Context
	host   *Host
	ext    *Extension
	slot   slot.Slot
	limits Limits
	tenant tenant.ID
	run    node.Run

	given    int64 // fuel handed out so far
	start    time.Time
	deadline time.Time
	parked   time.Duration
	turn     time.Time     // since when it has its place
	inside   bool          // it has one
	burnt    int64         // fuel, when the call is over
	ran      time.Duration // without the waits, when the call is over
	looked   int64         // work since the host last looked whether the call is to be stopped
	virtual  time.Duration // that the guest has slept, by its own clock

	handles   handleTable
	made      madeTable
	windows   map[uint32]outWindow
	hostCalls int
	hostBytes int64
	outBytes  int64
	logBytes  int
	told      int // reports to the client
	words     words
	net       egress.Meter

	pass     *bulkhead.Pass  // to run; nil without a lane
	exchange *route.Exchange // that a route answers; nil elsewhere
	args     node.Args       // of a node; nil elsewhere
	schema   *node.Schema    // of the node
	types    map[any]string  // of links, for values that do not name theirs

	account map[string]string // the caller's secrets elsewhere, by name
	held    *node.Preview     // waits for the next progress

	rng     *rand.ChaCha8
	reply_  []byte
	failed  *Failure
	pending []byte // what did not fit into an out buffer
}

// Failure is what a guest said of a call that it could not do.
type Failure struct {
	Errno int32
	Text  string
}

// Error gives the text.
func (f *Failure) Error() string {
	if f.Text == "" {
		return "the extension failed with " + errnoWords(f.Errno)
	}
	return f.Text
}

// Value makes the call the context of its host functions.
func (c *call) Value(key any) any {
	switch key.(type) {
	case callKey, slot.MeterKey:
		return c
	}
	return c.Context.Value(key)
}

type callKey struct{}

// trap ends the call: the guest broke the contract.
func (c *call) trap(format string, args ...any) {
	panic(fault.New(fault.ExtensionFailed, format, args...))
}

func (c *call) spent(format string, args ...any) {
	panic(fault.New(fault.LimitExceeded, format, args...))
}

// Refuel implements slot.Meter: it looks whether the call is to be stopped and hands out the next slice.
func (c *call) Refuel(left int64) int64 {
	if left == fuel.TooDeep {
		c.spent("its calls nest too deeply\nDoes a function call itself without an end? %d calls may nest.", depthLimit)
	}
	c.cede()
	c.alive()
	if c.given >= c.limits.Fuel {
		c.spent("it has executed its %d instructions\nIs there a loop without an end?%s", c.limits.Fuel, c.askFor("fuel_per_execute"))
	}
	more := min(slice, c.limits.Fuel-c.given)
	c.given += more
	return left + more
}

// alive ends the call when it was cancelled or is over its time.
func (c *call) alive() {
	if c.Err() != nil {
		panic(fault.Wrap(context.Cause(c), fault.Cancelled, "cancelled"))
	}
	if c.host.life.over.Err() != nil {
		panic(fault.Wrap(errClosed, fault.Cancelled, "cancelled"))
	}
	now := time.Now()
	if end, ok := c.Deadline(); ok && now.After(end) { // the timer that says so may wait for a processor
		panic(fault.Wrap(context.DeadlineExceeded, fault.Cancelled, "cancelled"))
	}
	if now.After(c.deadline) {
		c.spent("it ran longer than %v%s", c.limits.Wall, strings.Replace(c.askFor("wall_ms"), " ", "\n", 1))
	}
}

// callWork is what a host call counts among the bytes after which the host looks at the clock: fuel alone would let a guest
// make tens of thousands of them first.
const callWork = 4 << 10

// lookEvery is after how many bytes of work the host looks whether the call is to be stopped.
const lookEvery = 1 << 20

// enter counts a host call.
func (c *call) enter() {
	if c.hostCalls++; c.hostCalls > c.limits.HostCalls {
		c.spent("it made more than %d calls of the host", c.limits.HostCalls)
	}
	if c.host.workers != nil { // a worker that was taken over may be slow between its calls
		c.alive()
	}
	c.look(callWork)
}

// work charges bytes that the host moves or computes for the guest, before it does.
func (c *call) work(n int64) {
	if c.hostBytes += n; n < 0 || c.hostBytes > c.limits.HostBytes {
		c.spent("it let the host work on more than %d bytes", c.limits.HostBytes)
	}
	c.look(n)
}

func (c *call) look(n int64) {
	if c.looked += n; c.looked > lookEvery {
		c.looked = 0
		c.cede()
		c.alive()
	}
}

// used is how much fuel the call has used. What is left of a slice is the word of a worker, which may be anything.
func (c *call) used() int64 { return c.given - min(max(c.slot.Fuel(), 0), c.given) }

// bytes is a range of the guest's memory; one outside of it traps. It is valid until the guest runs again.
func (c *call) bytes(ptr, n uint32) []byte {
	mem := c.slot.Memory()
	if uint64(ptr)+uint64(n) > uint64(len(mem)) {
		c.trap("pointer %#x with length %d is outside of the memory", ptr, n)
	}
	return mem[ptr : uint64(ptr)+uint64(n) : uint64(ptr)+uint64(n)]
}

// maxText is over what any name, key or topic may have.
const maxText = 64 << 10

// text is a text in the guest's memory, copied.
func (c *call) text(ptr, n uint32) string {
	b := c.bytes(ptr, n)
	if n > maxText {
		c.trap("a text of %d bytes", n)
	}
	if !utf8.Valid(b) {
		c.trap("a text is no UTF-8")
	}
	return string(b)
}

// decodeWork is how many bytes of copying take as long as decoding one.
const decodeWork = 16

// message is a decoded message in the guest's memory.
func (c *call) message(ptr, n uint32) abi.Map {
	b := c.bytes(ptr, n)
	c.work(int64(min(n, abi.MaxCborBytes)) * decodeWork)
	v, err := abi.Decode(b, abi.DefaultLimits())
	if err != nil {
		c.trap("%v", err)
	}
	m, ok := v.(map[string]any)
	if !ok {
		c.trap("a message is no map")
	}
	return m
}

// out writes a result into the guest's buffer, or keeps it for take.
func (c *call) out(b []byte, ptr, limit uint32) int64 {
	dst := c.bytes(ptr, limit)
	c.work(int64(len(b)))
	if len(b) > int(limit) {
		c.pending = b
		return int64(len(b))
	}
	copy(dst, b)
	return int64(len(b))
}

// outValue is out for a message.
func (c *call) outValue(v any, ptr, limit uint32) int64 {
	b, err := abi.Append(nil, v)
	if err != nil || len(b) > abi.MaxCborBytes {
		return int64(abi.ETOOBIG)
	}
	return c.out(b, ptr, limit)
}

// outcome turns what the slot gave into the call's error.
func (c *call) outcome(code int32, err error) error {
	c.endLine()
	var known *fault.Error
	switch {
	case errors.As(err, &known):
		return known
	case err != nil:
		return c.trapped(err)
	case c.failed != nil:
		return c.failed
	case code != 0:
		return &Failure{Errno: code}
	case c.reply_ == nil:
		return fault.New(fault.ExtensionFailed, "the extension did not reply")
	}
	return nil
}
