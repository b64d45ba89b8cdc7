package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"github.com/tetratelabs/wazero"
	"golang.org/x/sys/unix"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/jail"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

const (
	folderVariable = "COCOON_WORKER"
	orderFile      = 3 // the descriptor of the socket of orders
	maxOrder       = 64 << 10
	// memoryLimit is the most that a worker's own heap and code may take; guests' memories are files and bounded apart.
	memoryLimit = 4 << 30
)

// Main does a worker's work when this process was started as one, and then ends it. A program that gives its own path as the
// command of a pool calls it before anything else. It reports false in any other process.
func Main() bool {
	dir, ok := os.LookupEnv(folderVariable)
	if !ok {
		return false
	}
	if err := work(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
	return true
}

// child is a worker, seen from inside.
type child struct {
	orders  *net.UnixConn
	machine *slot.Machine
	funcs   []signature

	mu       sync.Mutex
	programs map[int]*slot.Shared
}

func work(dir string) error {
	missing := jail.Confine(jail.Box{Dir: dir, Memory: memoryLimit, FileBytes: 1 << 30, Files: 4096, Messages: true})
	orders, err := socketOf(orderFile)
	if err != nil {
		return err
	}
	c := &child{orders: orders, programs: map[int]*slot.Shared{}}
	o, _, err := c.next()
	if err != nil {
		return err
	}
	if err := c.start(dir, o); err != nil {
		return err
	}
	if err := c.say(answer{Missing: missing}); err != nil {
		return err
	}
	for {
		o, files, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil // the server is gone
		}
		if err != nil {
			return err
		}
		var a answer
		if err := c.obey(o, files); err != nil {
			a.Error = err.Error()
		}
		if err := c.say(a); err != nil {
			return err
		}
	}
}

func socketOf(fd int) (*net.UnixConn, error) {
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("a socket of the server: %w", err)
	}
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, fmt.Errorf("a socket of the server is a %T", conn)
	}
	return u, nil
}

// next reads an order and the files that came with it.
func (c *child) next() (order, []int, error) {
	b, oob := make([]byte, maxOrder), make([]byte, unix.CmsgSpace(4*4))
	n, m, _, _, err := c.orders.ReadMsgUnix(b, oob)
	if err != nil || n == 0 {
		return order{}, nil, io.EOF
	}
	var files []int
	if m > 0 {
		messages, err := unix.ParseSocketControlMessage(oob[:m])
		if err != nil {
			return order{}, nil, err
		}
		for i := range messages {
			fds, err := unix.ParseUnixRights(&messages[i])
			if err != nil {
				return order{}, nil, err
			}
			files = append(files, fds...)
		}
	}
	var o order
	return o, files, json.Unmarshal(b[:n], &o)
}

func (c *child) say(a answer) error {
	b, err := json.Marshal(a)
	if err == nil {
		_, err = c.orders.Write(b)
	}
	return err
}

// start makes the engine with stand-ins for the host functions.
func (c *child) start(dir string, o order) error {
	c.funcs = o.Funcs
	cfg := slot.InterpreterConfig()
	if !o.Interpret {
		cache, err := wazero.NewCompilationCacheWithDir(dir)
		if err != nil {
			return err
		}
		cfg = slot.RuntimeConfig(cache)
	}
	funcs := make([]slot.Func, len(o.Funcs))
	for i, f := range o.Funcs {
		funcs[i] = slot.Func{Module: f.Module, Name: f.Name, Params: f.Params, Results: f.Results, Call: func(ctx context.Context, s []uint64) {
			ctx.Value(lineKey{}).(*line).host(i+1, s, len(f.Params), len(f.Results))
		}}
	}
	var err error
	c.machine, err = slot.NewMachine(context.Background(), cfg, funcs)
	return err
}

// obey does what an order says. The files are its.
func (c *child) obey(o order, files []int) error {
	switch {
	case o.Load != nil && len(files) >= 1:
		return c.load(o.Load, files)
	case o.Open != nil && len(files) == 2:
		return c.open(o.Open, files[0], files[1])
	case o.Unload != 0:
		c.mu.Lock()
		p := c.programs[o.Unload]
		delete(c.programs, o.Unload)
		c.mu.Unlock()
		if p != nil {
			p.Close(context.Background())
		}
		return nil
	}
	return errors.New("an order that says nothing, or without its files")
}

func (c *child) load(p *program, files []int) error {
	module := make([]byte, p.Module)
	_, err := io.ReadFull(io.NewSectionReader(file(files[0]), 0, int64(p.Module)), module)
	_ = unix.Close(files[0])
	if err != nil {
		return fmt.Errorf("read the module: %w", err)
	}
	r := &fuel.Result{Bytes: module, Resettable: p.Resettable}
	for _, g := range p.Globals {
		r.Globals = append(r.Globals, fuel.Global{Index: g.Index, Type: wasm.ValType(g.Type)})
	}
	s, err := c.machine.Share(context.Background(), r, slot.Options{Depth: p.Depth, MostPage: p.MostPages})
	if err == nil && p.Image {
		if len(files) != 2 {
			return errors.New("the image did not come")
		}
		err = s.SetImage(files[1], p.Size, p.File, p.Values)
	}
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.programs[p.ID] = s
	return nil
}

// file reads from a descriptor without taking it.
type file int

// ReadAt reads from a place.
func (f file) ReadAt(b []byte, at int64) (int, error) {
	n, err := unix.Pread(int(f), b, at)
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return max(n, 0), err
}

func (c *child) open(o *opening, socket, memory int) error {
	defer unix.Close(memory)
	conn, err := socketOf(socket)
	if err != nil {
		return err
	}
	c.mu.Lock()
	p := c.programs[o.Program]
	c.mu.Unlock()
	if p == nil {
		conn.Close()
		return fmt.Errorf("there is no program %d", o.Program)
	}
	s, err := p.Open(context.Background(), memory, o.Limit)
	if err != nil {
		conn.Close()
		return err
	}
	l := &line{conn: conn, slot: s, buf: make([]byte, maxMessage)}
	go l.serve()
	return nil
}
