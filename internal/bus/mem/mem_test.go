package mem

import (
	"image"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/bus/bustest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBus(t *testing.T) {
	bustest.Run(t, func(*testing.T) (engine.Bus, func() bustest.Listener) {
		b := &Bus{}
		return b, func() bustest.Listener { return b.Subscribe(10_000) }
	})
}

func TestSlowListener(t *testing.T) {
	b := &Bus{}
	s := b.Subscribe(3)
	defer s.Close()
	preview := engine.Event{Preview: &engine.PreviewEvent{Picture: &node.Preview{Image: image.NewGray(image.Rect(0, 0, 1, 1))}}}
	for _, e := range []engine.Event{{Type: "a"}, preview, preview, {Type: "b"}} {
		b.Publish(t.Context(), e)
	}
	events, ok := s.Next(t.Context())
	if !ok || len(events) != 2 || events[0].Type != "a" || events[1].Type != "b" {
		t.Errorf("got %v %v, want a and b: previews give way", events, ok)
	}
	for range 4 {
		b.Publish(t.Context(), engine.Event{Type: "c"})
	}
	events, _ = s.Next(t.Context())
	if _, ok := s.Next(t.Context()); ok || len(events) != 3 {
		t.Errorf("%d events, still listening: %v; want the end after 3", len(events), ok)
	}
}
