// Package attacks is the malicious corpus: guests that try to run for ever, to take memory, to reach what is not theirs, to
// confuse the host or to outlive their call, each with the verdict that the host must give. They are written by code, a few
// instructions each.
package attacks

import (
	"maps"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// Verdict is what must become of an attack.
type Verdict int

// The verdicts.
const (
	Refused  Verdict = iota // the module is not loaded
	Stopped                 // the call ends with an error
	Harmless                // the call succeeds: what it tried had no effect
)

// Attack is a module and what must become of it. Code is the fault of a refused or stopped one; of a harmless one it names
// the errno that the guest must get.
type Attack struct {
	Name    string
	Module  []byte
	Verdict Verdict
	Code    fault.Code
}

// guest is a module in the making: it describes one node, Attack, whose execution is the attack.
type guest struct {
	m       *asm.Module
	imports map[string]uint32
	data    int32  // where the next data goes
	execute []byte // code of the execution
	locals  string // behind op, ptr, len: numbered from 3
	noReply bool
	version int32  // what cocoon_abi gives
	request int32  // what cocoon_buf gives
	buffer  []byte // what it does first
	pages   int    // of memory at the start
	// describe replaces the description.
	describe []byte
	// on is what other ops do, by op.
	on map[int32][]byte
}

// onePage is where the guest keeps its data; requests go to the second page.
const (
	eventAt   = 512 // "mine", and "{}" behind it
	dataAt    = 1024
	requestAt = 64 << 10
)

// call imports a host function and gives its call.
func (g *guest) call(module, name, sig string) []byte {
	return asm.I(0x10, g.imports[module+"."+name+" "+sig])
}

// need imports host functions; all imports come before functions.
func (g *guest) need(funcs ...[3]string) {
	for _, f := range funcs {
		key := f[0] + "." + f[1] + " " + f[2]
		if _, ok := g.imports[key]; !ok {
			g.imports[key] = g.m.Import(f[0], f[1], f[2])
		}
	}
}

// bytes puts data into the guest's memory and gives its address and length as code.
func (g *guest) bytes(b []byte) []byte {
	at := g.data
	if len(b) > requestAt/2 { // behind the request
		at = 2 * requestAt
		g.m.Data(at, b)
		return asm.Code(asm.I32(at), asm.I32(int32(len(b))))
	}
	g.m.Data(at, b)
	g.data += int32(len(b)+15) &^ 7
	return asm.Code(asm.I32(at), asm.I32(int32(len(b))))
}

func message(v any) []byte {
	b, err := abi.Append(nil, v)
	if err != nil {
		panic(err)
	}
	return b
}

var attackNode = map[string]any{"id": "Attack", "inputs": []any{map[string]any{"name": "image", "type": "IMAGE", "optional": true}},
	"outputs": []any{}, "flags": []any{"output_node"}}

// build makes a guest; do adds the attack.
func build(do func(g *guest)) []byte {
	g := &guest{m: asm.New(), imports: map[string]uint32{}, data: dataAt, on: map[int32][]byte{}, version: abi.Major << 16, request: requestAt, pages: 4}
	g.need([3]string{"cocoon1", "reply", "ii:"})
	g.m.Export("memory", 2, 0)
	g.describe = message(map[string]any{"nodes": []any{attackNode}})
	g.m.Data(eventAt, []byte("mine\x00\x00\x00\x00{}"))
	do(g)
	g.m.Memory(g.pages, -1)
	reply := g.call("cocoon1", "reply", "ii:")
	branch := func(op int32, code ...[]byte) []byte {
		return asm.Code(asm.I(0x20, 0), asm.I32(op), []byte{0x46, 0x04, 0x40}, asm.Code(code...), asm.I32(0), []byte{0x0f, 0x0b})
	}
	ending := []byte{}
	if !g.noReply {
		ending = asm.Code(g.bytes(message(map[string]any{"outputs": []any{}})), reply)
	}
	body := asm.Code(branch(abi.OpDescribe, g.bytes(g.describe), reply), branch(abi.OpExecute, g.execute, ending),
		branch(abi.OpResume, g.execute, ending))
	for op := range int32(16) {
		if code, ok := g.on[op]; ok {
			body = append(body, branch(op, code)...)
		}
	}
	body = append(body, asm.I32(abi.EUNSUP)...)
	g.m.Export("cocoon_abi", 0, g.m.Func(":i", "", asm.I32(g.version)))
	g.m.Export("cocoon_buf", 0, g.m.Func("i:i", "", g.buffer, asm.I32(g.request)))
	g.m.Export("cocoon_call", 0, g.m.Func("iii:i", g.locals, body))
	return g.m.Bytes()
}

// replies makes a guest whose execution replies the given bytes.
func replies(b []byte) []byte {
	return build(func(g *guest) {
		g.noReply = true
		g.execute = asm.Code(g.bytes(b), g.call("cocoon1", "reply", "ii:"))
	})
}

// describes makes a guest with the given description.
func describes(b []byte) []byte { return build(func(g *guest) { g.describe = b }) }

// does makes a guest that calls one host function with constants, and drops the result.
func does(module, name, sig string, args ...[]byte) []byte {
	return build(func(g *guest) {
		g.need([3]string{module, name, sig})
		g.execute = asm.Code(asm.Code(args...), g.call(module, name, sig))
		if sig[len(sig)-1] != ':' {
			g.execute = append(g.execute, 0x1a)
		}
	})
}

// floods makes a guest that calls one host function n times.
func floods(n int32, module, name, sig string, args ...[]byte) []byte {
	return build(func(g *guest) {
		g.need([3]string{module, name, sig})
		g.locals = "i"
		g.execute = asm.Code([]byte{0x03, 0x40}, asm.Code(args...), g.call(module, name, sig))
		if sig[len(sig)-1] != ':' {
			g.execute = append(g.execute, 0x1a)
		}
		g.execute = asm.Code(g.execute, asm.I(0x20, 3), asm.I32(1), []byte{0x6a}, asm.I(0x22, 3), asm.I32(n), []byte{0x49, 0x0d, 0, 0x0b})
	})
}

// wants makes a guest that traps unless a host function gives the wanted i32 or i64.
func wants(want int32, module, name, sig string, args func(g *guest) []byte) []byte {
	return build(func(g *guest) {
		g.need([3]string{module, name, sig})
		g.execute = asm.Code(args(g), g.call(module, name, sig))
		if sig[len(sig)-1] == 'l' {
			g.execute = append(g.execute, 0xa7) // to i32
		}
		g.execute = asm.Code(g.execute, asm.I32(want), []byte{0x47, 0x04, 0x40, 0x00, 0x0b})
	})
}

// answers makes a guest whose node is of the given schema and replies v.
func answers(schema map[string]any, v any) []byte {
	return build(func(g *guest) {
		g.describe = message(map[string]any{"nodes": []any{schema}})
		g.noReply = true
		g.execute = asm.Code(g.bytes(message(v)), g.call("cocoon1", "reply", "ii:"))
	})
}

// schemaOf is attackNode with fields of its own.
func schemaOf(fields map[string]any) map[string]any {
	s := maps.Clone(attackNode)
	maps.Copy(s, fields)
	return s
}

func constants(code ...[]byte) func(*guest) []byte {
	return func(*guest) []byte { return asm.Code(code...) }
}
