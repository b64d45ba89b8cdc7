package slot

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
)

// instance is a Slot of this process.
type instance struct {
	program *program
	inst    api.Module
	mem     *memory
	guest   api.Memory
	fuel    api.MutableGlobal
	deep    api.MutableGlobal
	globals []api.MutableGlobal

	abi, buf, call api.Function
	stack          [3]uint64
}

// initialize copies the data segments and runs what a module runs before its first call.
func (s *instance) initialize(ctx context.Context) error {
	for _, name := range []string{fuel.InitFunc, fuel.StartFunc, "_initialize"} {
		f := s.inst.ExportedFunction(name)
		if f == nil {
			continue
		}
		if _, err := f.Call(ctx); err != nil {
			return fmt.Errorf("set up, %s: %w", name, err)
		}
	}
	return nil
}

// values are the mutable globals, as meta.Globals.
func (s *instance) values() []uint64 {
	out := make([]uint64, len(s.globals))
	for i, g := range s.globals {
		out[i] = g.Get()
	}
	return out
}

// reset makes the slot equal to the image.
func (s *instance) reset() error {
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
func (s *instance) Memory() []byte { return s.mem.all[:s.mem.size:s.mem.size] }

// Fuel is what is left of the present slice.
func (s *instance) Fuel() int64 { return int64(s.fuel.Get()) }

// SetFuel starts a slice.
func (s *instance) SetFuel(n int64) { s.fuel.Set(uint64(n)) }

// ABI asks the guest for the version of the contract that it was built for.
func (s *instance) ABI(ctx context.Context) (uint32, error) {
	if err := s.abi.CallWithStack(ctx, s.stack[:]); err != nil {
		return 0, err
	}
	return uint32(s.stack[0]), nil
}

// Call sends a request to the guest and gives what cocoon_call returned. ctx carries the Meter and whatever the host
// functions look for.
func (s *instance) Call(ctx context.Context, op int32, request []byte) (int32, error) {
	at, err := s.buffer(ctx, uint32(len(request)))
	if err != nil {
		return 0, err
	}
	copy(s.Memory()[at:], request)
	return s.enter(ctx, op, at, uint32(len(request)))
}

// buffer asks the guest for a place for n bytes, which is inside of the memory.
func (s *instance) buffer(ctx context.Context, n uint32) (uint32, error) {
	s.stack[0] = uint64(n)
	if err := s.buf.CallWithStack(ctx, s.stack[:1]); err != nil {
		return 0, err
	}
	at := uint32(s.stack[0])
	if uint64(at)+uint64(n) > uint64(s.mem.size) {
		return 0, fmt.Errorf("cocoon_buf gave %d for %d bytes, outside of the memory", at, n)
	}
	return at, nil
}

// enter calls cocoon_call on a request that is in the memory.
func (s *instance) enter(ctx context.Context, op int32, at, n uint32) (int32, error) {
	s.stack[0], s.stack[1], s.stack[2] = uint64(uint32(op)), uint64(at), uint64(n)
	if err := s.call.CallWithStack(ctx, s.stack[:]); err != nil {
		return 0, err
	}
	return int32(s.stack[0]), nil
}

func (s *instance) close(ctx context.Context) {
	_ = s.inst.Close(ctx)
	s.mem.Free()
}
