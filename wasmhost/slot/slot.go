package slot

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// Slot is one instance of a program. It belongs to one goroutine between Get and Put.
type Slot struct {
	program *Program
	inst    api.Module
	mem     *memory
	guest   api.Memory
	fuel    api.MutableGlobal
	deep    api.MutableGlobal
	globals []api.MutableGlobal

	abi, buf, call api.Function
	stack          [3]uint64
}

// reset makes the slot equal to the image.
func (s *Slot) reset() error {
	if err := s.mem.restore(); err != nil {
		return err
	}
	if s.mem.size != s.mem.image.size { // the engine learns of the size by growing; see memory.Reallocate
		s.mem.shrink = true
		_, ok := s.guest.Grow(1)
		s.mem.shrink = false
		if !ok {
			return fmt.Errorf("reset a guest's memory: the engine refuses")
		}
	}
	for i, g := range s.globals {
		g.Set(s.program.globals[i])
	}
	s.deep.Set(uint64(s.program.depth))
	return nil
}

// Memory is the guest's memory as it is now. It is valid until the guest runs again.
func (s *Slot) Memory() []byte { return s.mem.all[:s.mem.size:s.mem.size] }

// Fuel is what is left of the present slice.
func (s *Slot) Fuel() int64 { return int64(s.fuel.Get()) }

// SetFuel starts a slice.
func (s *Slot) SetFuel(n int64) { s.fuel.Set(uint64(n)) }

// ABI asks the guest for the version of the contract that it was built for.
func (s *Slot) ABI(ctx context.Context) (uint32, error) {
	if err := s.abi.CallWithStack(ctx, s.stack[:]); err != nil {
		return 0, err
	}
	return uint32(s.stack[0]), nil
}

// Call sends a request to the guest and gives what cocoon_call returned. ctx carries the Meter and whatever the host
// functions look for.
func (s *Slot) Call(ctx context.Context, op int32, request []byte) (int32, error) {
	s.stack[0] = uint64(len(request))
	if err := s.buf.CallWithStack(ctx, s.stack[:1]); err != nil {
		return 0, err
	}
	at := uint64(uint32(s.stack[0]))
	mem := s.Memory()
	if at+uint64(len(request)) > uint64(len(mem)) {
		return 0, fmt.Errorf("cocoon_buf gave %d for %d bytes, outside of the memory", at, len(request))
	}
	copy(mem[at:], request)
	s.stack[0], s.stack[1], s.stack[2] = uint64(uint32(op)), at, uint64(len(request))
	if err := s.call.CallWithStack(ctx, s.stack[:]); err != nil {
		return 0, err
	}
	return int32(s.stack[0]), nil
}

func (s *Slot) close(ctx context.Context) {
	_ = s.inst.Close(ctx)
	s.mem.free()
}
