package server

import (
	"testing"

	"github.com/cocoonhq/cocoon/engine"
)

// TestWatch: a stream is told of what it wants and of nothing else.
func TestWatch(t *testing.T) {
	h := NewHub()
	defer h.Close()
	mine, _, stop := h.watch(func(e engine.Event) bool { return e.Tenant == "a" && e.Type == "status" })
	defer stop()
	all, _, stop := h.watch(nil)
	defer stop()
	for _, x := range []struct {
		event     engine.Event
		mine, all bool
	}{
		{engine.Event{Tenant: "a", Type: "status", Data: []byte("{}")}, true, true},
		{engine.Event{Tenant: "b", Type: "status", Data: []byte("{}")}, false, true},
		{engine.Event{Tenant: "a", Type: "progress", Data: []byte("{}")}, false, true},
	} {
		h.Publish(t.Context(), x.event)
		told := func(s *stream) bool {
			select {
			case <-s.wake:
				return true
			default:
				return false
			}
		}
		if a, b := told(mine), told(all); a != x.mine || b != x.all {
			t.Errorf("%s of %s: told %v and %v; want %v and %v", x.event.Type, x.event.Tenant, a, b, x.mine, x.all)
		}
	}
}
