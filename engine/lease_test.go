package engine_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
)

// sleeper sleeps for a time of the test's clock.
func sleeper(d time.Duration, calls *int) node.Node {
	return rogue{id: "Sleeper", do: func(ctx context.Context) (node.Reply, error) {
		*calls++
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return node.Reply{Outputs: []any{int64(1)}}, nil
		case <-ctx.Done():
			return node.Reply{}, ctx.Err()
		}
	}}
}

const sleeping = `{"1":{"class_type":"Sleeper","inputs":{}},"2":{"class_type":"GoldenEcho","inputs":{"value":["1",0]}}}`

// inBubble gives the test a clock that jumps ahead when all wait.
func inBubble(t *testing.T, test func(t *testing.T, store *sqlite.Store)) {
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		test(t, store)
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestHeartbeatKeepsTheLease(t *testing.T) {
	inBubble(t, func(t *testing.T, store *sqlite.Store) {
		calls := 0
		b := startOn(t, store, withNodes(t, sleeper(10*time.Minute, &calls)), func(c *engine.Config) { c.Workers = 2 })
		r := b.await2(b.submit(sleeping))
		if r.status() != "success" || calls != 1 {
			t.Errorf("status %s after %d calls, want success after 1", r.status(), calls)
		}
		b.stop()
	})
}

// await2 is await for a clock that jumps: it looks now and then.
func (b *bench) await2(id string) *result {
	b.t.Helper()
	for range 100_000 {
		h, err := b.engine.HistoryOf(context.Background(), "", id)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(h) == 1 {
			return &result{id, h[0], b.bus.take()}
		}
		<-time.After(time.Second)
	}
	b.t.Fatal("the prompt does not end")
	return nil
}

func TestDeadWorkersJobIsRunAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, store *sqlite.Store) {
		calls := 0
		put(t, store)
		begun := time.Now()
		if _, ok, err := store.Claim(context.Background(), "dead", 15*time.Second); !ok || err != nil {
			t.Fatal(ok, err)
		}
		b := startOn(t, store, withNodes(t, sleeper(time.Second, &calls)))
		r := b.await2(jobID)
		if took := time.Since(begun); r.status() != "success" || calls != 1 || took < 15*time.Second || took > 20*time.Second {
			t.Errorf("status %s, %d calls after %v; want success after the lease", r.status(), calls, took)
		}
		b.stop()
	})
}

const jobID = "00000000-0000-4000-8000-000000000001"

func put(t *testing.T, s *sqlite.Store) {
	t.Helper()
	j := engine.Job{PromptID: jobID, Prompt: json.RawMessage(sleeping), Extra: json.RawMessage(`{"client_id":"c"}`), Outputs: []string{"2"}}
	if _, err := s.Put(context.Background(), j); err != nil {
		t.Fatal(err)
	}
}

func TestPoisonJobStops(t *testing.T) {
	inBubble(t, func(t *testing.T, store *sqlite.Store) {
		calls := 0
		put(t, store)
		for range 3 { // three workers die of it
			if _, ok, err := store.Claim(context.Background(), "dead", time.Second); !ok || err != nil {
				t.Fatal(ok, err)
			}
			<-time.After(2 * time.Second)
		}
		b := startOn(t, store, withNodes(t, sleeper(time.Second, &calls)))
		r := b.await2(jobID)
		if r.status() != "error" || calls != 0 || !strings.Contains(string(r.entry.Status), "begun 3 times") {
			t.Errorf("status %s after %d calls; want an error that tells why, without a call", r.entry.Status, calls)
		}
		b.stop()
	})
}

func TestStoppingHandsTheJobBack(t *testing.T) {
	for _, how := range []string{"close", "context"} {
		t.Run(how, func(t *testing.T) {
			inBubble(t, func(t *testing.T, store *sqlite.Store) {
				calls := 0
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				b := prepare(t, store, withNodes(t, sleeper(time.Hour, &calls)))
				if err := b.engine.Start(ctx); err != nil {
					t.Fatal(err)
				}
				id := b.submit(sleeping)
				<-time.After(time.Minute)
				if how == "context" {
					cancel()
				}
				b.stop()
				if n := store.Active(""); n != 1 {
					t.Fatalf("%d active jobs after stopping, want 1", n)
				}
				b = startOn(t, store, withNodes(t, sleeper(time.Second, &calls)))
				if r := b.await2(id); r.status() != "success" || calls != 2 {
					t.Errorf("status %s after %d calls, want success after 2", r.status(), calls)
				}
				b.stop()
			})
		})
	}
}

func TestLostLeaseStopsTheRun(t *testing.T) {
	inBubble(t, func(t *testing.T, store *sqlite.Store) {
		calls := 0
		b := startOn(t, store, withNodes(t, sleeper(time.Hour, &calls)), func(c *engine.Config) { c.Lease = 3 * time.Second })
		id := b.submit(sleeping)
		<-time.After(time.Minute)
		// Somebody else finishes the job behind the worker's back.
		g, err := store.Peek(context.Background(), "", engine.PeekQuery{Whole: true})
		if err != nil || len(g.Running) != 1 {
			t.Fatal(len(g.Running), err)
		}
		j := json.RawMessage("{}")
		l := engine.Lease{Job: g.Running[0], Token: store.Token(g.Running[0].Seq)}
		if err := store.Finish(context.Background(), l, engine.Outcome{State: engine.Completed, Outputs: j, Status: j, Meta: j}); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		if _, ok := b.engine.Current("", "c"); ok {
			t.Error("the run goes on after its lease was lost")
		}
		h, err := b.engine.HistoryOf(context.Background(), "", id)
		if err != nil || len(h) != 1 || string(h[0].Status) != "{}" {
			t.Errorf("history %v %v, want what the other wrote", h, err)
		}
		b.stop()
	})
}
