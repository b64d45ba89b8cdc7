package wasmhost

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
	"github.com/cocoonhq/cocoon/wasmhost/mail"
)

// TestEndsWaitForNoDisk: who tells that a prompt is over goes on at once, however slow the disk is; all are forgotten in their order,
// and what is more than can wait is told.
func TestEndsWaitForNoDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		q := &ends{forget: func(ctx context.Context, e end) error {
			time.Sleep(time.Second) // of the test's own clock
			if tenant.Of(ctx) != e.tenant {
				t.Errorf("%q for %q", tenant.Of(ctx), e.tenant)
			}
			got = append(got, e.prompt)
			return errors.New("a bad disk")
		}}
		from := time.Now()
		var want []string
		for i := range mostEnds {
			want = append(want, strconv.Itoa(i))
			if err := q.put(t.Context(), end{"a", want[i]}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait() // the first one is being forgotten
		if err := q.put(t.Context(), end{"a", "one that fits"}); err != nil {
			t.Error(err)
		}
		if err := q.put(t.Context(), end{"a", "too many"}); !errors.Is(err, fault.TooMany) {
			t.Errorf("too many: %v", err)
		}
		if d := time.Since(from); d != 0 {
			t.Errorf("it took %v", d)
		}
		q.stop(t.Context())
		if want = append(want, "one that fits"); !slices.Equal(got, want) {
			t.Errorf("%d of %d are forgotten", len(got), len(want))
		}
		if err := q.put(t.Context(), end{"a", "late"}); !errors.Is(err, fault.Cancelled) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestEndsStop: what cannot be forgotten in time is left.
func TestEndsStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		q := &ends{forget: func(context.Context, end) error {
			time.Sleep(time.Second)
			n++
			return nil
		}}
		for range 10 {
			if err := q.put(t.Context(), end{}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		if q.stop(ctx); n != 4 {
			t.Errorf("%d are forgotten", n)
		}
	})
}

// TestPromptOver: what was kept for the prompt goes, what was kept for another stays.
func TestPromptOver(t *testing.T) {
	h := newHost(t, Config{})
	at := func(prompt string) kv.Space {
		return kv.Space{Tenant: "a", Extension: "x", Scope: kv.Prompt(prompt)}
	}
	for _, p := range []string{"p", "q"} {
		if err := h.kv.Put(t.Context(), at(p), kv.Quota{Bytes: 100, Keys: 9}, "k", []byte("v"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := h.mail.Post(mail.Box{Tenant: "a", Extension: "x", Prompt: p, Node: "1"}, []byte("m")); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.PromptOver(tenantCtx(t.Context(), "a"), "p"); err != nil {
		t.Fatal(err)
	}
	h.ends.stop(t.Context())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for p, want := range map[string]int{"p": 0, "q": 1} {
		keys, err := h.kv.List(t.Context(), at(p), "")
		if _, mail := h.mail.Wait(ended, mail.Box{Tenant: "a", Extension: "x", Prompt: p, Node: "1"}); err != nil || len(keys) != want || mail != (want > 0) {
			t.Errorf("%s: %q, mail %v, %v", p, keys, mail, err)
		}
	}
}
