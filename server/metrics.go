package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// bounds are the upper ends of the classes that answers are counted in, in seconds.
var bounds = [...]float64{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10}

// counts are what /metrics tells. Routes are patterns, so that there are only so many.
type counts struct {
	mu     sync.Mutex // guards the rest
	routes map[string]*routeCount
}

type routeCount struct {
	byClass [6]uint64 // by the status's first digit
	within  [len(bounds)]uint64
	sum     float64 // seconds
	total   uint64
}

func (c *counts) request(route string, status int, took time.Duration) {
	if route == "" {
		route = "other"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.routes == nil {
		c.routes = map[string]*routeCount{}
	}
	n := c.routes[route]
	if n == nil {
		n = &routeCount{}
		c.routes[route] = n
	}
	n.byClass[min(max(status/100, 0), 5)]++
	n.total++
	n.sum += took.Seconds()
	for i, b := range bounds {
		if took.Seconds() <= b {
			n.within[i]++
		}
	}
}

// metricsText is GET /metrics.
func (s *Server) metricsText(w http.ResponseWriter, _ *http.Request, _ params) error {
	var b strings.Builder
	head := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	sockets, streams := s.c.Hub.open()
	total, free := s.c.Memory()
	all := s.c.Engine.Tally()
	for _, g := range []struct {
		name, help string
		v          any
	}{
		{"cocoon_prompts_remaining", "Prompts that wait or run.", all.Pending + all.Running},
		{"cocoon_prompts_waiting", "Prompts that wait.", all.Pending},
		{"cocoon_prompts_running", "Prompts that run.", all.Running},
		{"cocoon_sockets", "Open WebSockets.", sockets},
		{"cocoon_streams", "Open event streams and waiting requests.", streams},
		{"cocoon_memory_bytes", "Memory of the machine.", total},
		{"cocoon_memory_free_bytes", "Memory that is free.", free},
	} {
		head(g.name, "gauge", g.help)
		fmt.Fprintf(&b, "%s %v\n", g.name, g.v)
	}
	head("cocoon_prompts_total", "counter", "Prompts that ended since the start, by how.")
	for _, e := range []struct {
		how string
		n   uint64
	}{{"completed", all.Completed}, {"failed", all.Failed}, {"cancelled", all.Cancelled}} {
		fmt.Fprintf(&b, "cocoon_prompts_total{outcome=%q} %d\n", e.how, e.n)
	}
	head("cocoon_prompts_seconds_total", "counter", "Time that these prompts ran.")
	fmt.Fprintf(&b, "cocoon_prompts_seconds_total %g\n", all.Seconds)
	head("cocoon_build_info", "gauge", "The version of this server, as labels.")
	fmt.Fprintf(&b, "cocoon_build_info{version=%q,goversion=%q} 1\n", s.c.Version, runtime.Version())
	writeProcess(&b, head)
	s.writeExtensions(&b, head)
	s.counts.write(&b, head)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(b.String()))
	return nil
}

func (c *counts) write(b *strings.Builder, head func(name, kind, help string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.routes))
	for n := range c.routes {
		names = append(names, n)
	}
	slices.Sort(names)
	head("cocoon_requests_total", "counter", "Requests by route and class of status.")
	for _, n := range names {
		for class, k := range c.routes[n].byClass {
			if k > 0 {
				fmt.Fprintf(b, "cocoon_requests_total{route=%q,class=\"%dxx\"} %d\n", n, class, k)
			}
		}
	}
	head("cocoon_request_seconds", "histogram", "Time until requests were answered.")
	for _, n := range names {
		r := c.routes[n]
		for i, limit := range bounds {
			fmt.Fprintf(b, "cocoon_request_seconds_bucket{route=%q,le=\"%g\"} %d\n", n, limit, r.within[i])
		}
		fmt.Fprintf(b, "cocoon_request_seconds_bucket{route=%q,le=\"+Inf\"} %d\n", n, r.total)
		fmt.Fprintf(b, "cocoon_request_seconds_sum{route=%q} %g\ncocoon_request_seconds_count{route=%q} %d\n", n, r.sum, n, r.total)
	}
}

// healthz is GET /healthz.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request, _ params) error {
	reply.Text(w, 200, "ok\n")
	return nil
}

// readyz is GET /readyz: whether the server is not about to stop, and the job store and the output folder answer.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request, _ params) error {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if s.c.Engine.Draining() {
		return &plainText{http.StatusServiceUnavailable, "the server finishes what runs, and stops\n"}
	}
	if _, err := s.c.Engine.HistoryOf(ctx, tenant.Of(ctx), ""); err != nil {
		return &plainText{http.StatusServiceUnavailable, "the job store does not answer\n"}
	}
	if _, err := s.c.Files.Stat("output", "."); err != nil {
		return &plainText{http.StatusServiceUnavailable, "the output folder cannot be read\n"}
	}
	reply.Text(w, 200, "ready\n")
	return nil
}
