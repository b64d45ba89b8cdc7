package wasm

import (
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func bad(at int, format string, args ...any) error {
	return fault.New(fault.BadFile, "module at byte %d: "+format, append([]any{at}, args...)...)
}

func over(format string, args ...any) error {
	return fault.New(fault.TooLarge, "module: "+format, args...)
}

// reader reads the numbers and strings of the format. The first error sticks and later reads give zeros.
type reader struct {
	b   []byte
	at  int // of b[0] in the module
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = bad(r.at, format, args...)
	}
	r.b = nil
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail("it is cut short")
		return 0
	}
	c := r.b[0]
	r.b, r.at = r.b[1:], r.at+1
	return c
}

func (r *reader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.b)) {
		r.fail("%d bytes wanted, %d there", n, len(r.b))
		return nil
	}
	s := r.b[:n:n]
	r.b, r.at = r.b[n:], r.at+int(n)
	return s
}

// u32 reads an unsigned LEB128 of at most 32 bits.
func (r *reader) u32() uint32 {
	if len(r.b) > 0 && r.b[0] < 0x80 { // most are small
		c := r.b[0]
		r.b, r.at = r.b[1:], r.at+1
		return uint32(c)
	}
	var n uint32
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		if shift == 28 && c > 0x0f {
			break
		}
		n |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	r.fail("a number has more than 32 bits")
	return 0
}

// signed reads a signed LEB128 of at most the given number of bits.
func (r *reader) signed(bits int) int64 {
	var n int64
	for shift := 0; shift < bits; shift += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		n |= int64(c&0x7f) << shift
		if left := bits - shift; left < 7 { // the last byte repeats the sign in what is left over
			top := int8(c<<1) >> 1 // sign extended from 7 bits
			if c >= 0x80 || top>>(left-1) != 0 && top>>(left-1) != -1 {
				break
			}
		}
		if c < 0x80 {
			if rest := 64 - shift - 7; rest > 0 {
				n = n << rest >> rest
			}
			return n
		}
	}
	r.fail("a signed number has more than %d bits", bits)
	return 0
}

func (r *reader) name(limit int) string {
	n := r.u32()
	if int64(n) > int64(limit) {
		r.fail("a name has %d bytes, more than %d", n, limit)
		return ""
	}
	s := r.take(n)
	if !utf8.Valid(s) {
		r.fail("a name is no UTF-8")
	}
	return string(s)
}

// count reads the length of a vector whose items take a byte at least.
func (r *reader) count(what string, limit int) int {
	n := r.u32()
	if r.err == nil && int64(n) > int64(limit) {
		r.err = over("%d %s, more than %d", n, what, limit)
		r.b = nil
	}
	if uint64(n) > uint64(len(r.b)) {
		r.fail("%d %s are announced in %d bytes", n, what, len(r.b))
		return 0
	}
	return int(n)
}

func (r *reader) valType() ValType {
	t := ValType(r.byte())
	if r.err == nil && !t.known() {
		r.fail("unknown type %#x", byte(t))
	}
	return t
}

func (r *reader) refType() ValType {
	t := r.valType()
	if r.err == nil && !t.IsRef() {
		r.fail("%v is no type of references", t)
	}
	return t
}
