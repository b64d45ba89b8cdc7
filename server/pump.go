package server

import "sync"

// pump writes what waits for its share of the sockets, as far as that needs no waiting: an event for many costs one wake-up and
// one write a socket. Its goroutine lives while there is something to do.
type pump struct {
	mu      sync.Mutex // guards the rest
	ready   []*socket  // that have something waiting
	running bool
	stopped bool
	work    sync.WaitGroup

	scratch []byte // of the goroutine: frames that go out together
}

// maxTogether bounds the bytes that a pump puts into one write.
const maxTogether = 64 << 10

// push has a socket looked at, or ends it when the pump has stopped.
func (p *pump) push(s *socket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		s.end()
		return
	}
	p.ready = append(p.ready, s)
	if !p.running {
		p.running = true
		p.work.Go(p.run)
	}
}

func (p *pump) run() {
	var list []*socket
	for {
		clear(list)
		p.mu.Lock()
		list, p.ready = p.ready, list[:0]
		if len(list) == 0 {
			p.running, p.ready = false, nil
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		for _, s := range list {
			p.serve(s)
		}
	}
}

// stop waits until all that was pushed is done.
func (p *pump) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.work.Wait()
}

// serve writes what waits for a socket, or leaves it to a goroutine of the socket's own when that would take time.
func (p *pump) serve(s *socket) {
	ms, open := s.take()
	for len(ms) > 0 && ms[0].frame != nil {
		batch, n := p.together(ms)
		taken, all, err := s.wire.try(batch)
		if err != nil {
			s.fail()
			return
		}
		if taken {
			ms = ms[n:]
		}
		if !all {
			s.drain(ms)
			return
		}
	}
	if len(ms) > 0 {
		s.drain(ms)
	} else if !open {
		s.end()
	}
}

// together joins the first messages into one write, and tells how many those are.
func (p *pump) together(ms []message) (batch []byte, n int) {
	if len(ms) == 1 || len(ms[0].frame) >= maxTogether {
		return ms[0].frame, 1
	}
	p.scratch = p.scratch[:0]
	for n < len(ms) && ms[n].frame != nil && len(p.scratch)+len(ms[n].frame) <= maxTogether {
		p.scratch = append(p.scratch, ms[n].frame...)
		n++
	}
	return p.scratch, n
}
