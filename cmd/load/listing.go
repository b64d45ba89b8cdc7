package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
)

// listing measures a server that has many prompts waiting: its start, the lists that hold all of them, and clearing the queue.
func listing(ctx context.Context, s *server, p plan) ([]row, error) {
	s.end()
	if err := s.fill(ctx, p.listed); err != nil {
		return nil, err
	}
	var rows []row
	for i, path := range []string{"/queue", "/api/jobs"} {
		s.end() // what one list took is not there for the next
		if err := s.launch(ctx, p); err != nil {
			return nil, err
		}
		if i == 0 {
			rows = append(rows, row{fmt.Sprintf("start to first answer with %d waiting", p.listed), s.took.Round(time.Millisecond).String(), "100ms"})
		}
		began := time.Now()
		n, more, err := s.growth(func() (int64, error) { return s.get(ctx, path) })
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{fmt.Sprintf("GET %s with %d waiting, %.0f MiB", path, p.listed, mebi(n)),
			fmt.Sprintf("%v, %s", short(time.Since(began)), more), "32 MiB more memory"})
	}
	more, err := s.clearing(ctx, p)
	return append(rows, more...), err
}

// clearing measures how long prompts that come while the queue is cleared wait to be taken.
func (s *server) clearing(ctx context.Context, p plan) ([]row, error) {
	began := time.Now()
	cleared := make(chan error, 1)
	go func() {
		_, err := s.do(ctx, "POST", "/queue", strings.NewReader(`{"clear":true}`))
		cleared <- err
	}()
	var waited []time.Duration
	for {
		select {
		case err := <-cleared:
			return []row{{fmt.Sprintf("clear %d waiting", p.listed), short(time.Since(began)).String(), "-"},
				{"POST /prompt meanwhile", quantiles(waited), "p99 100ms"}}, err
		default:
		}
		from := time.Now()
		if _, err := s.do(ctx, "POST", "/prompt", strings.NewReader(fmt.Sprintf(quick, len(waited), ""))); err != nil {
			<-cleared
			return nil, err
		}
		waited = append(waited, time.Since(from))
	}
}

// fill puts prompts into the file of a server that has ended, and pauses its queue.
func (s *server) fill(ctx context.Context, n int) error {
	store, err := sqlite.Open(ctx, filepath.Join(s.base, "user", "cocoon.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	const inputs, workflow = 1200, 800 // bytes, of a small prompt
	prompt := json.RawMessage(`{"1":{"class_type":"GoldenEcho","inputs":{"value":"` + strings.Repeat("x", inputs) + `"}}}`)
	now := time.Now().UnixMilli()
	for i := range n {
		extra := fmt.Sprintf(`{"extra_pnginfo":{"workflow":{"id":"w","nodes":["%s"]}},"create_time":%d}`, strings.Repeat("y", workflow), now)
		_, err := store.Put(ctx, engine.Job{PromptID: uuid.NewString(), Number: engine.Number{Value: float64(i)}, Created: now,
			Prompt: prompt, Extra: json.RawMessage(extra), Outputs: []string{"1"}})
		if err != nil {
			return err
		}
	}
	return store.Pause(ctx, "", true)
}

// growth tells how much more memory the server had at most while do ran than before.
func (s *server) growth(do func() (int64, error)) (n int64, more string, err error) {
	const forget = "5" // the most that a process had, as Linux calls it
	reset := os.WriteFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "clear_refs"), []byte(forget), 0)
	before := s.memory("VmRSS:")
	n, err = do()
	if reset != nil {
		return n, "memory is not told", err
	}
	return n, fmt.Sprintf("%.0f MiB more memory", mebi(s.memory("VmHWM:")-before)), err
}

func mebi(bytes int64) float64 { return float64(bytes) / (1 << 20) }
