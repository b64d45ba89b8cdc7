package wasmhost

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// answers stands for the engine where a node asks for inputs: what it has, by name; an error is one. Others are waited for without end.
type answers map[string]any

// Pull answers.
func (a answers) Pull(ctx context.Context, input string) (any, error) {
	v, ok := a[input]
	if !ok {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	err, _ := v.(error)
	return v, err
}

// TestInput: values come as arguments do, and refusals say why.
func TestInput(t *testing.T) {
	h := newHost(t, Config{})
	deep := any("x")
	for range 40 {
		deep = []any{deep}
	}
	with := answers{"text": "größe", "block": node.Blocker{Message: "no", Say: true}, "silent": node.Blocker{}, "list": node.List{int64(1), "a"}, "null": nil,
		"long": strings.Repeat("x", 3*mib+mib/2), "deep": deep, "images": node.List{ramp(1, 1, 1, 3), ramp(1, 1, 1, 3), ramp(1, 1, 1, 3)}, "odd": struct{}{},
		"none": error(fault.New(fault.NotFound, "no")), "sync": error(fault.New(fault.Unsupported, "no")), "lost": errors.New("lost")}
	l := ExecuteLimits()
	l.Handles = 1
	withCall(t, h, Grant{}, l, func(c *call) {
		c.args = node.Args{"given": int64(1)}
		ask := func(name string) int64 {
			copy(c.bytes(messageAt, uint32(len(name))), name)
			return c.input(messageAt, uint32(len(name)), guestMemory, 8<<10)
		}
		if got := ask("text"); got != int64(abi.EUNSUP) {
			t.Errorf("without an engine: %d", got)
		}
		c.run.Puller = with
		for name, want := range map[string]any{"text": "größe", "block": abi.Tag{Number: abi.TagBlocker, Value: "no"}, "silent": abi.Tag{Number: abi.TagBlocker},
			"list": abi.Tag{Number: abi.TagList, Value: []any{int64(1), "a"}}, "null": nil} {
			n := ask(name)
			if n < 0 {
				t.Errorf("%s: %d", name, n)
				continue
			}
			got, err := abi.Decode(c.bytes(guestMemory, uint32(n)), abi.DefaultLimits())
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("%s: %v %s", name, err, d)
			}
		}
		if _, there := c.args["text"]; !there || c.args["given"] != int64(1) {
			t.Errorf("arguments %v", c.args)
		}
		// What does not fit becomes a handle, and handles that are given do not count.
		for name, live := range map[string]int{"long": 1, "deep": 1, "odd": 1, "images": 3} {
			before, most := c.handles.live, c.limits.Handles
			if n := ask(name); n < 0 || c.handles.live-before != live || c.limits.Handles-most != live {
				t.Errorf("%s: %d, %d handles more, %d more allowed", name, n, c.handles.live-before, c.limits.Handles-most)
			}
		}
		for name, want := range map[string]int32{"none": abi.ENOENT, "sync": abi.EUNSUP, "lost": abi.EIO} {
			if got := ask(name); got != int64(want) {
				t.Errorf("%s: %d, want %d", name, got, want)
			}
		}
		c.limits.Parked = c.parked + 5*time.Millisecond
		if got := ask("never"); got != int64(abi.ETIMEOUT) {
			t.Errorf("waits are over: %d", got)
		}
		c.limits.Parked = 0
		ctx, cancel := context.WithCancel(c.Context)
		c.Context = ctx
		time.AfterFunc(time.Millisecond, cancel)
		if got := ask("never"); got != int64(abi.ECANCEL) {
			t.Errorf("cancelled: %d", got)
		}
	})
}
