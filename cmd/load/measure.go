package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// reading measures the answers that clients ask for again and again.
func reading(ctx context.Context, s *server, p plan) ([]row, error) {
	var rows []row
	for _, q := range []struct{ path, aim string }{{"/object_info", "p50 5ms"}, {"/queue", "-"}, {"/api/jobs?limit=64", "-"}, {"/system_stats", "-"}} {
		d, err := repeat(p.requests, func(int) error { _, err := s.get(ctx, q.path); return err })
		if err != nil {
			return nil, err
		}
		if q.path == "/object_info" {
			rows = append(rows, row{"GET " + q.path + ", the first", short(d[0]).String(), "-"})
		}
		rows = append(rows, row{"GET " + q.path, quantiles(d), q.aim})
	}
	again, err := s.unchanged(ctx, "/object_info", p.requests)
	if err != nil {
		return nil, err
	}
	rows = append(rows, row{"GET /object_info, unchanged", quantiles(again), "p50 5ms"})
	return rows, nil
}

// unchanged measures a path whose answer the client has: 304 by its ETag.
func (s *server) unchanged(ctx context.Context, path string, n int) ([]time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	return repeat(n, func(int) error {
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		_, err = io.Copy(io.Discard, res.Body)
		if tag := r.Header.Get("If-None-Match"); tag != "" && res.StatusCode != http.StatusNotModified {
			return fmt.Errorf("GET %s: %s, want 304", path, res.Status)
		}
		r.Header.Set("If-None-Match", res.Header.Get("ETag"))
		return err
	})
}

// viewing measures a large picture.
func viewing(ctx context.Context, s *server, p plan) ([]row, error) {
	const size = 2 << 20
	if err := os.WriteFile(filepath.Join(s.base, "output", "load.png"), make([]byte, size), 0o644); err != nil {
		return nil, err
	}
	d, err := repeat(p.requests, func(int) error { _, err := s.get(ctx, "/view?filename=load.png"); return err })
	if err != nil {
		return nil, err
	}
	total := time.Duration(0)
	for _, one := range d {
		total += one
	}
	rate := float64(len(d)) * size / total.Seconds() / (1 << 30)
	return []row{{"GET /view of 2 MiB", fmt.Sprintf("%s, %.2f GiB/s", quantiles(d), rate), "as fast as the system copies"}}, nil
}

// dial opens sockets; closing ends them all.
func dial(ctx context.Context, s *server, n int) (list []*websocket.Conn, closing func(), err error) {
	closing = func() {
		for _, c := range list {
			_ = c.CloseNow()
		}
	}
	for range n {
		c, _, err := websocket.Dial(ctx, s.url+"/ws", nil)
		if err != nil {
			closing()
			return nil, nil, err
		}
		if _, _, err := c.Read(ctx); err != nil { // the greeting
			closing()
			return nil, nil, err
		}
		list = append(list, c)
	}
	return list, closing, nil
}

// idling measures the memory of clients that do nothing.
func idling(ctx context.Context, s *server, p plan) ([]row, error) {
	before := s.memory("VmRSS:")
	_, closing, err := dial(ctx, s, p.sockets)
	if err != nil {
		return nil, err
	}
	defer closing()
	each := float64(s.memory("VmRSS:")-before) / float64(p.sockets) / 1024
	return []row{{fmt.Sprintf("%d idle sockets", p.sockets), fmt.Sprintf("%.1f KiB each", each), "64 KiB each"}}, nil
}

// quick is a prompt that ends at once.
const quick = `{"prompt":{"1":{"class_type":"GoldenEcho","inputs":{"value":%d}}}%s}`

// rounds is how many events are told.
const rounds = 50

// heard is what subscribers have been told.
type heard struct {
	mu    sync.Mutex // guards the rest
	began time.Time  // when the last event was caused
	took  []time.Duration
	count []int // events by subscriber
}

// telling measures how long an event takes to all who are subscribed, and counts those lost or told twice. Emptying a queue in
// which nothing waits causes exactly one.
func telling(ctx context.Context, s *server, p plan) ([]row, error) {
	list, closing, err := dial(ctx, s, p.subscribed)
	if err != nil {
		return nil, err
	}
	defer closing()
	h := heard{count: make([]int, len(list))}
	var readers sync.WaitGroup
	for i, c := range list {
		readers.Go(func() { h.listen(ctx, i, c) })
	}
	before := s.busy()
	for i := range rounds {
		h.mu.Lock()
		h.began = time.Now()
		h.mu.Unlock()
		if _, err := s.do(ctx, "POST", "/queue", strings.NewReader(`{"clear":true}`)); err != nil {
			return nil, err
		}
		const patience = 5 * time.Second // then an event is lost
		for end := time.Now().Add(patience); !h.all(i+1) && time.Now().Before(end) && ctx.Err() == nil; {
			time.Sleep(5 * time.Millisecond)
		}
	}
	each := (s.busy() - before) / rounds
	closing()
	readers.Wait()
	lost, twice := 0, 0
	for _, n := range h.count {
		lost += max(0, rounds-n)
		twice += max(0, n-rounds)
	}
	return []row{{fmt.Sprintf("event to %d subscribers", len(list)), fmt.Sprintf("%s; %v of the server's CPU", quantiles(h.took), short(each)), "p99 20ms"},
		{"events lost, told twice", fmt.Sprintf("%d, %d", lost, twice), "0, 0"}}, nil
}

// listen counts what a subscriber is told, until it is closed.
func (h *heard) listen(ctx context.Context, i int, c *websocket.Conn) {
	for {
		_, b, err := c.Read(ctx)
		if err != nil {
			return
		}
		now := time.Now()
		if !bytes.Contains(b, []byte(`"queue_remaining"`)) {
			continue
		}
		h.mu.Lock()
		h.took = append(h.took, now.Sub(h.began))
		h.count[i]++
		h.mu.Unlock()
	}
}

// all reports whether every subscriber has been told n events.
func (h *heard) all(n int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, got := range h.count {
		if got < n {
			return false
		}
	}
	return true
}

// submitting measures POST /prompt while many prompts wait.
func submitting(ctx context.Context, s *server, p plan) ([]row, error) {
	long := `{"prompt":{"1":{"class_type":"GoldenSteps","inputs":{"steps":1000000,"delay":0.01,"preview":"none","width":8,"height":8,"limit":0}},
		"2":{"class_type":"GoldenEcho","inputs":{"value":["1",0]}}}}`
	if _, err := s.do(ctx, "POST", "/prompt", strings.NewReader(long)); err != nil {
		return nil, err
	}
	submit := func(i int) error {
		_, err := s.do(ctx, "POST", "/prompt", strings.NewReader(fmt.Sprintf(quick, i, "")))
		return err
	}
	if _, err := repeat(p.queued, submit); err != nil {
		return nil, err
	}
	d, err := repeat(p.requests, submit)
	if err != nil {
		return nil, err
	}
	rows := []row{{fmt.Sprintf("POST /prompt with %d waiting", p.queued), quantiles(d), "p50 1ms, p99 10ms"}}
	for _, path := range []string{"/api/jobs?status=in_progress,pending&limit=200", "/api/jobs?limit=64", "/prompt"} {
		d, err := repeat(p.requests, func(int) error { _, err := s.get(ctx, path); return err })
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{fmt.Sprintf("GET %s with %d waiting", path, p.queued), quantiles(d), "-"})
	}
	for _, path := range []string{"/queue", "/interrupt"} {
		if _, err := s.do(ctx, "POST", path, strings.NewReader(`{"clear":true}`)); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
