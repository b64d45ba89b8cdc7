package wasm

// Limits bound a module.
type Limits struct {
	ModuleBytes     int
	CodeBytes       int
	BodyBytes       int
	DataBytes       int
	Functions       int
	Types           int
	Params          int // and results, of one type
	Imports         int
	Exports         int
	Globals         int
	Tables          int
	TableElems      uint32 // of each table, at first
	Elems           int    // entries of all segments
	Segments        int    // of each kind
	MemoryPages     uint32 // at first
	Locals          int    // of one function, parameters included
	Nest            int
	LoopNest        int
	BrTargets       int   // of one function's br_tables
	LocalBranches   int64 // of one function
	SumLocalBranch  int64
	SumLoopWeight   int64
	NameBytes       int // of one import or export name
	CustomBytes     int // of all custom sections
	CustomSections  int
	StackValues     int // operands on one function's stack
	TableGrowForbid bool
}

// DefaultLimits are those of an extension that nobody vouches for.
func DefaultLimits() Limits {
	return Limits{
		ModuleBytes: 32 << 20, CodeBytes: 24 << 20, BodyBytes: 512 << 10, DataBytes: 16 << 20,
		Functions: 100_000, Types: 10_000, Params: 64, Imports: 256, Exports: 1000, Globals: 10_000,
		Tables: 16, TableElems: 64 << 10, Elems: 256 << 10, Segments: 100_000, MemoryPages: 1024,
		Locals: 2048, Nest: 8192, LoopNest: 256, BrTargets: 16 << 10,
		LocalBranches: 500_000, SumLocalBranch: 8_000_000, SumLoopWeight: 40_000_000,
		NameBytes: 256, CustomBytes: 32 << 20, CustomSections: 256, StackValues: 16 << 10, TableGrowForbid: true,
	}
}
