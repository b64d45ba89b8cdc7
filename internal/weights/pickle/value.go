// Package pickle reads Python pickles of plain data and runs nothing. It knows the opcodes that build values; what a pickle
// asks for by name goes to the caller, who says what it means or refuses it.
//
// Source: the opcode table of Python's pickletools, protocols 2 to 5.
package pickle

// The values a pickle makes are nil, bool, int64, *big.Int (what int64 cannot hold), float64, string, Bytes, Tuple, *List,
// *Dict, Global, and whatever the caller's Reduce and Persistent return.
type (
	// Bytes is a bytes or bytearray object.
	Bytes string

	// Tuple is a tuple.
	Tuple []any

	// List is a list or a set.
	List struct{ Items []any }

	// Global is something asked for by name.
	Global struct{ Module, Name string }

	// Object is an instance that nobody looked into.
	Object struct {
		Class Global
		Args  Tuple
	}
)

// String gives "module.name".
func (g Global) String() string { return g.Module + "." + g.Name }

// Dict is a dictionary in insertion order. A key may stand in it twice: the last one counts, as Get does.
type Dict struct {
	Keys, Values []any
}

// Get gives the value of a string key.
func (d *Dict) Get(key string) (any, bool) {
	for i := len(d.Keys) - 1; i >= 0; i-- {
		if k, ok := d.Keys[i].(string); ok && k == key {
			return d.Values[i], true
		}
	}
	return nil, false
}

func (d *Dict) set(key, value any) {
	d.Keys = append(d.Keys, key)
	d.Values = append(d.Values, value)
}
