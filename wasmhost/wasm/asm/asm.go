// Package asm writes WebAssembly modules by code: what tests attack with, and the helpers that the meter adds.
package asm

import (
	"encoding/binary"
	"math"
	"strings"
)

// U appends an unsigned LEB128.
func U(b []byte, n uint32) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// S appends a signed LEB128.
func S(b []byte, n int64) []byte {
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// I is the code of one instruction: its byte and unsigned immediates.
func I(op byte, imm ...uint32) []byte {
	b := []byte{op}
	for _, n := range imm {
		b = U(b, n)
	}
	return b
}

// I32 is i32.const.
func I32(n int32) []byte { return S([]byte{0x41}, int64(n)) }

// I64 is i64.const.
func I64(n int64) []byte { return S([]byte{0x42}, n) }

// F64 is f64.const.
func F64(f float64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{0x44}, math.Float64bits(f))
}

// Code joins instructions.
func Code(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// Types of values for signatures and locals, a letter each: i, l, f, d, v, F (funcref), E (externref).
func valType(c rune) byte {
	switch c {
	case 'i':
		return 0x7f
	case 'l':
		return 0x7e
	case 'f':
		return 0x7d
	case 'd':
		return 0x7c
	case 'v':
		return 0x7b
	case 'F':
		return 0x70
	}
	return 0x6f
}

func appendTypes(b []byte, letters string) []byte {
	b = U(b, uint32(len(letters)))
	for _, c := range letters {
		b = append(b, valType(c))
	}
	return b
}

type vec struct {
	n int
	b []byte
}

func (v *vec) add(b []byte) int {
	v.b = append(v.b, b...)
	v.n++
	return v.n - 1
}

func (v *vec) section(id byte) []byte {
	if v.n == 0 {
		return nil
	}
	return Section(id, append(U(nil, uint32(v.n)), v.b...))
}

// Section is a section with its id and size.
func Section(id byte, content []byte) []byte {
	return append(U([]byte{id}, uint32(len(content))), content...)
}

// Module is a module being written. Imports come before functions.
type Module struct {
	types, imports, funcs, tables, memories, globals, exports, elems, bodies, data vec

	sigs     map[string]int
	imports0 int
	Start    int // function; 0 is none unless HasStart
	HasStart bool
	Count    bool   // write a data count section
	Tail     []byte // raw bytes at the end
}

// New starts a module.
func New() *Module { return &Module{sigs: map[string]int{}} }

// Type gives the index of a signature "params:results".
func (m *Module) Type(sig string) uint32 {
	if i, ok := m.sigs[sig]; ok {
		return uint32(i)
	}
	p, r, _ := strings.Cut(sig, ":")
	i := m.types.add(appendTypes(appendTypes([]byte{0x60}, p), r))
	m.sigs[sig] = i
	return uint32(i)
}

func name(b []byte, s string) []byte { return append(U(b, uint32(len(s))), s...) }

// Import imports a function and gives its index.
func (m *Module) Import(module, field, sig string) uint32 {
	m.imports0++
	return uint32(m.imports.add(U(append(name(name(nil, module), field), 0), m.Type(sig))))
}

// RawImport adds an import of any kind: desc is its kind and description.
func (m *Module) RawImport(module, field string, desc ...byte) {
	m.imports.add(append(name(name(nil, module), field), desc...))
}

// Func adds a function; code lacks the end, which is appended. locals has a letter each.
func (m *Module) Func(sig, locals string, code ...[]byte) uint32 {
	i := m.funcs.add(U(nil, m.Type(sig)))
	body := U(nil, uint32(len(locals)))
	for _, c := range locals {
		body = append(append(body, 1), valType(c))
	}
	body = append(append(body, Code(code...)...), 0x0b)
	m.bodies.add(append(U(nil, uint32(len(body))), body...))
	return uint32(m.imports0 + i)
}

// RawFunc adds a function with a body of raw bytes: locals and code.
func (m *Module) RawFunc(sig string, body []byte) uint32 {
	i := m.funcs.add(U(nil, m.Type(sig)))
	m.bodies.add(append(U(nil, uint32(len(body))), body...))
	return uint32(m.imports0 + i)
}

// Memory adds a memory; max below min means none.
func (m *Module) Memory(min, max int) {
	if max < min {
		m.memories.add(U([]byte{0}, uint32(min)))
		return
	}
	m.memories.add(U(U([]byte{1}, uint32(min)), uint32(max)))
}

// Table adds a table of functions.
func (m *Module) Table(min uint32) { m.tables.add(U([]byte{0x70, 0}, min)) }

// Global adds a global with an initial constant and gives its index.
func (m *Module) Global(t rune, mutable bool, init []byte) uint32 {
	b := []byte{valType(t), 0}
	if mutable {
		b[1] = 1
	}
	return uint32(m.globals.add(append(append(b, init...), 0x0b)))
}

// Export exports a thing: kind 0 function, 1 table, 2 memory, 3 global.
func (m *Module) Export(field string, kind byte, index uint32) {
	m.exports.add(U(append(name(nil, field), kind), index))
}

// Elem adds an active segment of functions for table 0.
func (m *Module) Elem(at int32, funcs ...uint32) {
	b := U(append(append([]byte{0}, I32(at)...), 0x0b), uint32(len(funcs)))
	for _, f := range funcs {
		b = U(b, f)
	}
	m.elems.add(b)
}

// PassiveElem adds a passive segment of functions.
func (m *Module) PassiveElem(funcs ...uint32) {
	b := U([]byte{1, 0}, uint32(len(funcs)))
	for _, f := range funcs {
		b = U(b, f)
	}
	m.elems.add(b)
}

// Data adds an active segment.
func (m *Module) Data(at int32, bytes []byte) {
	b := append(append([]byte{0}, I32(at)...), 0x0b)
	m.data.add(append(U(b, uint32(len(bytes))), bytes...))
}

// Passive adds a passive segment.
func (m *Module) Passive(bytes []byte) {
	m.data.add(append(U([]byte{1}, uint32(len(bytes))), bytes...))
}

// Bytes is the module.
func (m *Module) Bytes() []byte {
	b := []byte("\x00asm\x01\x00\x00\x00")
	b = append(b, m.types.section(1)...)
	b = append(b, m.imports.section(2)...)
	b = append(b, m.funcs.section(3)...)
	b = append(b, m.tables.section(4)...)
	b = append(b, m.memories.section(5)...)
	b = append(b, m.globals.section(6)...)
	b = append(b, m.exports.section(7)...)
	if m.HasStart {
		b = append(b, Section(8, U(nil, uint32(m.Start)))...)
	}
	b = append(b, m.elems.section(9)...)
	if m.Count {
		b = append(b, Section(12, U(nil, uint32(m.data.n)))...)
	}
	b = append(b, m.bodies.section(10)...)
	b = append(b, m.data.section(11)...)
	return append(b, m.Tail...)
}
