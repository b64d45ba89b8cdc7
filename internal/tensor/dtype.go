package tensor

import "fmt"

// DType is the type of a tensor's elements.
type DType uint8

// The dtypes. F8E4M3, F8E5M2 and all that follow them are storage only: programs read weights of them and compute in F32.
const (
	Invalid DType = iota
	F32
	F16
	BF16
	F64
	I64
	I32
	I16
	I8
	U8
	Bool // one byte, 0 or 1
	F8E4M3
	F8E5M2
)

type dtypeInfo struct {
	name string // as safetensors spells it
	size int    // bytes an element
}

func (d DType) info() dtypeInfo {
	switch d {
	case F32:
		return dtypeInfo{"F32", 4}
	case F16:
		return dtypeInfo{"F16", 2}
	case BF16:
		return dtypeInfo{"BF16", 2}
	case F64:
		return dtypeInfo{"F64", 8}
	case I64:
		return dtypeInfo{"I64", 8}
	case I32:
		return dtypeInfo{"I32", 4}
	case I16:
		return dtypeInfo{"I16", 2}
	case I8:
		return dtypeInfo{"I8", 1}
	case U8:
		return dtypeInfo{"U8", 1}
	case Bool:
		return dtypeInfo{"BOOL", 1}
	case F8E4M3:
		return dtypeInfo{"F8_E4M3", 1}
	case F8E5M2:
		return dtypeInfo{"F8_E5M2", 1}
	}
	return dtypeInfo{fmt.Sprintf("DType(%d)", uint8(d)), 0}
}

// String gives the name that safetensors uses: "F32", "BF16", "F8_E4M3".
func (d DType) String() string { return d.info().name }

// Size is the number of bytes an element takes, 0 for Invalid.
func (d DType) Size() int { return d.info().size }

// ParseDType finds the dtype of a safetensors name.
func ParseDType(name string) (DType, bool) {
	for d := F32; d <= F8E5M2; d++ {
		if d.String() == name {
			return d, true
		}
	}
	return Invalid, false
}
