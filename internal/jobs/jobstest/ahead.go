package jobstest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine"
)

// ahead compares the places of a long queue's jobs with their order, while all that can happen to a queue happens.
func ahead(t *testing.T, make Maker) {
	s, _ := make(t)
	const long = 1200 // more than a store counts each time
	put(t, s, job("other", "x", 0))
	for i := range long {
		put(t, s, job("", fmt.Sprint(i), float64(i%50)))
	}
	dice := rand.New(rand.NewPCG(5, 6))
	some := func() string { return fmt.Sprint(dice.IntN(long)) }
	var leases []engine.Lease
	steps := []func() error{
		func() error {
			_, err := s.Put(t.Context(), job("", fmt.Sprint("new", dice.Int()), float64(dice.IntN(60)-5)))
			return err
		},
		func() error {
			l, ok, err := s.Claim(t.Context(), "w", time.Hour)
			if ok {
				leases = append(leases, l)
			}
			return err
		},
		func() error { // a lease that is lost by the next claim
			_, _, err := s.Claim(t.Context(), "w", time.Nanosecond)
			return err
		},
		func() error {
			if len(leases) == 0 {
				return nil
			}
			l := leases[0]
			leases = leases[1:]
			if dice.IntN(2) == 0 {
				return s.Finish(t.Context(), l, done())
			}
			return s.Release(t.Context(), l)
		},
		func() error { _, err := s.Remove(t.Context(), "", []string{some(), some(), some()}); return err },
		func() error { _, err := s.Renumber(t.Context(), "", some(), float64(dice.IntN(60)-5)); return err },
	}
	for i := range 60 {
		if err := steps[dice.IntN(len(steps))](); err != nil {
			t.Fatal(err)
		}
		agreeAhead(t, s, dice, i)
	}
	if _, err := s.Clear(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	put(t, s, job("", "b", 2), job("", "a", 1))
	agreeAhead(t, s, dice, -1)
}

// agreeAhead checks the places of a few jobs.
func agreeAhead(t *testing.T, s engine.Store, dice *rand.Rand, step int) {
	t.Helper()
	seqs := peek(t, s, "", engine.PeekQuery{Pending: -1}).Pending
	for _, at := range slices.Compact([]int{0, dice.IntN(len(seqs)), len(seqs) - 1}) {
		list, _, err := s.Jobs(context.Background(), "", seqs[at:at+1], engine.Portion{})
		if err != nil || len(list) != 1 {
			t.Fatal(len(list), err)
		}
		if n, err := s.Ahead(t.Context(), list[0]); err != nil || n != at {
			t.Fatalf("step %d: %d are ahead of the job at %d, %v", step, n, at, err)
		}
	}
}
