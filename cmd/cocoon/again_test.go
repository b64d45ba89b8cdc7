//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProgram has the test's program be cocoon.
const asProgram = "COCOON_TEST_AS_PROGRAM"

// program starts cocoon over a folder and gives its address.
func program(t *testing.T, dir string, more ...string) (url string, p *exec.Cmd) {
	t.Helper()
	args := append([]string{"serve", "--port", "0", "--base-directory", dir, "--test-nodes=go", "--cpu"}, more...)
	p = exec.CommandContext(t.Context(), os.Args[0], args...)
	p.Env = append(os.Environ(), asProgram+"=1")
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, u, ok := strings.Cut(lines.Text(), "go to: "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return u, p
		}
	}
	t.Fatal("the program does not serve")
	return "", nil
}

// ask sends a request, again while the connection breaks under it, which HTTP allows when a server ends. It must not be refused.
func ask(t *testing.T, method, url, body string) string {
	t.Helper()
	for {
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err == nil {
				return string(b)
			}
		}
		if strings.Contains(fmt.Sprint(err), "refused") || t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

const slowPrompt = `{"prompt":{"1":{"class_type":"GoldenSteps","inputs":{"steps":%d,"delay":0.01,"preview":"none","width":8,"height":8,"limit":0}},
	"2":{"class_type":"GoldenEcho","inputs":{"value":["1",0]}}},"prompt_id":"%s"}`

// statusOf is a job's.
func statusOf(t *testing.T, url, id string) string {
	var j struct{ Status string }
	_ = json.Unmarshal([]byte(ask(t, "GET", url+"/api/jobs/"+id, "")), &j) // what is no job has no status
	return j.Status
}

// TestStartsAnew asks a program that works to start anew: what runs ends first, no client is refused, and the queue goes on.
func TestStartsAnew(t *testing.T) {
	url, p := program(t, t.TempDir())
	const first, second = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	ask(t, "POST", url+"/prompt", fmt.Sprintf(slowPrompt, 100, first))
	ask(t, "POST", url+"/prompt", fmt.Sprintf(slowPrompt, 2, second))
	for statusOf(t, url, first) != "in_progress" {
	}
	before := startOf(t, p.Process.Pid)
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for ask(t, "GET", url+"/readyz", "") == "ready\n" {
	}
	if s := statusOf(t, url, second); s == "completed" {
		t.Error("a prompt began while the program was about to start anew")
	}
	for ask(t, "GET", url+"/readyz", "") != "ready\n" {
	}
	if s := statusOf(t, url, first); s != "completed" {
		t.Errorf("what ran is %s", s)
	}
	for statusOf(t, url, second) != "completed" {
	}
	if after := startOf(t, p.Process.Pid); before != after {
		t.Errorf("it is another process: started at %s, then %s", before, after)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// startOf is when a process started, as far as the system tells.
func startOf(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	return f[19]
}

// TestStopWaits asks a program to stop: it waits for what runs, and a second signal ends that.
func TestStopWaits(t *testing.T) {
	dir := t.TempDir()
	url, p := program(t, dir)
	const id = "33333333-3333-4333-8333-333333333333"
	ask(t, "POST", url+"/prompt", fmt.Sprintf(slowPrompt, 1_000_000, id))
	for statusOf(t, url, id) != "in_progress" {
	}
	began := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for ask(t, "GET", url+"/readyz", "") == "ready\n" {
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("a second signal was not heard: %v", took)
	}
	url, _ = program(t, dir)
	for statusOf(t, url, id) != "in_progress" { // it begins again
	}
	ask(t, "POST", url+"/interrupt", "{}")
}

func TestCouldStart(t *testing.T) {
	dir := t.TempDir()
	bad := dir + "/paths.yaml"
	if err := os.WriteFile(bad, []byte("a: [b"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		args []string
		ok   bool
	}{
		{"as it is", []string{"--base-directory", dir}, true},
		{"a broken file of paths", []string{"--base-directory", dir, "--extra-model-paths-config", bad}, false},
		{"no certificate", []string{"--base-directory", dir, "--tls-certfile", dir + "/none", "--tls-keyfile", dir + "/none"}, false},
	} {
		if err := new(serveFlags).couldStart(row.args); (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// TestHandedOver takes sockets as systemd hands them over.
func TestHandedOver(t *testing.T) {
	for _, row := range []struct {
		name, own, fds, pid string
		want                []int
	}{
		{"nothing", "", "", "", nil},
		{"by itself", "7,9", "", "", []int{7, 9}},
		{"by systemd", "", "2", "me", []int{3, 4}},
		{"for another process", "", "2", "1", nil},
		{"nonsense", "x,,1", "-5", "me", nil},
	} {
		t.Setenv(inheritedVar, row.own)
		t.Setenv("LISTEN_FDS", row.fds)
		if row.pid == "me" {
			row.pid = fmt.Sprint(os.Getpid())
		}
		t.Setenv("LISTEN_PID", row.pid)
		if got := handedOver(); fmt.Sprint(got) != fmt.Sprint(row.want) {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}
