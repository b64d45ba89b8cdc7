// Package isa says which instructions this processor and its operating system let us use.
package isa

import "fmt"

// Level is a family of instruction sets that kernels are written for. A higher level includes the lower ones.
type Level uint8

// The levels.
const (
	Portable Level = iota // Go only
	AVX2                  // AVX2, FMA and F16C
	AVX512                // AVX-512 F, BW, DQ and VL
)

// String gives the name that Parse reads.
func (l Level) String() string {
	switch l {
	case Portable:
		return "portable"
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// Parse finds a level by name.
func Parse(name string) (Level, bool) {
	for l := Portable; l <= AVX512; l++ {
		if l.String() == name {
			return l, true
		}
	}
	return Portable, false
}

// Best is the highest level that works here.
func Best() Level { return detect() }
