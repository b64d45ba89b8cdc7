package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// meddle does one of the things that people do to a queue.
func meddle(ctx context.Context, e *engine.Engine, t tenant.ID, id string, dice *rand.Rand) {
	switch dice.IntN(12) {
	case 0:
		e.Interrupt(t, id)
	case 1:
		_, _ = e.Cancel(ctx, t, id)
	case 2:
		_ = e.Clear(ctx, t)
	case 3:
		e.Free(true, dice.IntN(2) == 0)
	case 4:
		_, _ = e.Move(ctx, t, id, dice.Float64())
	case 5:
		_ = e.Pause(ctx, t, true)
		_ = e.Pause(ctx, t, false)
	case 6:
		if q, err := e.Queue(ctx, t); err == nil {
			for range q.Pending {
				continue
			}
		}
	case 7:
		_, _ = e.Peek(ctx, t, engine.PeekQuery{Order: engine.Newest, Pending: 3})
	case 8:
		for range e.History(ctx, t, engine.HistoryQuery{}) {
			continue
		}
	case 9:
		_, _, _, _ = e.Position(ctx, t, id)
	case 10:
		_, _, _ = e.Retry(ctx, t, id)
	case 11:
		_, _ = e.Current(t, "c")
	}
}

// TestBusy: people submit, stop and look while several workers run, and the engine is drained in the midst of it. Of what was
// not taken out of the queue every prompt ends or still waits.
func TestBusy(t *testing.T) {
	prompts := []string{
		graph("1 GoldenConst value=1", "2 GoldenEcho value=@1.0"),
		graph(`1 GoldenSteps steps=5 delay=0.001 preview="JPEG" width=8 height=8 limit=0`, "2 GoldenEcho value=@1.0"),
		graph("1 TestSleep value=1 seconds=0.005", "2 GoldenEcho value=@1.0"),
		graph(loopStart("s", 3, ""), `b TestIntMathOperation a=@s.0 b=10 operation="add"`, "e EndLoop output_value=@b.0", "9 GoldenTakeList a=@e.0"),
		graph("1 StubInt value=1", "2 TestSyncError value=@1.0", "3 GoldenEcho value=@2.0"),
	}
	for _, kind := range []engine.CacheKind{engine.CacheRAM, engine.CacheClassic, engine.CacheLRU} {
		t.Run(fmt.Sprint("cache ", kind), func(t *testing.T) {
			b := start(t, func(c *engine.Config) {
				c.Cache = engine.CacheConfig{Kind: kind, Entries: 10}
				c.Workers, c.Lease, c.Grace = 3, 200*time.Millisecond, 50*time.Millisecond
			})
			var people sync.WaitGroup
			for i := range 6 {
				people.Go(func() {
					who, dice := tenant.ID(fmt.Sprint(i%3)), rand.New(rand.NewPCG(uint64(i), 3))
					for range 8 {
						ctx, cancel := context.WithCancel(t.Context())
						if dice.IntN(4) == 0 {
							time.AfterFunc(time.Duration(dice.IntN(1000))*time.Microsecond, cancel)
						}
						a, _ := b.engine.Submit(ctx, engine.Submission{Tenant: who, ClientID: "c", Prompt: json.RawMessage(prompts[dice.IntN(len(prompts))])})
						meddle(ctx, b.engine, who, a.PromptID, dice)
						cancel()
					}
				})
			}
			people.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := b.engine.Drain(ctx); err != nil {
				t.Error(err)
			}
			for who := range 3 {
				id := tenant.ID(fmt.Sprint(who))
				running, pending := queueOf(t, b.engine, id)
				if len(running) != 0 || len(pending) != b.engine.Remaining(id) {
					t.Errorf("tenant %s: %d run, %d wait, %d remain", id, len(running), len(pending), b.engine.Remaining(id))
				}
			}
		})
	}
}
