package abifuzz

import (
	"fmt"
	"slices"
)

// Call is the instruction that calls a host function: the register that keeps the result, if there is one, and the sources
// of its arguments.
func Call(name string, register byte, args ...byte) []byte {
	i := slices.IndexFunc(Functions(), func(f Function) bool { return f.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("abifuzz: no function %s", name))
	}
	b := []byte{byte(i)}
	if Functions()[i].Result != "" {
		b = append(b, register)
	}
	return append(b, args...)
}

// Do is an instruction behind the calls.
func Do(special int, args ...byte) []byte {
	return append([]byte{byte(len(Functions()) + special)}, args...)
}

// Int is the source of a number of the table.
func Int(n uint32) byte {
	i := slices.Index(ints(), n)
	if i < 0 {
		panic(fmt.Sprintf("abifuzz: no number %d", n))
	}
	return byte(i)
}

// Long is Int for 64 bits.
func Long(n uint64) byte { return byte(max(slices.Index(longs(), n), 0)) }

// Register is the source of a register; Stale is the one of its next generation.
func Register(n byte) byte { return 1<<6 | n&15 }

// Stale is a register's handle with another generation.
func Stale(n byte) byte { return 1<<6 | 1<<4 | n&15 }

// Scratch is an address in the scratch memory, in steps of 256 bytes.
func Scratch(n byte) byte { return 2<<6 | n&63 }

// Message is the source of the address and of the size of a well-formed message.
func Message(n int) (at, size byte) { return Int(messages()[n].at), Int(messages()[n].size) }

// The messages there are.
const (
	Shape = iota
	LargeShape
	Graph
	Key
	Event
	Clock
	AssetMessage
	FetchMessage
	NodeMessage
)

// Seeds are programs that do what guests do, to begin with.
func Seeds() map[string][]byte {
	join := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	shape, _ := Message(Shape)
	large, _ := Message(LargeShape)
	graph, graphLen := Message(Graph)
	key, keyLen := Message(Key)
	event, eventLen := Message(Event)
	clock, _ := Message(Clock)
	asset, assetLen := Message(AssetMessage)
	fetch, fetchLen := Message(FetchMessage)
	make := func(shape byte, r byte) []byte { return Call("t_new", r, Int(1), Int(4), shape, 2) }
	window := Int(9 << 16)
	seeds := map[string][]byte{
		"nothing":  nil,
		"tensors":  join(make(shape, 1), Call("t_info", 2, Register(1), Scratch(0)), Call("t_slice", 2, Register(1), Int(1), 0, 1), Call("h_make", 3, Int(2), Register(1)), Call("preview", 4, Register(3), Int(64), 0, 0), Call("h_drop", 0, Register(1)), Call("t_read", 5, Stale(1), 0, Scratch(0), Int(16))),
		"graph":    join(make(shape, 0), Call("t_graph", 2, graph, graphLen, Scratch(0), Int(256)), Do(OpLoad, Scratch(0), 3), Call("t_read", 4, Register(3), 0, Scratch(1), Int(256))),
		"windows":  join(Do(OpGrow, 16), make(large, 1), Call("t_map", 2, Register(1), window, Int(2<<16)), Do(OpPoke, window, 9), Call("t_map", 2, Register(1), window, Int(2<<16)), Call("t_unmap", 2, window)),
		"commit":   join(Do(OpGrow, 16), Call("t_map_out", 2, Int(1), Int(4), large, window, Int(2<<16)), Do(OpPoke, window, 9), Call("t_commit", 3, window), Do(OpPoke, window, 7), Call("t_commit", 4, window)),
		"rects":    join(make(shape, 1), Call("t_write_rect", 2, Register(1), 0, 0, 0, Int(1), Int(1), Scratch(0), Int(12)), Call("t_read_rect", 2, Register(1), 0, Int(3), Int(3), Int(1), Int(2), Scratch(0), Int(64))),
		"store":    join(Call("kv_put", 1, 0, key, keyLen, Scratch(0), Int(64), 0), Call("kv_cas", 1, 0, key, keyLen, Scratch(0), Int(64), Scratch(1), Int(8)), Call("kv_list", 1, 0, key, 0, Scratch(0), Int(64)), Call("kv_get", 1, Int(1), key, keyLen, Scratch(0), 0), Call("take", 1, Scratch(0), Int(64)), Call("kv_delete", 1, 0, key, keyLen)),
		"files":    join(Call("asset_open", 1, asset, assetLen), Call("asset_size", 2, Register(1)), Call("asset_read", 2, Register(1), 0, Scratch(0), Int(64)), Call("h_drop", 0, Register(1)), Call("asset_read", 2, Register(1), 0, Scratch(0), Int(64))),
		"outside":  join(Call("http_fetch", 1, fetch, fetchLen, Scratch(0), Int(16)), Call("take", 1, Scratch(0), Int(4096)), Call("ws_send", 1, key, keyLen, event, eventLen), Call("msg_post", 1, 0, 0, key, keyLen, key, keyLen, event, eventLen), Call("msg_wait", 1, key, keyLen, Int(1), Scratch(0), Int(64))),
		"waits":    join(Call("sleep_ms", 1, Int(1)), Call("poll_oneoff", 1, clock, Scratch(0), Int(1), Scratch(1)), Call("msg_wait", 1, key, keyLen, Int(1<<31), Scratch(0), Int(64))),
		"text":     join(Call("log", 0, Int(1), event, eventLen), Call("progress", 1, 7, 8), Call("progress_text", 0, event, eventLen), Call("fail", 0, Int(7), event, eventLen)),
		"deep":     join(Do(OpBurn, 255), Do(OpRecurse), Do(OpRecurse), Do(OpBurn, 255), Do(OpBurn, 255)),
		"pointers": join(Call("reply", 0, Int(1<<32-1), Int(2))),
	}
	for _, f := range Functions() { // each, with small numbers
		args := slices.Repeat([]byte{Int(1)}, len(f.Params))
		seeds["call "+f.Name] = append(Call(f.Name, 1, args...), Call("now_ms", 2)...)
	}
	return seeds
}
