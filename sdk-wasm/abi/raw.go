package abi

import (
	"math"
	"strings"
	"unsafe"
)

// Raw is one value of a message that ReadPairs accepted, as its bytes; "" for none. Its methods read it without making anything, and
// what they give shares its memory. It is for guests, where a map of values costs more than most calls do.
type Raw string

// Pair is a key of a map and its value.
type Pair struct {
	Key   string
	Value Raw
}

// Pairs are what a map holds, in the order of CompareKeys.
type Pairs []Pair

// ReadPairs checks a message as Decode does and appends what it holds, if it is a map. b must not change as long as something of
// it is in use.
func ReadPairs(b []byte, l Limits, to Pairs) (Pairs, error) {
	c := checker{s: unsafe.String(unsafe.SliceData(b), len(b)), items: l.Items, pick: true, picked: to}
	err := c.message(l)
	return c.picked, err
}

// head reads the head at a place and gives where it ends.
func (r Raw) head(at int) (major byte, n uint64, end int) {
	c := r[at]
	at++
	n = uint64(c & 0x1f)
	if n >= 24 {
		size := 1 << (n - 24)
		n = 0
		for range size {
			n = n<<8 | uint64(r[at])
			at++
		}
	}
	return c & 0xe0, n, at
}

// skip gives the end of the value at a place.
func (r Raw) skip(at int) int {
	for todo := 1; todo > 0; todo-- {
		major, n, end := r.head(at)
		switch at = end; major {
		case majorBytes, majorText:
			at += int(n)
		case majorArray:
			todo += int(n)
		case majorMap:
			todo += 2 * int(n)
		case majorTag:
			todo++
		}
	}
	return at
}

// Pairs appends what a map holds; nothing when it is none.
func (r Raw) Pairs(to Pairs) Pairs {
	if r == "" || r[0]&0xe0 != majorMap {
		return to
	}
	_, count, at := r.head(0)
	for range count {
		_, n, from := r.head(at)
		value := from + int(n)
		at = r.skip(value)
		to = append(to, Pair{string(r[from:value]), r[value:at]})
	}
	return to
}

// Find gives the value of a key; "" when it is not there.
func (p Pairs) Find(key string) Raw {
	for from, to := 0, len(p); from < to; {
		mid := (from + to) / 2
		c := len(key) - len(p[mid].Key)
		if c == 0 {
			if c = strings.Compare(key, p[mid].Key); c == 0 {
				return p[mid].Value
			}
		}
		if c < 0 {
			to = mid
		} else {
			from = mid + 1
		}
	}
	return ""
}

// Nothing reports whether it is null or not there.
func (r Raw) Nothing() bool { return r == "" || r[0] == byteNull }

// Text reads a text.
func (r Raw) Text() (s string, ok bool) {
	if r == "" || r[0]&0xe0 != majorText {
		return "", false
	}
	_, _, at := r.head(0)
	return string(r[at:]), true
}

// Bytes reads a byte string.
func (r Raw) Bytes() (b []byte, ok bool) {
	if r == "" || r[0]&0xe0 != majorBytes {
		return nil, false
	}
	_, n, at := r.head(0)
	return r.shared()[at : at+int(n) : at+int(n)], true
}

// Bool reads a truth value.
func (r Raw) Bool() (v, ok bool) {
	if r == "" {
		return false, false
	}
	return r[0] == byteTrue, r[0] == byteTrue || r[0] == byteFalse
}

// Int reads an integer of the range of int64.
func (r Raw) Int() (v int64, ok bool) {
	if r == "" || r[0]&0xe0 > majorNeg {
		return 0, false
	}
	major, n, _ := r.head(0)
	if major == majorNeg {
		return -1 - int64(n), true
	}
	return int64(n), n <= math.MaxInt64
}

// Uint reads an integer as 64 bits without a sign; a negative one becomes what is the same in two's complement.
func (r Raw) Uint() (v uint64, ok bool) {
	if r == "" || r[0]&0xe0 > majorNeg {
		return 0, false
	}
	major, n, _ := r.head(0)
	if major == majorNeg {
		n = ^n
	}
	return n, true
}

// Float reads a float; integers are none.
func (r Raw) Float() (v float64, ok bool) {
	if r == "" || r[0] != byteFloat {
		return 0, false
	}
	_, n, _ := r.head(0)
	return math.Float64frombits(n), true
}

// Handle reads a handle.
func (r Raw) Handle() (h Handle, ok bool) {
	if r == "" || r[0]&0xe0 != majorTag {
		return h, false
	}
	_, number, at := r.head(0)
	if number != TagHandle {
		return h, false
	}
	_, kind, at := r.head(at + 1)
	_, id, _ := r.head(at)
	return Handle{uint32(kind), id}, true
}

// Value is the value as DecodeShared gives it; nil when there is none.
func (r Raw) Value() any {
	d := decoder{b: r.shared(), items: math.MaxInt, shared: true}
	v, _ := d.value(MaxCborDepth)
	return v
}

func (r Raw) shared() []byte { return unsafe.Slice(unsafe.StringData(string(r)), len(r)) }
