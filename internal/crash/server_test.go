package crash

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// server is a real server that can be killed.
type server struct {
	t      *testing.T
	binary string
	base   string
	url    string
	cmd    *exec.Cmd
	log    strings.Builder
}

// newServer builds the server; $COCOON_BINARY names one that is there.
func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, base: t.TempDir(), binary: os.Getenv("COCOON_BINARY")}
	if s.binary == "" {
		s.binary = filepath.Join(t.TempDir(), "cocoon")
		build := exec.Command("go", "build", "-o", s.binary, "github.com/cocoonhq/cocoon/cmd/cocoon")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
	}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.kill()
		}
		if t.Failed() {
			log := s.log.String()
			t.Logf("the last server's log:\n%s", log[max(0, len(log)-4000):])
		}
	})
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.log.Reset()
	s.cmd = exec.Command(s.binary, "serve", "--test-nodes=go", "--listen", "127.0.0.1", "--port", "0", "--base-directory", s.base)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, url, ok := strings.Cut(lines.Text(), "go to: "); ok {
			s.url = url
			go io.Copy(io.Discard, out)
			return
		}
	}
	s.t.Fatalf("the server does not start:\n%s", s.log.String())
}

// kill ends the server as a crash would.
func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
	s.cmd = nil
}

// stop lets the server end by itself.
func (s *server) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server ends with %v", err)
	}
	s.cmd = nil
}
