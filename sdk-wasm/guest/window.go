package guest

import (
	"unsafe"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Window is the memory of a tensor where the guest sees it: a loop over F32s crosses to the host no more. The host shares
// its memory where it can, so opening one costs the same for every size. What a window of Map writes stays with the guest.
type Window struct {
	F32  []float32
	room room
}

// room is whole pages of the heap that appeared since the call began: the host puts windows nowhere else.
type room struct {
	memory []byte // keeps the collector away
	at     uint32
	size   uint32
}

// spare are the places of windows that were closed.
var spare []room

// firstPages is how large the memory was when the call began.
var firstPages int32

const page = abi.MaxPageBytes

// newRoom finds a place for a window of n bytes.
func newRoom(n int64) (room, error) {
	if n <= 0 || n > 1<<31-4*page {
		return room{}, Error(abi.ETOOBIG)
	}
	size := uint32((n + page - 1) / page * page)
	for i, r := range spare {
		if r.size >= size {
			spare = append(spare[:i], spare[i+1:]...)
			return r, nil
		}
	}
	for {
		b := make([]byte, size+page)
		held = unsafe.Pointer(unsafe.SliceData(b))
		start := uint32(uintptr(held))
		if start >= uint32(firstPages)*page {
			return room{memory: b, at: (start + page - 1) / page * page, size: size}, nil
		}
		below = append(below, b)
	}
}

// below are places that were there before the call; they are kept so that the next one is another.
var below [][]byte

func (r room) f32(n int64) []float32 {
	skip := r.at - uint32(uintptr(unsafe.Pointer(unsafe.SliceData(r.memory))))
	return unsafe.Slice((*float32)(unsafe.Pointer(&r.memory[skip])), n/4)
}

// Map shows the elements of an F32 tensor.
func (t Tensor) Map() (*Window, error) {
	info := t.Info()
	if info.DType != abi.DTypeF32 {
		return nil, Error(abi.EUNSUP)
	}
	r, err := newRoom(max(info.Bytes, 1))
	if err != nil {
		return nil, err
	}
	if err := check(hostTMap(int64(t.ID), r.at, r.size)); err != nil {
		spare = append(spare, r)
		return nil, err
	}
	return &Window{r.f32(info.Bytes), r}, nil
}

// NewWindow shows the elements of a new F32 tensor, all 0, to be written. Commit makes it a tensor.
func NewWindow(shape ...int) (*Window, error) {
	n := int64(4)
	for _, d := range shape {
		if d <= 0 || n > 1<<31/int64(d) {
			return nil, Error(abi.ETOOBIG)
		}
		n *= int64(d)
	}
	r, err := newRoom(n)
	if err != nil {
		return nil, err
	}
	s := sizes(shape)
	p, _ := at(s)
	if err := check(hostTMapOut(abi.DTypeF32, uint32(len(s)), p, r.at, r.size)); err != nil {
		spare = append(spare, r)
		return nil, err
	}
	return &Window{r.f32(n), r}, nil
}

// Commit ends a window of NewWindow's and gives its tensor.
func (w *Window) Commit() (Tensor, error) {
	h := hostTCommit(w.room.at)
	w.gone()
	return result(h)
}

// Close ends a window and leaves nothing.
func (w *Window) Close() error {
	if len(w.F32) == 0 {
		return nil
	}
	err := check(int64(hostTUnmap(w.room.at)))
	w.gone()
	return err
}

func (w *Window) gone() {
	spare = append(spare, w.room)
	w.F32, w.room = nil, room{}
}
