package server

import (
	"net/http"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// maxRooms is from how many tenants on those who have been away longest give back what the server keeps ready for them.
const maxRooms = 256

// room is what a tenant has: a server of its own, whose Files are the tenant's alone.
type room struct {
	handler http.Handler
	streams int    // that are open
	visits  int    // requests that are being answered
	used    uint64 // the visit that was the last, counted over all rooms
}

// enterRoom finds what a tenant has, or makes it. leaveRoom must follow.
func (g *gate) enterRoom(id tenant.ID) (*room, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.rooms[id]
	if m == nil {
		files, err := g.s.c.Auth.Files(id)
		if err != nil {
			return nil, err
		}
		g.clear()
		m = &room{handler: g.s.within(files)}
		g.rooms[id] = m
	}
	g.entered++
	m.visits, m.used = m.visits+1, g.entered
	return m, nil
}

func (g *gate) leaveRoom(m *room) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m.visits--
}

// clear makes place for one more room, by dropping the one that was left longest ago. One with visits stays, so that a tenant
// never has two. g.mu is held.
func (g *gate) clear() {
	if len(g.rooms) < maxRooms {
		return
	}
	var oldest tenant.ID
	var found *room
	for id, m := range g.rooms {
		if m.visits == 0 && (found == nil || m.used < found.used) {
			oldest, found = id, m
		}
	}
	if found != nil {
		delete(g.rooms, oldest)
	}
}

// within is the server of one tenant. It has the whole API, and of files those of the tenant alone: a handler that forgot to
// ask whose they are has no others.
func (s *Server) within(files Files) http.Handler {
	c := s.c
	c.Files = files
	c.Argv = c.Argv[:min(len(c.Argv), 1)] // the rest is the operator's
	inner := build(c)
	inner.counts, inner.classes = s.counts, s.classes
	return inner.inner
}

// occupy counts a stream that comes or goes; false when there is no room for it.
func (g *gate) occupy(m *room, n int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n > 0 && !tenant.Room(int64(m.streams), int64(n), int64(g.s.c.Auth.Limits.Sockets)) {
		return false
	}
	m.streams += n
	return true
}
