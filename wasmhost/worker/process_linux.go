package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/jail"
)

// process is a worker, seen from the server.
type process struct {
	pool    *Pool
	cmd     *exec.Cmd
	dir     string
	group   string // its control group; "" for none
	missing []string
	dead    atomic.Bool
	meant   atomic.Bool // to end
	said    tail

	// Guarded by pool.mu.
	key    string
	users  int
	ending bool
	since  time.Time

	mu     sync.Mutex // of the socket of orders and what follows
	orders *net.UnixConn
	loaded map[*guest]int
	last   int
	idle   map[*guest][]*remote
}

// orderTime bounds how long a worker may take for an order; compiling is the longest.
const orderTime = 2 * time.Minute

// launch starts a worker.
func (p *Pool) launch(ctx context.Context) (*process, error) {
	dir, err := os.MkdirTemp("", "cocoon-worker-")
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "no folder for a worker")
	}
	w := &process{pool: p, dir: dir, loaded: map[*guest]int{}, idle: map[*guest][]*remote{}, since: time.Now()}
	if err := w.spawn(); err != nil {
		os.RemoveAll(dir)
		return nil, fault.Wrap(err, fault.Internal, "a worker process for extensions does not start")
	}
	p.work.Go(w.reap)
	var o order
	for _, f := range p.c.Funcs {
		o.Funcs = append(o.Funcs, signature{f.Module, f.Name, f.Params, f.Results})
	}
	o.Interpret = p.c.Interpret
	a, err := w.order(o)
	if err != nil {
		w.kill()
		return nil, fault.Wrap(err, fault.Internal, "a worker process for extensions does not start: %s", w.said.String())
	}
	w.missing = append(w.missing, a.Missing...)
	return w, nil
}

// spawn starts the process with as much around it as the system gives.
func (w *process) spawn() error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "orders")
	defer theirs.Close()
	if w.orders, err = socketOf(pair[0]); err != nil {
		return err
	}
	group, fd := newGroup(w.pool.c.Memory)
	if w.group = group; group == "" {
		w.missing = append(w.missing, "a control group")
	} else {
		defer unix.Close(fd)
	}
	cmd, namespaces, err := jail.Spawn(func() *exec.Cmd {
		cmd := exec.Command(w.pool.c.Command[0], w.pool.c.Command[1:]...)
		cmd.Env = []string{folderVariable + "=" + w.dir, "GOTRACEBACK=none"}
		cmd.Dir, cmd.ExtraFiles, cmd.Stderr = w.dir, []*os.File{theirs}, &w.said
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: group != "", CgroupFD: fd}
		return cmd
	})
	if err == nil {
		if w.cmd = cmd; !namespaces {
			w.missing = append(w.missing, "namespaces")
		}
		return nil
	}
	w.orders.Close()
	dropGroup(group)
	return err
}

// reap waits for the process to end and clears up behind it.
func (w *process) reap() {
	_ = w.cmd.Wait()
	w.dead.Store(true)
	w.pool.mu.Lock()
	w.pool.drop(w)
	if !w.meant.Load() {
		w.pool.breaks.note(w.key, time.Now())
	}
	w.pool.mu.Unlock()
	_ = w.orders.Close()
	w.mu.Lock()
	for _, slots := range w.idle {
		for _, s := range slots {
			s.end()
		}
	}
	w.idle = nil
	w.mu.Unlock()
	os.RemoveAll(w.dir)
	dropGroup(w.group)
}

// kill ends the process because nobody needs it. What runs in it fails.
func (w *process) kill() {
	w.meant.Store(true)
	w.end()
}

// end ends the process. Unless it was meant to end it counts as one that broke.
func (w *process) end() {
	w.dead.Store(true)
	_ = w.cmd.Process.Kill()
}

// order says something to the worker and hears its answer.
func (w *process) order(o order, files ...int) (a answer, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tell(o, files...)
}

// tell is order with the lock held.
func (w *process) tell(o order, files ...int) (a answer, err error) {
	b, err := json.Marshal(o)
	if err != nil {
		return a, err
	}
	if len(b) > maxOrder {
		return a, fmt.Errorf("an order of %d bytes", len(b))
	}
	_ = w.orders.SetDeadline(time.Now().Add(orderTime))
	var rights []byte
	if len(files) > 0 {
		rights = unix.UnixRights(files...)
	}
	if _, _, err := w.orders.WriteMsgUnix(b, rights, nil); err != nil {
		return a, err
	}
	reply := make([]byte, maxOrder)
	n, err := w.orders.Read(reply)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(reply[:n], &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, fmt.Errorf("%s", a.Error)
	}
	return a, nil
}

// load makes the worker know a program; the lock is held.
func (w *process) load(g *guest) (int, error) {
	if id, ok := w.loaded[g]; ok {
		return id, nil
	}
	w.last++
	o, files := g.order(w.last)
	forget, err := w.place(g)
	if err != nil {
		return 0, err
	}
	defer forget()
	if _, err := w.tell(order{Load: o}, files...); err != nil {
		return 0, err
	}
	w.loaded[g] = w.last
	return w.last, nil
}

// place puts a program's compiled code where the worker's engine looks for it.
func (w *process) place(g *guest) (forget func(), err error) {
	none := func() {}
	if g.o.Code == nil || w.pool.c.Interpret {
		return none, nil
	}
	name, code, err := g.o.Code()
	if err != nil || name == "" {
		return none, err
	}
	folders, err := filepath.Glob(filepath.Join(w.dir, "*"))
	if err != nil || len(folders) != 1 {
		return none, fmt.Errorf("the worker's folder is not as expected")
	}
	path := filepath.Join(folders[0], filepath.Base(name))
	return func() { _ = os.Remove(path) }, os.WriteFile(path, code, 0o600)
}

// tail keeps the first bytes of what a worker says.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps what there is room for.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(b[:min(len(b), 4096-t.b.Len())])
	return len(b), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(t.b.String())
}
