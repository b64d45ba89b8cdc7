package abifuzz

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
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
	samplesKey
	swapOrder
	latentMessage
	saveMessage
	headMessage
	previewKey
)

// immediate is the source of a number that stands in the program.
func immediate(n uint32) []byte { return binary.LittleEndian.AppendUint32([]byte{3 << 6}, n) }

// messageSource is the source of a message's address and size that are not in the table.
func messageSource(n int) []byte {
	return append(immediate(messages()[n].at), immediate(messages()[n].size)...)
}

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
	for _, f := range Functions() { // each, with small numbers, and with such as are nowhere
		args := slices.Repeat([]byte{Int(1)}, len(f.Params))
		seeds["call "+f.Name] = append(Call(f.Name, 1, args...), Call("now_ms", 2)...)
		for i := range args {
			args[i] = Int(1<<32 - 8)
			if f.Params[i] == 'l' {
				args[i] = Long(1 << 63)
			}
		}
		seeds["nowhere "+f.Name] = Call(f.Name, 1, args...)
	}
	maps.Copy(seeds, newer())
	return seeds
}

// newer are programs of the functions that the others leave out. Where it says so the node has pictures: the first is handle 0.
func newer() map[string][]byte {
	join := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	at := func(n int) byte { return Int(messages()[n].at) }
	key, keyLen := Message(Key)
	event, eventLen := Message(Event)
	asset, assetLen := Message(AssetMessage)
	fetch, fetchLen := Message(FetchMessage)
	node, nodeLen := Message(NodeMessage)
	with := func(name string, register byte, args ...[]byte) []byte { return Call(name, register, join(args...)...) }
	b := func(x ...byte) []byte { return x }
	large := Call("t_new", 1, Int(1), Int(4), at(LargeShape), 2)
	image, tensor := Long(1<<32), Call("t_new", 1, Int(1), Int(4), at(Shape), 2)
	out := b(Scratch(8), Int(256))
	start := join(Call("http_start", 14, fetch, fetchLen), Do(OpStore, Scratch(4), 14), Call("wait_any", 3, Scratch(4), Int(1), Int(1000)))
	return map[string][]byte{
		"parts": join(with("h_build", 2, immediate(abi.KindLatent), messageSource(latentMessage)), with("h_parts", 3, b(Register(2)), out), with("h_get", 4, b(Register(2)), messageSource(samplesKey)),
			with("h_type", 5, b(image), out), with("h_parts", 5, b(image), out), Call("preview", 5, image, Int(64), 0, 0)),
		"views": join(tensor, with("t_permute", 2, b(Register(1)), immediate(messages()[swapOrder].at), b(Int(4))), Call("t_reshape", 3, Register(1), Int(4), at(Shape)), Call("t_cast", 4, Register(1), Int(2)), Call("t_write", 5, Register(1), 0, Scratch(0), Int(16))),
		"written": join(tensor, Call("t_write", 2, Register(1), 0, Scratch(0), Int(16)), Call("t_read", 2, Register(1), 0, Scratch(0), Int(16)), Call("t_read_rect", 2, Register(1), 0, 0, 0, Int(1), Int(1), Scratch(0), Int(64)),
			Do(OpGrow, 16), large, Call("t_map", 2, Register(1), Int(9<<16), Int(2<<16)), Call("t_unmap", 2, Int(9<<16)), Call("kv_put", 1, 0, key, keyLen, Scratch(0), Int(64), 0), with("kv_get", 1, b(0, key, keyLen), out)),
		"exchanges":   join(start, with("http_take", 4, b(Register(14)), out), with("http_read", 4, b(Register(14)), out), Call("h_drop", 0, Register(14)), with("http_fetch", 4, b(fetch, fetchLen), b(Scratch(8), 0)), Call("take", 4, Scratch(8), Int(256))),
		"stored":      join(Call("asset_open", 12, asset, assetLen), with("asset_store", 2, b(Register(12), key, keyLen), out), with("asset_image", 3, b(Register(12), 0)), Call("asset_size", 3, Register(12))),
		"drafts":      join(Call("asset_create", 13, key, keyLen), Call("asset_write", 2, Register(13), key, keyLen), with("asset_commit", 3, b(Register(13)), out), with("asset_save", 3, b(key, keyLen, key, keyLen), out), with("image_save", 3, messageSource(saveMessage), out)),
		"others":      join(Call("ws_post", 2, Int(2), 0, 0, key, keyLen, event, eventLen), with("ws_image", 2, b(Int(2), 0, 0, image, Int(16), 0)), Call("progress_state", 2, 2, 5), Call("progress_text_all", 0, event, eventLen), Call("reply", 0, key, keyLen)),
		"nodes":       with("node_call", 2, b(node, nodeLen), out),
		"route":       join(with("body_read", 2, b(image), out), with("reply_head", 2, messageSource(headMessage)), with("reply_write", 2, b(key, keyLen))),
		"route twice": join(with("reply_write", 2, b(key, keyLen)), with("reply_head", 2, messageSource(headMessage)), with("reply_head", 2, messageSource(headMessage))),
		"wasi":        join(Call("fd_write", 2, Int(1), Scratch(0), 0, Scratch(4)), Call("random_get", 2, Scratch(0), Int(16)), Call("clock_time_get", 2, 0, 0, Scratch(0)), Call("clock_res_get", 2, 0, Scratch(0)), Call("args_sizes_get", 2, Scratch(0), Scratch(1)), Call("environ_sizes_get", 2, Scratch(0), Scratch(1)), Call("fd_fdstat_get", 2, Int(1), Scratch(0)), Call("random", 2, Scratch(0), Int(16))),
	}
}
