package server

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"
)

// recheck is how often the keys of those who stay are looked at again.
const recheck = time.Second

// visits are the requests that are being answered.
type visits struct {
	all   map[*visit]struct{}
	timer *time.Timer // runs while there are any
}

// visit is a request that is being answered.
type visit struct {
	key    string // whose
	cancel context.CancelFunc
	conn   net.Conn // of a WebSocket, once it is one; guarded by the gate's mutex
	over   bool
}

// enter remembers a visit.
func (g *gate) enter(v *visit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.visits.all == nil {
		g.visits.all = map[*visit]struct{}{}
	}
	g.visits.all[v] = struct{}{}
	if g.visits.timer == nil {
		g.visits.timer = time.AfterFunc(recheck, g.recheck)
	}
}

// leave forgets it.
func (g *gate) leave(v *visit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.visits.all, v)
}

// recheck ends the visits whose key is good no more. A key that could not be looked at counts as good until it can.
func (g *gate) recheck() {
	ctx, cancel := context.WithTimeout(context.Background(), recheck)
	defer cancel()
	for id := range g.visitors() {
		if good, err := g.s.c.Auth.Keys.Valid(ctx, id); err == nil && !good {
			g.end(id)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.visits.all) == 0 {
		g.visits.timer = nil
		return
	}
	g.visits.timer = time.AfterFunc(recheck, g.recheck)
}

func (g *gate) visitors() map[string]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	ids := map[string]bool{}
	for v := range g.visits.all {
		ids[v.key] = true
	}
	return ids
}

func (g *gate) end(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for v := range g.visits.all {
		if v.key != key {
			continue
		}
		v.over = true
		v.cancel()
		if v.conn != nil {
			v.conn.Close()
		}
	}
}

// watched tells the visit the connection of a WebSocket.
type watched struct {
	http.ResponseWriter
	g *gate
	v *visit
}

// Hijack takes the connection over.
func (w *watched) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.g.mu.Lock()
	defer w.g.mu.Unlock()
	if w.v.conn = conn; w.v.over {
		conn.Close()
	}
	return conn, rw, nil
}

// Unwrap gives the writer below.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
