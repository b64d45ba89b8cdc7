// Package mem is the bus of one process.
package mem

import (
	"context"
	"sync"

	"github.com/cocoonhq/cocoon/engine"
)

// Bus hands each event to every subscriber, in the order of Publish. The zero Bus is ready for use.
type Bus struct {
	mu   sync.Mutex // guards subs, and keeps the order of events
	subs []*Subscription
}

// Publish queues the event at each subscriber; it never waits.
func (b *Bus) Publish(_ context.Context, e engine.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.subs {
		s.put(e)
	}
}

// Subscribe starts listening. limit bounds how many events wait unread; when more come, previews are dropped first, then
// the subscription ends, because a listener that misses events must know. Close it when done.
func (b *Bus) Subscribe(limit int) *Subscription {
	s := &Subscription{bus: b, limit: limit, wake: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = append(b.subs, s)
	return s
}

// Subscription is one listener.
type Subscription struct {
	bus   *Bus
	limit int
	wake  chan struct{}

	mu     sync.Mutex // guards the rest
	queue  []engine.Event
	closed bool
}

func (s *Subscription) put(e engine.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if len(s.queue) >= s.limit && !s.makeRoom() {
		s.closed = true
	} else {
		s.queue = append(s.queue, e)
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// makeRoom drops previews and tells whether that helped.
func (s *Subscription) makeRoom() bool {
	kept := s.queue[:0]
	for _, e := range s.queue {
		if e.Preview == nil {
			kept = append(kept, e)
		}
	}
	helped := len(kept) < len(s.queue)
	s.queue = kept
	return helped
}

// Next waits for events and gives all that are there. ok is false when the subscription has ended or ctx is done.
func (s *Subscription) Next(ctx context.Context) (events []engine.Event, ok bool) {
	for {
		s.mu.Lock()
		events, s.queue = s.queue, nil
		closed := s.closed
		s.mu.Unlock()
		if len(events) > 0 {
			return events, true
		}
		if closed {
			return nil, false
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, false
		}
	}
}

// Close ends the subscription; what waits unread can still be had from Next.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	for i, o := range s.bus.subs {
		if o == s {
			s.bus.subs = append(s.bus.subs[:i:i], s.bus.subs[i+1:]...)
			break
		}
	}
	s.bus.mu.Unlock()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
