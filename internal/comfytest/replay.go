package comfytest

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Target is a server to replay against: fresh, and started with the scenario's flags.
type Target struct {
	URL  string // http://host:port
	Base string // its base directory; "" when it cannot be reached, then steps that look at files are left out
}

// Mismatch is a step that went otherwise than recorded.
type Mismatch struct {
	Step int
	What string // the step in a few words
	Why  string
}

// Error tells all of it.
func (m *Mismatch) Error() string { return fmt.Sprintf("step %d (%s): %s", m.Step, m.What, m.Why) }

// patience is how long a message or a condition is waited for.
const patience = 60 * time.Second

// closePause is what the recording waited after closing a socket.
const closePause = 200 * time.Millisecond

type replay struct {
	ctx     context.Context
	t       Target
	m       matcher
	client  *http.Client
	sockets map[string]*socket
}

// Prepare makes the folders and files that a scenario needs below the base directory, before the server starts.
func Prepare(s *Scenario, base string) error {
	for _, dir := range []string{"input", "output", "user", "models/checkpoints", "models/loras", "models/embeddings"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			return err
		}
	}
	for _, f := range s.Files {
		if err := f.write(base); err != nil {
			return err
		}
	}
	return nil
}

func (f *FileSpec) write(base string) error {
	path := filepath.Join(base, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(f.Base64)
	switch {
	case err != nil:
		return err
	case f.Text != nil:
		data = []byte(*f.Text)
	case f.Zeros > 0:
		data = make([]byte, f.Zeros)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return err
	}
	if f.Mtime == nil {
		return nil
	}
	at := time.Unix(0, int64(*f.Mtime*1e9))
	return os.Chtimes(path, at, at)
}

// Replay runs a scenario's steps and gives those that went otherwise; skip, by step, leaves steps' outcome out of account.
// It stops at the first socket that falls out of step, because what follows would be noise.
func Replay(ctx context.Context, s *Scenario, t Target) []*Mismatch {
	u, err := url.Parse(t.URL)
	if err != nil {
		return []*Mismatch{{Why: err.Error()}}
	}
	r := &replay{ctx: ctx, t: t, sockets: map[string]*socket{},
		m: matcher{bound: map[string]any{"host": u.Host, "port": u.Port()}},
		client: &http.Client{
			Transport:     &http.Transport{DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Timeout:       patience,
		}}
	defer r.close()
	var bad []*Mismatch
	for i := range s.Steps {
		step := &s.Steps[i]
		if why := r.step(step); why != "" {
			bad = append(bad, &Mismatch{i, step.describe(), why})
			if step.Do == "ws-expect" || step.Do == "ws-connect" || step.Do == "wait" {
				return bad
			}
		}
	}
	return bad
}

func (r *replay) close() {
	for _, s := range r.sockets {
		s.close()
	}
	r.client.CloseIdleConnections()
}

func (r *replay) step(s *Step) string {
	switch s.Do {
	case "http":
		return r.exchange(s.Request, s.Response)
	case "wait":
		if s.Request == nil {
			r.sleep(time.Duration(s.Ms) * time.Millisecond)
			return ""
		}
		return r.until(s)
	case "ws-connect":
		return r.connect(s)
	case "ws-refused":
		return r.refused(s)
	case "make-file":
		f := FileSpec{Path: s.Path, Base64: s.Base64, Zeros: s.Zeros}
		if s.Text != "" {
			f.Text = &s.Text
		}
		if err := f.write(r.t.Base); err != nil {
			return err.Error()
		}
		return ""
	case "file":
		return r.file(s)
	}
	return r.onSocket(s)
}

// onSocket is a step with a socket that is open.
func (r *replay) onSocket(s *Step) string {
	k := r.sockets[s.Ws]
	if k == nil {
		return "no socket of that name is open"
	}
	switch s.Do {
	case "ws-send":
		return k.send(r.ctx, r.m.fill(s.Text))
	case "ws-close":
		k.close()
		delete(r.sockets, s.Ws)
		r.sleep(closePause)
		return ""
	case "ws-expect":
		return k.expect(&r.m, s.Messages)
	case "ws-quiet":
		r.sleep(time.Duration(s.Ms) * time.Millisecond)
		if m := k.peek(); m != nil {
			return "not quiet: " + show(m)
		}
		return ""
	}
	return "unknown step"
}

func (r *replay) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.ctx.Done():
	}
}

// until repeats a request until the answer fits.
func (r *replay) until(s *Step) string {
	const pause = 20 * time.Millisecond
	for end := time.Now().Add(patience); ; r.sleep(pause) {
		why := r.exchange(s.Request, s.Response)
		if why == "" || time.Now().After(end) || r.ctx.Err() != nil {
			return why
		}
	}
}

func (r *replay) file(s *Step) string {
	if r.t.Base == "" {
		return ""
	}
	data, err := os.ReadFile(filepath.Join(r.t.Base, filepath.FromSlash(s.Path)))
	switch {
	case s.Absent && os.IsNotExist(err):
		return ""
	case s.Absent:
		return "the file is there"
	case err != nil:
		return err.Error()
	}
	return r.body(s.Content, bytes.TrimSpace(data), data)
}
