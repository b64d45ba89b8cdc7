package wasmhost

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// mostPages is a grant of 1 GiB.
const mostPages = 1024 * pagesPerMiB

// inCall runs do as if from a host function of the tiny guest, over memory that has grown to the given pages.
func inCall(t testing.TB, memoryPages uint32, do func(c *call)) {
	t.Helper()
	h := newHost(t, Config{})
	s := tinySource(tiny(map[int32]any{1: tinyNode}, func(m *asm.Module) {
		grow := m.Func(":", "", asm.I32(int32(memoryPages)), []byte{0x40, 0, 0x1a})
		m.Export("_initialize", 0, grow)
	}))
	s.Limits = DefaultLimitSet()
	s.Limits.Execute.MemoryPages = mostPages
	s.Limits.Execute.HostBytes = 64 * gib
	s.Limits.Describe.MemoryPages = mostPages
	e := load(t, h, s)
	c := e.newCall(runCtx(t, "a", "1"), s.Limits.Execute)
	if !h.gate.enter(t.Context(), c.tenant) {
		t.Fatal("no place")
	}
	defer h.gate.leave(c.tenant)
	var err error
	if c.slot, err = e.program.Get(t.Context(), mostPages); err != nil {
		t.Fatal(err)
	}
	defer e.program.Put(t.Context(), c.slot, false)
	defer c.release()
	do(c)
}

// trapped gives the code of the trap that do ends in; "" for none.
func trapped(do func()) (code fault.Code) {
	defer func() {
		if e, ok := recover().(error); ok {
			code = fault.CodeOf(e)
		}
	}()
	do()
	return ""
}

func TestHandles(t *testing.T) {
	inCall(t, 0, func(c *call) {
		x := c.put(abi.KindImage, ramp(2, 3, 4, 3))
		if c.tInfo(x, 4096) != 0 {
			t.Fatal("no info")
		}
		b := c.bytes(4096, abi.TensorInfoSize)
		if got := binary.LittleEndian.Uint64(b[abi.TensorInfoBytes:]); got != 2*3*4*3*4 {
			t.Errorf("%d bytes", got)
		}
		one := c.tSlice(x, 0, 1, 2)
		if n := c.tRead(one, 0, 8192, 1000); n != 3*4*3*4 {
			t.Errorf("read %d", n)
		}
		want := ramp(2, 3, 4, 3).Slice(0, 1, 2).F32()[5]
		if got := math.Float32frombits(binary.LittleEndian.Uint32(c.bytes(8192+20, 4))); got != want {
			t.Errorf("read %v, want %v", got, want)
		}
		if n := c.tReadRect(x, 1, 2, 3, 1, 1, 8192, 12); n != 12 {
			t.Errorf("rectangle of %d bytes", n)
		}
		if n := c.tReadRect(x, 1, 2, 3, 1, 2, 8192, 100); n != int64(abi.ENOENT) {
			t.Errorf("rectangle outside: %d", n)
		}
		if n := c.tWrite(x, 0, 8192, 4); n != int64(abi.EPERM) {
			t.Errorf("write to what is shared: %d", n)
		}
		if m := c.hMake(abi.KindMask, x); m != int64(abi.EUNSUP) {
			t.Errorf("pictures as masks: %d", m)
		}
		c.hDrop(one)
		if code := trapped(func() { c.tInfo(one, 4096) }); code != fault.ExtensionFailed {
			t.Errorf("use of a handle that was given back: %q", code)
		}
		again := c.tSlice(x, 0, 0, 1)
		if again == one {
			t.Error("a handle came back")
		}
	})
}

// TestWindows: what a window shows, that writes into it stay the guest's, and that nothing is left of it.
func TestWindows(t *testing.T) {
	shared, err := newShared(tensor.F32, tensor.Shape{1, 64, 64, 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		img  value.Image
	}{{"shared memory", value.Image{Tensor: shared}}, {"the heap", ramp(1, 64, 64, 3)}} {
		t.Run(row.name, func(t *testing.T) {
			for i := range row.img.F32() {
				row.img.F32()[i] = float32(i)
			}
			inCall(t, 0, func(c *call) {
				growTo(t, c, 16)
				const at = 4 << 16
				x := c.put(abi.KindImage, row.img)
				if n := c.tMap(x, at, 1<<16); n != 64*64*3*4 {
					t.Fatalf("map: %d", n)
				}
				cell := c.bytes(at+4*100, 4)
				if got := math.Float32frombits(binary.LittleEndian.Uint32(cell)); got != 100 {
					t.Errorf("window shows %v", got)
				}
				binary.LittleEndian.PutUint32(cell, 0)
				if got := row.img.F32()[100]; got != 100 {
					t.Errorf("a write through the window reached the tensor: %v", got)
				}
				if code := trapped(func() { c.tMap(x, at, 1<<16) }); code != fault.ExtensionFailed {
					t.Errorf("a window over a window: %q", code)
				}
				if c.tUnmap(at) != 0 || binary.LittleEndian.Uint32(c.bytes(at+4*101, 4)) != 0 {
					t.Error("something is left of a closed window")
				}
			})
		})
	}
}

func grow(s slot.Slot, pages uint32) bool { return s.(interface{ Grow(uint32) bool }).Grow(pages) }

// growTo grows the slot's memory as the guest would.
func growTo(t testing.TB, c *call, memoryPages uint32) {
	t.Helper()
	if !grow(c.slot, memoryPages) {
		t.Fatal("the memory does not grow")
	}
}

func TestPristineAfterWindows(t *testing.T) {
	h := newHost(t, Config{})
	e := load(t, h, tinySource(tiny(map[int32]any{1: tinyNode}, nil)))
	for i := range 3 {
		s, err := e.program.Get(t.Context(), 256*pagesPerMiB)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Memory()) != 2<<16 {
			t.Fatalf("call %d starts with %d bytes", i, len(s.Memory()))
		}
		if !grow(s, 40) || len(s.Memory()) != 42<<16 {
			t.Fatalf("grown to %d", len(s.Memory()))
		}
		for at, b := range s.Memory() {
			if b != 0 && at > 64<<10 {
				t.Fatalf("call %d: byte %d is %d", i, at, b)
			}
		}
		for at := 64 << 10; at < len(s.Memory()); at += 4096 {
			s.Memory()[at] = 0xaa
		}
		e.program.Put(t.Context(), s, false)
	}
}
