package main

import (
	"context"
	"fmt"
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
		rows = append(rows, row{"GET " + q.path, quantiles(d), q.aim})
	}
	return rows, nil
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
	before := s.memory()
	_, closing, err := dial(ctx, s, p.sockets)
	if err != nil {
		return nil, err
	}
	defer closing()
	each := float64(s.memory()-before) / float64(p.sockets) / 1024
	return []row{{fmt.Sprintf("%d idle sockets", p.sockets), fmt.Sprintf("%.1f KiB each", each), "64 KiB each"}}, nil
}

// quick is a prompt that ends at once.
const quick = `{"prompt":{"1":{"class_type":"GoldenEcho","inputs":{"value":%d}}}%s}`

// telling measures how long an event takes to all who are subscribed, and counts those lost or told twice.
func telling(ctx context.Context, s *server, p plan) ([]row, error) {
	list, closing, err := dial(ctx, s, p.subscribed)
	if err != nil {
		return nil, err
	}
	defer closing()
	const rounds = 10
	var (
		mu    sync.Mutex // guards the rest
		took  []time.Duration
		count = make([]int, len(list))
	)
	var began time.Time
	var readers sync.WaitGroup
	for i, c := range list {
		readers.Go(func() {
			for {
				_, b, err := c.Read(ctx)
				if err != nil || strings.Contains(string(b), `"load-end"`) {
					return
				}
				mu.Lock()
				if strings.Contains(string(b), `"queue_remaining":1`) && count[i]%2 == 0 {
					took = append(took, time.Since(began))
				}
				if strings.Contains(string(b), `"queue_remaining"`) {
					count[i]++
				}
				mu.Unlock()
			}
		})
	}
	const perPrompt = 3 // told when it is queued, begins and ends
	for i := range rounds {
		mu.Lock()
		began = time.Now()
		mu.Unlock()
		body := strings.NewReader(fmt.Sprintf(quick, i, `,"client_id":"nobody"`))
		if _, err := s.do(ctx, "POST", "/prompt?wait=30", body); err != nil {
			return nil, err
		}
		for all := false; !all && ctx.Err() == nil; { // until everybody has heard all of it
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			all = true
			for _, n := range count {
				all = all && n >= (i+1)*perPrompt
			}
			mu.Unlock()
		}
	}
	closing()
	readers.Wait()
	lost, twice := 0, 0
	for _, n := range count {
		lost += max(0, rounds*perPrompt-n)
		twice += max(0, n-rounds*perPrompt)
	}
	return []row{{fmt.Sprintf("event to %d subscribers", len(list)), quantiles(took), "p99 20ms"},
		{"events lost, told twice", fmt.Sprintf("%d, %d", lost, twice), "0, 0"}}, nil
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
	for _, path := range []string{"/queue", "/interrupt"} {
		if _, err := s.do(ctx, "POST", path, strings.NewReader(`{"clear":true}`)); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
