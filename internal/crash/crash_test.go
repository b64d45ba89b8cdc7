package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kills is how often the server is killed: $COCOON_CRASHES, else 20.
func kills(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("COCOON_CRASHES")); err == nil && n > 0 {
		return n
	}
	if testing.Short() {
		t.Skip("kills servers")
	}
	return 20
}

// TestCrash submits jobs to a real server and kills it at random instants. In the end every accepted job must have ended
// once, with its files, and no file may be there that belongs to no job.
func TestCrash(t *testing.T) {
	n := kills(t)
	s := newServer(t)
	accepted := map[string]bool{}
	for range n {
		s.start()
		for range 1 + rand.IntN(5) {
			if id := s.submit(prompt()); id != "" {
				accepted[id] = true
			}
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		if rand.IntN(5) == 0 {
			s.stop() // an orderly end in between must hand its job back
		} else {
			s.kill()
		}
	}
	s.start()
	s.drain()
	j := s.judge(accepted)
	s.stop()
	t.Logf("%d kills, %d jobs accepted, %d completed, %d given up after three attempts; %d lost, %d falsely done, %d orphan files",
		n, len(accepted), j.completed, j.givenUp, j.lost, j.falselyDone, j.orphans)
	if j.lost+j.falselyDone+j.orphans+j.twice+j.broken > 0 {
		t.Errorf("%+v\n%s", j, strings.Join(j.notes, "\n"))
	}
	if left := s.staged(); len(left) > 0 {
		t.Errorf("half-written files stay: %v", left)
	}
}

// prompt is a job of a few pictures that takes a random time.
func prompt() string {
	return fmt.Sprintf(`{"0":{"class_type":"GoldenSteps","inputs":{"steps":%d,"delay":0.002,"preview":"none","width":8,"height":8,"limit":0}},
		"1":{"class_type":"EmptyImage","inputs":{"width":%d,"height":32,"batch_size":%d,"color":%d}},
		"2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"crash/%c","after":["0",0]}}}`,
		rand.IntN(30), 16+rand.IntN(200), 1+rand.IntN(4), rand.IntN(1<<24), 'a'+rune(rand.IntN(3)))
}

// verdict is what was found in the end.
type verdict struct {
	completed, givenUp, lost, falselyDone, orphans, twice, broken int
	notes                                                         []string
}

func (v *verdict) note(count *int, format string, args ...any) {
	*count++
	if len(v.notes) < 20 {
		v.notes = append(v.notes, fmt.Sprintf(format, args...))
	}
}

type entry struct {
	Outputs map[string]struct {
		Images []struct{ Filename, Subfolder, Type string }
	}
	Status struct {
		StatusStr string `json:"status_str"`
		Messages  json.RawMessage
	}
}

// judge compares the history with the accepted jobs and with the files.
func (s *server) judge(accepted map[string]bool) verdict {
	var v verdict
	var history map[string]entry
	s.get("/history", &history)
	owner := map[string]string{}
	for id := range accepted {
		if _, ok := history[id]; !ok {
			v.note(&v.lost, "job %s is nowhere", id)
		}
	}
	for id, e := range history {
		if e.Status.StatusStr != "success" {
			if strings.Contains(string(e.Status.Messages), "its worker died each time") {
				v.givenUp++
			} else {
				v.note(&v.broken, "job %s failed: %s", id, e.Status.Messages)
			}
			continue
		}
		v.completed++
		if len(e.Outputs["2"].Images) == 0 {
			v.note(&v.falselyDone, "job %s is done without files", id)
		}
		for _, f := range e.Outputs["2"].Images {
			name := filepath.Join(f.Subfolder, f.Filename)
			if other, taken := owner[name]; taken {
				v.note(&v.twice, "%s belongs to %s and %s", name, other, id)
			}
			owner[name] = id
			if data, err := os.ReadFile(filepath.Join(s.base, "output", name)); err != nil {
				v.note(&v.falselyDone, "job %s: %v", id, err)
			} else if _, err := png.Decode(bytes.NewReader(data)); err != nil {
				v.note(&v.falselyDone, "job %s: %s: %v", id, name, err)
			}
		}
	}
	s.files(func(name string) {
		if _, ok := owner[name]; !ok {
			v.note(&v.orphans, "%s belongs to no job", name)
		}
	})
	return v
}

// files calls fn with every picture in the output folder.
func (s *server) files(fn func(name string)) {
	root := filepath.Join(s.base, "output")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".png") {
			name, _ := filepath.Rel(root, path)
			fn(name)
		}
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
}

// staged are files whose writing was cut short.
func (s *server) staged() []string {
	var left []string
	for _, kind := range []string{"output", "temp"} {
		dirs, _ := filepath.Glob(filepath.Join(s.base, kind, ".*", "*"))
		left = append(left, dirs...)
	}
	return left
}

func (s *server) submit(prompt string) string {
	body := fmt.Sprintf(`{"prompt": %s}`, prompt)
	res, err := http.Post(s.url+"/prompt", "application/json", strings.NewReader(body))
	if err != nil {
		return "" // killed meanwhile
	}
	defer res.Body.Close()
	var a struct {
		ID string `json:"prompt_id"`
	}
	text, err := io.ReadAll(res.Body)
	if err != nil || json.Unmarshal(text, &a) != nil {
		return ""
	}
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("refused: %s", text)
	}
	return a.ID
}

func (s *server) get(path string, to any) {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(to); err != nil {
		s.t.Fatal(err)
	}
}

// drain waits until no job is left.
func (s *server) drain() {
	s.t.Helper()
	for range 1200 {
		var q struct {
			Info struct {
				Remaining int `json:"queue_remaining"`
			} `json:"exec_info"`
		}
		s.get("/prompt", &q)
		if q.Info.Remaining == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatal("the queue does not empty")
}
