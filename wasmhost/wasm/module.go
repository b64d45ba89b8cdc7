// Package wasm reads and proves WebAssembly modules that nobody has to trust: its own parser and type checker, with limits
// on everything that costs time or memory later. It knows core 2.0, extended constants and tail calls. What it accepts, the
// engine accepts too; what it refuses, it refuses with the place and the reason.
package wasm

// ValType is a type of values.
type ValType byte

// The types of values, as bytes of the format.
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
)

// IsRef reports whether values of the type are references.
func (t ValType) IsRef() bool { return t == FuncRef || t == ExternRef }

func (t ValType) known() bool { return t >= V128 && t <= I32 || t.IsRef() }

// String gives the type's name.
func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "unknown"
}

// FuncType is a signature.
type FuncType struct{ Params, Results []ValType }

// Equal reports whether two signatures are the same.
func (f FuncType) Equal(g FuncType) bool {
	return string(typesOf(f.Params)) == string(typesOf(g.Params)) && string(typesOf(f.Results)) == string(typesOf(g.Results))
}

func typesOf(ts []ValType) []byte {
	b := make([]byte, len(ts))
	for i, t := range ts {
		b[i] = byte(t)
	}
	return b
}

// Import is an imported function; nothing else can be imported.
type Import struct {
	Module, Name string
	Type         uint32
}

// Bounds are the sizes of a table or a memory. Max is meaningful with HasMax.
type Bounds struct {
	Min, Max uint32
	HasMax   bool
}

// Table is a table of references.
type Table struct {
	Type ValType
	Bounds
}

// Global is a variable of the module.
type Global struct {
	Type    ValType
	Mutable bool
	Init    []byte // constant expression with its end
}

// The kinds of exports.
const (
	ExportFunc   = 0
	ExportTable  = 1
	ExportMemory = 2
	ExportGlobal = 3
)

// Export is something that the module shows.
type Export struct {
	Name  string
	Kind  byte
	Index uint32
}

// Mode says when a segment is copied.
type Mode byte

// The modes.
const (
	Active Mode = iota
	Passive
	Declared
)

// Elem is a segment of references: functions by index, or expressions.
type Elem struct {
	Mode   Mode
	Table  uint32
	Offset []byte // constant expression of an active one
	Type   ValType
	Funcs  []uint32
	Exprs  [][]byte // in place of Funcs
}

// Data is a segment of bytes.
type Data struct {
	Mode   Mode
	Offset []byte
	Bytes  []byte
}

// Locals is a run of locals of one type.
type Locals struct {
	Count uint32
	Type  ValType
}

// Body is a function's code. Code ends with its end instruction.
type Body struct {
	Locals []Locals
	Code   []byte
	Offset int // of Code in the module, for messages
}

// Module is a parsed module. Slices share the module's bytes.
type Module struct {
	Types    []FuncType
	Imports  []Import
	Funcs    []uint32 // type of each defined function
	Tables   []Table
	Memory   Bounds
	Globals  []Global
	Exports  []Export
	Start    int // function index, -1 for none
	Elems    []Elem
	Data     []Data
	Bodies   []Body
	Names    []byte // the custom section "name", for stack traces; nil for none
	hasCount bool
	hasMem   bool
	count    uint32 // of data segments, announced
	Metrics  Metrics
}

// Metrics measure what a compiler will have to do.
type Metrics struct {
	CodeBytes        int
	Functions        int
	MaxLocals        int
	MaxNest          int
	MaxLoopNest      int
	LocalBranches    int64 // sum of locals times branches and targets
	MaxLocalBranches int64
	LoopWeight       int64 // sum of (locals+1) times loop nest times branches
}

// FuncType is the signature of a function by index, imported ones first.
func (m *Module) FuncType(index uint32) (FuncType, bool) {
	t, ok := m.typeIndex(index)
	if !ok {
		return FuncType{}, false
	}
	return m.Types[t], true
}

func (m *Module) typeIndex(index uint32) (uint32, bool) {
	if int64(index) < int64(len(m.Imports)) {
		return m.Imports[index].Type, true
	}
	index -= uint32(len(m.Imports))
	if int64(index) < int64(len(m.Funcs)) {
		return m.Funcs[index], true
	}
	return 0, false
}

// Export finds an export by name.
func (m *Module) Export(name string) (Export, bool) {
	for _, e := range m.Exports {
		if e.Name == name {
			return e, true
		}
	}
	return Export{}, false
}
