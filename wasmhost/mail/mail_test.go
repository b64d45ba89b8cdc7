package mail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// TestMessagesOfTenants: what is posted early is kept for its tenant's node; waits end when they are cancelled; what nobody
// comes for goes.
func TestMessagesOfTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New()
		key := func(id tenant.ID, prompt string) Box { return Box{id, "x", prompt, "7", "choice"} }
		wait := func(k Box) (string, bool) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			b, ok := m.Wait(ctx, k)
			return string(b), ok
		}
		if awaited, err := m.Post(key("a", ""), []byte("early")); awaited || err != nil {
			t.Errorf("early: %v, %v", awaited, err)
		}
		if _, ok := wait(key("b", "p1")); ok {
			t.Error("it reached another tenant")
		}
		if got, _ := wait(key("a", "p1")); got != "early" {
			t.Errorf("got %q", got)
		}
		got := make(chan string, 1)
		go func() {
			s, _ := wait(key("a", "p1"))
			got <- s
		}()
		synctest.Wait()
		for _, k := range []Box{key("b", ""), key("b", "p1"), key("a", "p2")} {
			if awaited, err := m.Post(k, []byte("wrong")); awaited || err != nil {
				t.Errorf("%v: %v, %v", k, awaited, err)
			}
		}
		if awaited, err := m.Post(key("a", ""), []byte("late")); !awaited || err != nil || <-got != "late" {
			t.Errorf("late: %v, %v", awaited, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan bool, 1)
		go func() {
			_, ok := m.Wait(ctx, key("c", "p1"))
			ended <- ok
		}()
		synctest.Wait()
		cancel(errors.New("the prompt was cancelled"))
		if <-ended {
			t.Error("a cancelled wait got something")
		}
		m.DropPrompt("b", "p2")
		m.DropPrompt("a", "p1")
		var left []string
		m.each(func(k Box, _ *box) { left = append(left, string(k.Tenant)+"/"+k.Prompt) })
		if d := cmp.Diff(3, len(left)); d != "" {
			t.Errorf("boxes %v", left)
		}
		<-time.After(keepUnclaimed + time.Second)
		_, _ = m.Post(key("z", ""), nil)
		if there := m.all[key("b", "").owner()][key("b", "")]; there != nil {
			t.Error("an unclaimed message stays")
		}
		if there := m.all[key("a", "p2").owner()][key("a", "p2")]; there == nil {
			t.Error("a message for a prompt that still waits is gone")
		}
		<-time.After(keepPrompt)
		_, _ = m.Post(key("z", ""), nil)
		if m.total() != 1 {
			t.Errorf("%d boxes: leftovers of prompts that never ran stay", m.total())
		}
	})
}

// total is how many boxes there are.
func (o *Office) total() (n int) {
	o.each(func(Box, *box) { n++ })
	return n
}

// TestOrder: a reader's own messages go before those for any prompt; each comes in the order that it was posted, once.
func TestOrder(t *testing.T) {
	o, own := New(), Box{"a", "x", "p", "7", "choice"}
	loose := own
	loose.Prompt = ""
	for _, m := range []struct {
		at   Box
		text string
	}{{loose, "3"}, {own, "1"}, {loose, "4"}, {own, "2"}} {
		if _, err := o.Post(m.at, []byte(m.text)); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	for range 4 {
		b, _ := o.Wait(t.Context(), own)
		got += string(b)
	}
	if got != "1234" {
		t.Errorf("order %s", got)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if b, ok := o.Wait(gone, own); ok {
		t.Errorf("one more: %q", b)
	}
	if o.total() != 0 {
		t.Errorf("%d boxes are left", o.total())
	}
}

// TestBounds: one tenant's extension has its bounds of messages, boxes and bytes; over them nothing is kept, and others have
// their own.
func TestBounds(t *testing.T) {
	for _, x := range []struct {
		name string
		at   func(i int) Box
		size int
		fit  int
	}{
		{"messages of a box", func(int) Box { return Box{"a", "x", "p", "7", "t"} }, 1, abi.MaxMsgCount},
		{"boxes", func(i int) Box { return Box{"a", "x", "p", "7", fmt.Sprint(i)} }, 1, maxBoxes},
		{"bytes", func(i int) Box { return Box{"a", "x", "p", "7", fmt.Sprint(i)} }, maxKept / 8, 8},
	} {
		t.Run(x.name, func(t *testing.T) {
			o := New()
			for i := range x.fit {
				if _, err := o.Post(x.at(i), make([]byte, x.size)); err != nil {
					t.Fatalf("%d: %v", i, err)
				}
			}
			if _, err := o.Post(x.at(x.fit), make([]byte, x.size)); !errors.Is(err, fault.TooMany) {
				t.Errorf("one more: %v", err)
			}
			for _, other := range []Box{{"b", "x", "p", "7", "t"}, {"a", "y", "p", "7", "t"}} {
				if _, err := o.Post(other, make([]byte, x.size)); err != nil {
					t.Errorf("%v: %v", other, err)
				}
			}
		})
	}
}

// TestHammer: of many who post and many who wait at once each message reaches one reader.
func TestHammer(t *testing.T) {
	const each, workers = 200, 8
	o, box := New(), Box{"a", "x", "p", "7", "t"}
	var mu sync.Mutex
	got := map[string]int{}
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := 0; i < each; {
				at := box
				if i%2 == 0 {
					at.Prompt = ""
				}
				if _, err := o.Post(at, fmt.Append(nil, w, i)); err == nil {
					i++
				}
			}
		})
		all.Go(func() {
			for range each {
				b, ok := o.Wait(t.Context(), box)
				mu.Lock()
				if got[string(b)]++; !ok {
					t.Error("a wait ended")
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(got) != each*workers || o.total() != 0 {
		t.Errorf("%d messages, %d boxes are left", len(got), o.total())
	}
}

// TestKeptForATenant: what is kept for all of a tenant's extensions is bounded, is no other tenant's, and is counted until it is read or
// forgotten.
func TestKeptForATenant(t *testing.T) {
	o := New()
	msg := make([]byte, abi.MaxMsgBytes)
	post := func(id tenant.ID, ext, node string) error {
		_, err := o.Post(Box{Tenant: id, Extension: ext, Prompt: "p", Node: node}, msg)
		return err
	}
	n := 0
	for e := range 8 {
		for i := 0; i < maxKept/len(msg); i++ {
			if post("a", fmt.Sprint(e), fmt.Sprint(i%64)) == nil {
				n++
			}
		}
	}
	if n*len(msg) != maxTenant {
		t.Errorf("%d messages are kept", n)
	}
	if err := post("b", "0", "1"); err != nil {
		t.Errorf("another tenant's: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := o.Wait(ended, Box{Tenant: "a", Extension: "0", Prompt: "p", Node: "1"}); !ok {
		t.Error("nothing is there")
	}
	if err := post("a", "0", "1"); err != nil {
		t.Errorf("after one was read: %v", err)
	}
	o.DropPrompt("a", "p")
	o.DropPrompt("b", "p")
	if len(o.all) != 0 || len(o.bytes) != 0 || len(o.of) != 0 {
		t.Errorf("left: %d, %v, %v", len(o.all), o.bytes, o.of)
	}
}
