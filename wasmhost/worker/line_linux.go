package worker

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// line is a slot in a worker, at the other end of its socket. One goroutine owns it.
type line struct {
	conn *net.UnixConn
	slot *slot.SharedSlot
	buf  []byte
	in   message
	out  message
}

// lineKey is the key of a call's line in its context.
type lineKey struct{}

// errTrap ends a guest's call whose host function the server refused.
var errTrap = errors.New("the server ended the call")

// serve does what the server says until the socket is closed.
func (l *line) serve() {
	defer l.conn.Close()
	defer l.slot.Close(context.Background())
	ctx := context.WithValue(context.WithValue(context.Background(), lineKey{}, l), slot.MeterKey{}, l)
	for l.read() == nil {
		values, err := l.do(ctx)
		if err != nil {
			l.out.text = err.Error()
			err = l.send(fail)
			l.out.text = ""
		} else {
			err = l.send(done, values...)
		}
		if err != nil {
			return
		}
	}
}

func (l *line) do(ctx context.Context) ([]uint64, error) {
	limit, fuel := int(l.in.word(0)), int64(l.in.word(1))
	switch l.in.kind {
	case begin:
		l.slot.SetFuel(fuel)
		err := l.slot.Initialize(ctx)
		return l.slot.Globals(), err
	case version:
		if err := l.ready(limit, fuel); err != nil {
			return nil, err
		}
		v, err := l.slot.ABI(ctx)
		return []uint64{uint64(v)}, err
	case call:
		op, n := int32(l.in.word(2)), uint32(l.in.word(3))
		if err := l.ready(limit, fuel); err != nil {
			return nil, err
		}
		at, err := l.slot.Buffer(ctx, n)
		if err != nil {
			return nil, err
		}
		if err := l.ask(fill, uint64(at)); err != nil {
			return nil, err
		}
		code, err := l.slot.Enter(ctx, op, at, n)
		return []uint64{uint64(uint32(code))}, err
	}
	return nil, errors.New("the server said something else than a call")
}

func (l *line) ready(limit int, fuel int64) error {
	if err := l.slot.Reset(limit); err != nil {
		return err
	}
	l.slot.SetFuel(fuel)
	return nil
}

// send writes a message with the memory's size and the fuel before words.
func (l *line) send(k kind, words ...uint64) error {
	l.out.kind = k
	l.out.words = append(append(l.out.words[:0], uint64(l.slot.Size()), uint64(l.slot.Fuel())), words...)
	_, err := l.conn.Write(l.out.append(l.buf[:0]))
	return err
}

func (l *line) read() error {
	n, err := l.conn.Read(l.buf)
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		return err
	}
	return l.in.read(l.buf[:n])
}

// ask sends a question and reads the answer into l.in.
func (l *line) ask(k kind, words ...uint64) error {
	if err := l.send(k, words...); err != nil {
		return err
	}
	if err := l.read(); err != nil {
		return err
	}
	if l.in.kind == trap {
		return errTrap
	}
	return nil
}

// host calls the host function of a number: the first params values of s go, results come back into s.
func (l *line) host(index int, s []uint64, params, results int) {
	var words [16]uint64
	words[0] = uint64(index)
	n := copy(words[1:], s[:params])
	if err := l.ask(host, words[:1+n]...); err != nil {
		panic(err)
	}
	for i := range results {
		s[i] = l.in.word(i)
	}
}

// Refuel implements slot.Meter by asking the server.
func (l *line) Refuel(left int64) int64 {
	s := [1]uint64{uint64(left)}
	l.host(0, s[:], 1, 1)
	return int64(s[0])
}
