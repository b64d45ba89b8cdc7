package worker

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

func TestMain(m *testing.M) {
	if Main() {
		return
	}
	goleak.VerifyTestMain(m)
}

// meter gives fuel for ever, and ends a call at its end-th question.
type meter struct{ asked, end int }

func (m *meter) Refuel(int64) int64 {
	if m.asked++; m.asked == m.end {
		panic(fault.New(fault.LimitExceeded, "the end"))
	}
	return 1000
}

// takenOver is a slot whose worker was taken over: it says what the test says. What the server answers is read and forgotten.
func takenOver(t *testing.T, size int, says ...message) *remote {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range pair {
		if ends[i], err = socketOf(fd); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w := &process{pool: &Pool{}, cmd: cmd}
	s := &remote{worker: w, conn: ends[0], memory: make([]byte, size), limit: size, buf: make([]byte, maxMessage)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, maxMessage)
		for _, m := range says {
			if _, err := ends[1].Read(buf); err != nil {
				return
			}
			if _, err := ends[1].Write(m.append(nil)); err != nil {
				return
			}
		}
		_, _ = ends[1].Read(buf) // until the server is done with it
		_ = ends[1].Close()
	}()
	t.Cleanup(func() {
		_ = s.conn.Close()
		<-done
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return s
}

// TestTakenOver: whatever a worker says that is no worker's any more, the call ends with an error, and what the server ended stays ended.
func TestTakenOver(t *testing.T) {
	say := func(k kind, words ...uint64) message {
		return message{kind: k, words: append([]uint64{64, 0}, words...)}
	}
	refuel := say(host, 0, 0)
	for _, x := range []struct {
		name string
		says []message
		end  int // the question for fuel that ends the call
		want string
	}{
		{"the request, again and again", []message{say(fill, 0), say(fill, 0), say(fill, 0)}, 0, "that it has"},
		{"a place outside of the memory", []message{say(fill, 60)}, 0, "outside of the memory"},
		{"a place that wraps", []message{say(fill, 1<<32-1)}, 0, "outside of the memory"},
		{"a call of the host after the end", []message{refuel, refuel}, 1, "was ended"},
		{"the request after the end", []message{refuel, say(fill, 0)}, 1, "that it has"},
		{"success after the end", []message{refuel, say(done, 0)}, 1, "had not been ended"},
		{"the end", []message{refuel, refuel, say(fail)}, 2, "the end"},
		{"a host function that is not there", []message{say(host, 99), say(fail)}, 0, "host function 99 of 0"},
		{"a memory over its limit", []message{{kind: done, words: []uint64{65, 0}}}, 0, "over its limit"},
		{"a memory of 2^64", []message{{kind: done, words: []uint64{1<<64 - 1, 0}}}, 0, "over its limit"},
		{"an order", []message{say(begin)}, 0, "a message of kind"},
		{"no kind", []message{say(99)}, 0, "a message of kind"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := takenOver(t, 64, x.says...)
			ctx := context.WithValue(t.Context(), slot.MeterKey{}, slot.Meter(&meter{end: x.end}))
			code, err := s.Call(ctx, 2, []byte("request"))
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%d, %v; want %q", code, err, x.want)
			}
		})
	}
}

// TestBrokenWorkers: a tenant whose workers break, one after the other, waits for the next; another tenant does not.
func TestBrokenWorkers(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	type key struct{}
	p, err := New(t.Context(), Config{Command: []string{exe}, Key: func(ctx context.Context) string { s, _ := ctx.Value(key{}).(string); return s }})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(context.Background())
	w, err := p.take(t.Context(), "a\x001")
	if err != nil {
		t.Fatal(err)
	}
	w.end()
	for p.count("a") == 0 { // it is noted when the process is gone
		if t.Context().Err() != nil {
			t.Fatal("the worker is still there")
		}
		runtime.Gosched()
	}
	p.leave(w)
	p.mu.Lock()
	for range 10 { // so many more that the wait is a minute
		p.breaks.note("a\x003", time.Now())
	}
	p.mu.Unlock()
	if _, err := p.take(t.Context(), "a\x002"); !errors.Is(err, fault.LimitExceeded) || !strings.Contains(err.Error(), "again and again") {
		t.Errorf("the next worker: %v", err)
	}
	if w, err = p.take(t.Context(), "b"); err != nil {
		t.Fatalf("another tenant: %v", err)
	}
	p.leave(w)
	p.Kill("b")
	if w, err = p.take(t.Context(), "b"); err != nil {
		t.Fatalf("after one that was meant to end: %v", err)
	}
	p.leave(w)
	if p.count("b") != 0 {
		t.Errorf("%d of b's broke", p.count("b"))
	}
}

func (p *Pool) count(tenant string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.breaks[tenant].count
}
