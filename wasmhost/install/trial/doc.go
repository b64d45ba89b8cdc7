// Package trial runs extensions outside of a server: their test vectors under the compiler and under the interpreter, which
// must agree to the byte and to the instruction, and their nodes over and over, to measure them.
//
// Fuel does not depend on what runs a module. A difference between the two is therefore a slip of the compiler's, and such a
// package is not installed.
package trial
