package wasmhost

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// endless is an extension whose node always asks to be called again.
func endless(afterMs int64, change func(l *Limits)) Source {
	again := map[string]any{"retry_after_ms": afterMs, "state": []byte("x")}
	s := tinySource(tiny(map[int32]any{abi.OpDescribe: tinyNode, abi.OpExecute: again, abi.OpResume: again}, nil))
	s.Limits = DefaultLimitSet()
	change(&s.Limits.Execute)
	return s
}

// TestRunsAreBounded: a node that is resumed for ever ends by what all of its calls may use together, at the same call each time.
func TestRunsAreBounded(t *testing.T) {
	used := func(change func(l *Limits)) (calls, fuel int64, err error) {
		h := newHost(t, Config{})
		e := load(t, h, endless(0, change))
		before := e.Stats()
		_, err = find(t, h, "Tiny").Run(runCtx(t, "a", "1"), node.Args{})
		return e.Stats().Calls - before.Calls, e.Stats().Fuel - before.Fuel, err
	}
	_, two, err := used(func(l *Limits) { l.Resumes = 1 })
	if !errors.Is(err, fault.LimitExceeded) || !strings.Contains(err.Error(), "more than 1 times") {
		t.Fatalf("%v", err)
	}
	for _, x := range []struct {
		name   string
		change func(l *Limits)
		calls  int64
		want   string
	}{
		{"resumes", func(l *Limits) { l.Resumes = 20 }, 21, "called again more than 20 times"},
		{"fuel for five pairs", func(l *Limits) { l.RunFuel = 5 * two }, 10, "with all that it was resumed for"},
		{"fuel that ends within a call", func(l *Limits) { l.RunFuel = 5*two + 1 }, 11, "with all that it was resumed for"},
		{"ten times the fuel of a call", func(l *Limits) { l.Fuel = two }, 20, "instructions, with all that it was resumed for"},
	} {
		t.Run(x.name, func(t *testing.T) {
			calls, fuel, err := used(x.change)
			if !errors.Is(err, fault.LimitExceeded) || !strings.Contains(err.Error(), x.want) || calls != x.calls {
				t.Errorf("%d calls with fuel %d (a pair: %d), %v; want %d calls and %q", calls, fuel, two, err, x.calls, x.want)
			}
		})
	}
	if _, _, err := used(func(l *Limits) { l.RunWall = 1 }); !errors.Is(err, fault.LimitExceeded) {
		t.Errorf("no time: %v", err)
	}
	if _, _, err := used(func(l *Limits) { l.Fuel = 1 }); !errors.Is(err, fault.LimitExceeded) || strings.Contains(err.Error(), "resumed") {
		t.Errorf("a call's own bound: %v", err)
	}
}

// TestCancelBetweenResumes: a node that sleeps until it is called again ends at once with its prompt.
func TestCancelBetweenResumes(t *testing.T) {
	h := newHost(t, Config{})
	load(t, h, endless(time.Hour.Milliseconds(), func(*Limits) {}))
	ctx, cancel := context.WithCancel(runCtx(t, "a", "1"))
	time.AfterFunc(5*time.Millisecond, cancel)
	if _, err := find(t, h, "Tiny").Run(ctx, node.Args{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
