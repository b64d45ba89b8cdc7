package wasmhost

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// TestMadeTensorsGo: the memory of tensors that a guest makes goes with their last handle or window, or with the call, unless
// they were handed on.
func TestMadeTensorsGo(t *testing.T) {
	var handedOn any
	inCall(t, 0, func(c *call) {
		growTo(t, c, 64)
		const at = 4 << 16
		binary.LittleEndian.PutUint64(c.bytes(4096, 8), 64<<10)
		make := func() int64 { return c.tNew(abi.DTypeU8, 1, 4096, 7) }
		count := &c.host.gate.blocks
		files, maps := held()
		for range 5000 {
			h := make()
			if c.tMap(h, at, 1<<16) != 64<<10 {
				t.Fatal("map")
			}
			c.hDrop(h)
			if c.bytes(at, 1)[0] != 7 {
				t.Fatal("the window of a dropped tensor shows something else")
			}
			c.tUnmap(at)
		}
		nowFiles, nowMaps := held()
		if count.live.Load() != 0 || nowFiles > files+1 || nowMaps > maps+64 { // the process has some of its own that come and go
			t.Errorf("%d blocks; %d files, %d mappings; before %d, %d", count.live.Load(), nowFiles, nowMaps, files, maps)
		}
		h := make()
		view := c.tSlice(h, 0, 100, 200)
		c.hDrop(h)
		if c.tRead(view, 0, 8192, 1) != 1 || c.bytes(8192, 1)[0] != 7 || count.live.Load() != 1 {
			t.Error("a view of a dropped tensor")
		}
		c.hDrop(view)
		if count.live.Load() != 0 {
			t.Error("the block of a dropped view stays")
		}
		out := make()
		var err error
		if handedOn, err = c.fromHandle(abi.Handle{Kind: abi.KindTensor, ID: uint64(out)}); err != nil {
			t.Fatal(err)
		}
		make()
		if c.tMapOut(abi.DTypeU8, 1, 4096, at, 1<<16) != 64<<10 || count.live.Load() != 3 {
			t.Errorf("%d blocks, want 3", count.live.Load())
		}
		c.release()
		if count.live.Load() != 1 || count.escaped.Load() != 1 {
			t.Errorf("after the call %d blocks, %d of them handed on", count.live.Load(), count.escaped.Load())
		}
		if x := tensorsIn(handedOn)[0]; x.U8()[5] != 7 {
			t.Error("what was handed on is gone")
		}
		handedOn = nil
		for range 50 {
			if runtime.GC(); count.live.Load() == 0 {
				break
			}
		}
		if count.live.Load() != 0 {
			t.Error("what nobody has any more stays")
		}
	})
}

// TestSmallTensorsAreCheap: those that windows would not share live on the heap.
func TestSmallTensorsAreCheap(t *testing.T) {
	inCall(t, 0, func(c *call) {
		binary.LittleEndian.PutUint64(c.bytes(4096, 8), 16)
		for range 100_000 {
			c.hDrop(c.tNew(abi.DTypeF32, 1, 4096, 0))
		}
		if n := c.host.gate.blocks.live.Load(); n != 0 {
			t.Errorf("%d blocks", n)
		}
	})
}
