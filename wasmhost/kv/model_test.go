package kv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// TestHammer: of many that swap at once each succeeds once for each step; the quota holds for all together.
func TestHammer(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock) {
		const workers, steps = 8, 10
		ctx, at := t.Context(), Space{Tenant: "a", Extension: "x"}
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				for done := 0; done < steps; {
					v, err := s.Get(ctx, at, "n")
					if err != nil && !errors.Is(err, fault.NotFound) {
						t.Error(err)
						return
					}
					switch err := s.Swap(ctx, at, plenty, "n", v, append(v, 'x')); {
					case err == nil:
						done++
					case !errors.Is(err, fault.Conflict):
						t.Error(err)
						return
					}
				}
				for i := range steps {
					_ = s.Put(ctx, at, Quota{Bytes: 1 << 20, Keys: 20}, fmt.Sprintf("k%d-%d", w, i), nil, 0)
				}
			})
		}
		all.Wait()
		if g := got(s, at, "n"); len(g) != workers*steps {
			t.Errorf("%d of %d steps", len(g), workers*steps)
		}
		if keys := list(t, s, at, ""); len(keys) != 20 {
			t.Errorf("%d keys", len(keys))
		}
	})
}

// entry is a value of the model.
type entry struct {
	value string
	until int64
}

// TestModel: random steps have the store agree with a map.
func TestModel(t *testing.T) {
	s, err := Open("")
	ok(t, err)
	defer func() { _ = s.Close() }()
	c := &clock{time.UnixMilli(1)}
	s.now = c.now
	ctx, at, q := t.Context(), Space{Tenant: "a", Extension: "x"}, Quota{Bytes: 40, Keys: 4}
	model := map[string]entry{}
	r := rand.New(rand.NewPCG(1, 2))
	put := func(k, v string, ttl int64) fault.Code {
		bytes, keys := len(k)+len(v), 0
		for other, e := range model {
			if other != k {
				keys, bytes = keys+1, bytes+len(other)+len(e.value)
			}
		}
		if keys >= q.Keys || int64(bytes) > q.Bytes {
			return fault.DiskFull
		}
		if model[k] = (entry{v, 0}); ttl > 0 {
			model[k] = entry{v, c.at.UnixMilli() + ttl}
		}
		return ""
	}
	for step := range 600 {
		c.at = c.at.Add(time.Duration(r.IntN(3)) * time.Millisecond)
		for k, e := range model {
			if e.until > 0 && e.until <= c.at.UnixMilli() {
				delete(model, k)
			}
		}
		k, v := string(rune('a'+r.IntN(6))), strings.Repeat("v", r.IntN(20))
		var want fault.Code
		var err error
		switch r.IntN(4) {
		case 0, 1:
			ttl := int64(r.IntN(10))
			want, err = put(k, v, ttl), s.Put(ctx, at, q, k, []byte(v), time.Duration(ttl)*time.Millisecond)
		case 2:
			old := strings.Repeat("v", r.IntN(20))
			if r.IntN(2) == 0 {
				old = model[k].value
			}
			if want = fault.Conflict; model[k].value == old {
				want = put(k, v, 0)
			}
			err = s.Swap(ctx, at, q, k, []byte(old), []byte(v))
		default:
			delete(model, k)
			err = s.Delete(ctx, at, k)
		}
		if err == nil && want != "" || err != nil && fault.CodeOf(err) != want {
			t.Fatalf("step %d: %v, want %q", step, err, want)
		}
		wantKeys := []string{}
		for k, e := range model {
			wantKeys = append(wantKeys, k)
			if g := got(s, at, k); g != e.value {
				t.Fatalf("step %d: %s is %q, want %q", step, k, g, e.value)
			}
		}
		slices.Sort(wantKeys)
		counted(t, s)
		if d := cmp.Diff(wantKeys, list(t, s, at, "")); d != "" {
			t.Fatalf("step %d: %s", step, d)
		}
	}
}
