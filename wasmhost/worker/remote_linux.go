package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// silence is how long a worker may say nothing while a guest computes. Guests ask for fuel every few milliseconds, so that one
// that is silent for so long is stuck or hostile; its worker is killed.
const silence = 20 * time.Second

// remote is a slot in a worker. Its memory is a file that both map.
type remote struct {
	guest  *guest
	worker *process
	conn   *net.UnixConn
	memory []byte
	size   int
	limit  int
	fuel   int64
	broken bool // the conversation is out of step, or the worker is gone

	buf   []byte
	in    message
	out   message
	stack [16]uint64
}

// open makes a slot; the worker's lock is held.
func (w *process) open(g *guest, id int) (*remote, error) {
	most := max(g.o.MostPage<<16, 1<<16)
	fd, err := unix.MemfdCreate("cocoon-guest", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(most)); err != nil {
		return nil, os.NewSyscallError("ftruncate", err)
	}
	// Sealed, so that the worker cannot take pages away under the server's feet.
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	memory, err := unix.Mmap(fd, 0, most, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	s := &remote{guest: g, worker: w, memory: memory, buf: make([]byte, maxMessage)}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		s.conn, err = socketOf(pair[0])
		if err == nil {
			_, err = w.tell(order{Open: &opening{Program: id, Limit: min(g.o.SetupPages, g.o.MostPage) << 16}}, pair[1], fd)
		}
		_ = unix.Close(pair[1])
	}
	if err != nil {
		s.end()
		return nil, fmt.Errorf("open a slot in a worker: %w", err)
	}
	return s, nil
}

// end gives the slot back to the system; the worker sees its socket close.
func (s *remote) end() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	if s.memory != nil {
		_ = unix.Munmap(s.memory)
		s.memory, s.size = nil, 0
	}
}

// Memory implements slot.Slot.
func (s *remote) Memory() []byte { return s.memory[:s.size:s.size] }

// Fuel implements slot.Slot.
func (s *remote) Fuel() int64 { return s.fuel }

// SetFuel implements slot.Slot.
func (s *remote) SetFuel(n int64) { s.fuel = n }

// ABI implements slot.Slot.
func (s *remote) ABI(ctx context.Context) (uint32, error) {
	values, err := s.do(ctx, version, nil)
	if err != nil || len(values) == 0 {
		return 0, err
	}
	return uint32(values[0]), nil
}

// Call implements slot.Slot.
func (s *remote) Call(ctx context.Context, op int32, request []byte) (int32, error) {
	values, err := s.do(ctx, call, request, uint64(uint32(op)), uint64(len(request)))
	if err != nil || len(values) == 0 {
		return 0, err
	}
	return int32(values[0]), nil
}

// Windowed implements slot.Slot.
func (s *remote) Windowed(at, n uint32) bool {
	const page = 1 << 16
	from, size := int(at), int(n)
	return from%page == 0 && size%page == 0 && size > 0 && from+size <= s.size && s.guest.image != nil && from >= s.guest.image.Size()
}

var errNoWindows = errors.New("a worker's memory has no windows")

// MapIn implements slot.Slot: the caller copies. What a worker maps it could change behind the server's back.
func (s *remote) MapIn(_, _, _ uint32, _ int) error { return errNoWindows }

// MapOut implements slot.Slot: the caller copies.
func (s *remote) MapOut(_, _, _ uint32, _ int) error { return errNoWindows }

// Unmap implements slot.Slot.
func (s *remote) Unmap(uint32) error { return errNoWindows }

var _ slot.Slot = (*remote)(nil)

// do asks the worker for something and serves its guest's host calls until the answer is there.
func (s *remote) do(ctx context.Context, k kind, request []byte, words ...uint64) ([]uint64, error) {
	err := s.send(k, append([]uint64{uint64(s.limit), uint64(s.fuel)}, words...)...)
	if err != nil {
		return nil, s.lost(err)
	}
	var thrown error
	asked := k != call // for the request, which comes once
	for {
		if err := s.read(); err != nil {
			return nil, s.lost(err)
		}
		switch s.in.kind {
		case fill:
			if asked || thrown != nil {
				return nil, s.lost(errors.New("the worker asks for a request that it has"))
			}
			asked = true
			err = s.fill(request)
		case host:
			if thrown != nil {
				return nil, s.lost(errors.New("the worker goes on with a call that was ended"))
			}
			if thrown = s.host(ctx); thrown != nil {
				err = s.send(trap)
			} else {
				err = s.send(result, s.stack[0])
			}
		case done:
			if thrown != nil {
				return nil, s.lost(errors.New("the worker does as if a call had not been ended"))
			}
			return s.in.words[min(2, len(s.in.words)):], nil
		case fail:
			if thrown != nil {
				return nil, thrown
			}
			return nil, errors.New(s.in.text)
		default:
			err = fmt.Errorf("a message of kind %d", s.in.kind)
		}
		if err != nil {
			return nil, s.lost(err)
		}
	}
}

// fill puts the request where the worker wants it.
func (s *remote) fill(request []byte) error {
	at := int(uint32(s.in.word(2)))
	if at+len(request) > s.size {
		return errors.New("the worker gives a place for the request outside of the memory")
	}
	copy(s.memory[at:], request)
	return s.send(filled)
}

// host runs the host function that the guest called. A panic with an error is the error that ends the guest's call.
func (s *remote) host(ctx context.Context) (thrown error) {
	index := s.in.word(2)
	args := s.in.words[min(3, len(s.in.words)):]
	defer func() {
		if v := recover(); v != nil {
			var ok bool
			if thrown, ok = v.(error); !ok {
				thrown = fmt.Errorf("%v", v)
			}
		}
	}()
	clear(s.stack[:])
	copy(s.stack[:], args)
	if index == 0 {
		s.stack[0] = uint64(ctx.Value(slot.MeterKey{}).(slot.Meter).Refuel(int64(s.stack[0])))
		s.fuel = int64(s.stack[0])
		return nil
	}
	funcs := s.worker.pool.c.Funcs
	if index > uint64(len(funcs)) {
		return fault.New(fault.ExtensionFailed, "the worker calls the host function %d of %d", index, len(funcs))
	}
	funcs[index-1].Call(ctx, s.stack[:])
	return nil
}

// lost ends a conversation that cannot go on, and the worker with it.
func (s *remote) lost(err error) error {
	s.broken = true
	s.worker.end()
	if said := s.worker.said.String(); said != "" {
		return fmt.Errorf("the worker process ended (%w): %s", err, said)
	}
	return fmt.Errorf("the worker process ended: %w", err)
}

func (s *remote) send(k kind, words ...uint64) error {
	s.out.kind, s.out.words = k, append(s.out.words[:0], words...)
	_, err := s.conn.Write(s.out.append(s.buf[:0]))
	return err
}

// read reads what the worker says: behind size and fuel come the words.
func (s *remote) read() error {
	if err := s.conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return err
	}
	n, err := s.conn.Read(s.buf)
	if err != nil {
		return err
	}
	if err := s.in.read(s.buf[:n]); err != nil {
		return err
	}
	size := s.in.word(0)
	if size > uint64(s.limit) || int(size) > len(s.memory) {
		return fmt.Errorf("a memory of %d bytes, over its limit", size)
	}
	s.size, s.fuel = int(size), int64(s.in.word(1))
	return nil
}
