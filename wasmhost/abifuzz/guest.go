// Package abifuzz is a guest that takes bytes for a program of host calls: what a fuzzer writes, the host has to bear. It is
// made from the contract's list of functions, so that each of them is reached.
//
// A program is a row of instructions. The first byte of one says what it does, modulo Ops; host calls take a byte for the
// source of each argument (see argument), and one for the register that keeps the result.
package abifuzz

import (
	"encoding/binary"
	"math"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// Node is the class of the guest's node. Its input "program" is what Text gives; others are as a test likes.
const Node = "Fuzz"

// Route is the path of the guest's route, a POST whose query has such a text.
const Route = "/fuzz"

// The guest's memory: what it starts with.
const (
	registersAt = 1 << 10  // 16 of 64 bits
	intsAt      = 2 << 10  // 64 numbers of 32 bits
	longsAt     = 3 << 10  // 64 numbers of 64 bits
	floatsAt    = 4 << 10  // 64 numbers of 64 bits
	scratchAt   = 8 << 10  // 16 KiB, in which the blob is written first
	messagesAt  = 24 << 10 // well-formed messages
	requestAt   = 64 << 10
	pages       = 8
	mark        = "#fuzz#" // before the program
)

// Function is a host function that the guest calls.
type Function struct {
	Module, Name, Params, Result string
}

// wasi are the functions of WASI that do something.
var wasi = []Function{
	{"wasi_snapshot_preview1", "fd_write", "iiii", "i"}, {"wasi_snapshot_preview1", "fd_read", "iiii", "i"}, {"wasi_snapshot_preview1", "fd_fdstat_get", "ii", "i"},
	{"wasi_snapshot_preview1", "args_sizes_get", "ii", "i"}, {"wasi_snapshot_preview1", "environ_sizes_get", "ii", "i"}, {"wasi_snapshot_preview1", "clock_res_get", "ii", "i"},
	{"wasi_snapshot_preview1", "clock_time_get", "ili", "i"}, {"wasi_snapshot_preview1", "poll_oneoff", "iiii", "i"}, {"wasi_snapshot_preview1", "random_get", "ii", "i"},
	{"wasi_snapshot_preview1", "proc_exit", "i", ""}, {"wasi_snapshot_preview1", "path_open", "iiiiillii", "i"},
}

// Functions are all that the guest calls: those of the contract, then those of WASI.
func Functions() []Function {
	letter := map[string]string{"i32": "i", "i64": "l", "f64": "d", "": ""}
	var out []Function
	for _, f := range abi.Functions() {
		params := ""
		for _, p := range f.Params {
			params += letter[p]
		}
		out = append(out, Function{f.Module, f.Name, params, letter[f.Result]})
	}
	return append(out, wasi...)
}

// The instructions behind the host calls: what they do is in specials.
const (
	OpGrow     = iota // one byte: pages
	OpPoke            // an i32 argument, a byte: writes the byte there
	OpStore           // an i32 argument, a register: writes its 64 bits there
	OpLoad            // an i32 argument, a register: reads 64 bits
	OpBurn            // one byte: executes that many thousands of instructions
	OpRecurse         // goes on one call deeper
	OpMove            // an i64 argument, a register
	opSpecials        // how many there are
)

// Ops is how many instructions there are.
func Ops() int { return len(Functions()) + opSpecials }

// ints and longs are numbers that hosts have trouble with. The first 16 ints are small.
func ints() []uint32 {
	out := []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32, 48, 64, 128, 256,
		registersAt, scratchAt, scratchAt + 4096, scratchAt + 8192, 60 << 10, pages << 16, pages<<16 + 1, (pages << 16) - 1, (pages << 16) - 8,
		1 << 16, 2 << 16, 8 << 16, 9 << 16, 10 << 16, 12 << 16, 16 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<32 - 8, 1<<32 - 1<<16,
		1 << 20, 1 << 24, 1 << 30, 1000, 4096, 65535, 65537, 1024, 2048}
	for _, m := range messages()[:inTable] {
		out = append(out, m.at, m.size)
	}
	return out[:64]
}

func longs() []uint64 {
	return []uint64{0, 1, 2, 3, 4, 7, 8, 9, 16, 64, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 | 1, 1<<32 | 2, 1<<32 | 3, 2 << 32, 2<<32 | 1,
		1 << 40, 1<<62 - 1, 1<<63 - 1, 1 << 63, 1<<63 + 1, 1<<64 - 1, 1<<64 - 2, 1<<64 - 1<<32, 0x7fffffff << 32, 1000, 4096, 65536}
}

func floats() []float64 {
	return []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 2, 255, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.MaxFloat32, 1 << 53, 1 << 63, -(1 << 63), 1e300, 1e-300, 3.99, math.Float64frombits(0xfff0000000000001), math.Float64frombits(0x7ff8dead0000beef)}
}

// place is where a well-formed message stands.
type place struct {
	at, size uint32
	b        []byte
}

// messages are what functions read: as it should be, for the fuzzer to spoil.
func messages() []place {
	le := binary.LittleEndian
	shape := func(dims ...uint64) (b []byte) {
		for _, d := range dims {
			b = le.AppendUint64(b, d)
		}
		return b
	}
	var graph []byte // of one input and one negation, whose handle is the first of a call
	for _, n := range []uint32{1, 1, 1, 0, 0, 1, 1, 0} {
		graph = le.AppendUint32(graph, n)
	}
	graph = le.AppendUint64(graph, 1<<32)
	graph = append(le.AppendUint16(graph, abi.TensorNeg), 1, 255)
	graph = append(graph, make([]byte, abi.GraphInstrSize-4)...)
	graph = le.AppendUint32(le.AppendUint32(graph, 0), 1)
	clock := make([]byte, 48)
	le.PutUint32(clock[16:], 1)
	le.PutUint64(clock[24:], 1e9)
	all := [][]byte{
		shape(1, 4, 4, 3), shape(1, 64, 96, 3), graph, []byte("key"), []byte(`{"a":1}`), clock,
		message(map[string]any{"type": "input", "filename": "a.png"}), message(map[string]any{"method": "GET", "url": "http://api.test/a", "headers": map[string]any{"X-K": "{{secret:KEY}}"}}),
		message(map[string]any{"class": "FuzzEcho", "inputs": map[string]any{"x": int64(1)}}),
		// those behind the table's; the first handle of a call is a picture
		[]byte("samples"), {0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0}, message(map[string]any{"samples": picture}), message(map[string]any{"image": picture, "name": "a"}),
		message(map[string]any{"status": int64(200), "headers": map[string]any{"content-type": "text/plain"}}), []byte("preview"),
	}
	var out []place
	at := uint32(messagesAt)
	for _, b := range all {
		out = append(out, place{at, uint32(len(b)), b})
		at += uint32(len(b)+63) &^ 63
	}
	return out
}

// inTable is how many messages are in the table of numbers, which is full; the others are named by their bytes.
const inTable = 9

// picture is a call's first handle, when the node is given a picture.
var picture = abi.Handle{Kind: abi.KindImage, ID: 1 << 32}

func message(v any) []byte {
	b, err := abi.Append(nil, v)
	if err != nil {
		panic(err)
	}
	return b
}

// Text is a program and a blob as the input of the node: letters for half bytes, behind a mark that the guest looks for. The
// blob is written to the guest's scratch memory first.
func Text(program, blob []byte) string {
	blob = blob[:min(len(blob), 16<<10)]
	b := []byte(mark)
	for _, part := range [][]byte{binary.LittleEndian.AppendUint32(nil, uint32(len(blob))), blob, binary.LittleEndian.AppendUint32(nil, uint32(len(program))), program} {
		for _, c := range part {
			b = append(b, 'a'+c>>4, 'a'+c&15)
		}
	}
	return string(b)
}

// Module is the guest.
func Module() []byte {
	w := &writer{m: asm.New()}
	for _, f := range Functions() {
		w.imports = append(w.imports, w.m.Import(f.Module, f.Name, f.Params+":"+f.Result))
	}
	w.m.Memory(pages, -1)
	w.m.Export("memory", 2, 0)
	w.data()
	w.functions()
	return w.m.Bytes()
}
