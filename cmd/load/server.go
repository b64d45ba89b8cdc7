package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// server is a server that was started for measuring.
type server struct {
	url, base string
	took      time.Duration // from the start to the first answer
	cmd       *exec.Cmd
}

// start starts the server twice and measures the second time, when nothing need be unpacked.
func start(ctx context.Context, p plan) (*server, error) {
	base, err := os.MkdirTemp("", "cocoon-load-")
	if err != nil {
		return nil, err
	}
	s := &server{base: base}
	for range 2 {
		s.end()
		if err := s.launch(ctx, p); err != nil {
			s.stop()
			return nil, err
		}
	}
	return s, nil
}

func (s *server) launch(ctx context.Context, p plan) error {
	began := time.Now()
	s.cmd = exec.CommandContext(ctx, p.binary, "serve", "--listen", "127.0.0.1", "--port", "0", "--test-nodes=go:"+strconv.Itoa(p.nodes), "--verbose", "ERROR", "--base-directory", s.base)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("%w (make build makes it)", err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "go to: "); ok {
			s.url = url
			break
		}
	}
	if s.url == "" {
		return errors.New("the server did not start")
	}
	if _, err := s.get(ctx, "/system_stats"); err != nil {
		return err
	}
	s.took = time.Since(began)
	return nil
}

func (s *server) end() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(os.Interrupt)
		_ = s.cmd.Wait()
	}
}

func (s *server) stop() {
	s.end()
	_ = os.RemoveAll(s.base)
}

// get reads a path and tells how many bytes it has.
func (s *server) get(ctx context.Context, path string, header ...string) (int64, error) {
	return s.do(ctx, http.MethodGet, path, nil, header...)
}

func (s *server) do(ctx context.Context, method, path string, body io.Reader, header ...string) (int64, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return 0, err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if res.StatusCode >= 400 {
		return n, fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	return n, err
}

// memory is what the server has of the machine's memory, in bytes; 0 where that is not told. field is VmRSS: for now, VmHWM: for the
// most that it had.
func (s *server) memory(field string) int64 {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// busy is the time that the server has computed; 0 where that is not told.
func (s *server) busy() time.Duration {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "stat"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the program's name may hold spaces
	f := strings.Fields(rest)
	const user, system, tick = 11, 12, 10 * time.Millisecond // counted from the state; Linux counts in hundredths of a second
	if len(f) <= system {
		return 0
	}
	a, _ := strconv.ParseInt(f[user], 10, 64)
	c, _ := strconv.ParseInt(f[system], 10, 64)
	return time.Duration(a+c) * tick
}

// quantiles are the median and the 99th of a hundred.
func quantiles(d []time.Duration) string {
	if len(d) == 0 {
		return "none"
	}
	slices.Sort(d)
	return fmt.Sprintf("p50 %v, p99 %v", short(d[len(d)/2]), short(d[min(len(d)*99/100, len(d)-1)]))
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// repeat measures one thing several times.
func repeat(n int, do func(i int) error) ([]time.Duration, error) {
	list := make([]time.Duration, 0, n)
	for i := range n {
		began := time.Now()
		if err := do(i); err != nil {
			return nil, err
		}
		list = append(list, time.Since(began))
	}
	return list, nil
}
