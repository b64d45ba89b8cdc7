package abi

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"
	"unsafe"
)

// The ways in which a message can be refused. A guest whose message is refused has trapped.
var (
	errShort     = errors.New("abi: message is cut short")
	errTrailing  = errors.New("abi: bytes after the message")
	errDepth     = errors.New("abi: message is nested too deeply")
	errItems     = errors.New("abi: message has too many items")
	errSize      = errors.New("abi: message is too large")
	errShortest  = errors.New("abi: a number is not in its shortest form")
	errReserved  = errors.New("abi: not in the contract's subset of CBOR")
	errKey       = errors.New("abi: keys are texts, sorted and unique")
	errUTF8      = errors.New("abi: text is no UTF-8")
	errNegative  = errors.New("abi: integer is below the range of int64")
	errType      = errors.New("abi: value has no place in a message")
	errHandle    = errors.New("abi: a handle is a kind and an id")
	errTag       = errors.New("abi: unknown tag")
	errNotNumber = errors.New("abi: a NaN is not in its one form")
)

// Limits bound a message.
type Limits struct {
	Bytes, Items, Depth int
}

// DefaultLimits are the contract's.
func DefaultLimits() Limits { return Limits{MaxCborBytes, MaxCborItems, MaxCborDepth} }

// Decode reads one message, all of b, and accepts only its deterministic form, so that Append gives b again. The result is
// nil, bool, int64, uint64 (above int64), float64, string, []byte, []any, map[string]any, Handle or Tag. Strings and bytes
// are copies.
func Decode(b []byte, l Limits) (any, error) { return decode(b, l, false) }

// DecodeShared is Decode with texts and bytes that share b's memory: b must not change as long as one of them is in use. It is
// for guests, whose memory is the request's and ends with the call.
func DecodeShared(b []byte, l Limits) (any, error) { return decode(b, l, true) }

func decode(b []byte, l Limits, shared bool) (any, error) {
	if len(b) > l.Bytes {
		return nil, errSize
	}
	d := decoder{b: b, items: l.Items, shared: shared}
	v, err := d.value(l.Depth)
	if err != nil {
		return nil, err
	}
	if len(d.b) > 0 {
		return nil, errTrailing
	}
	return v, nil
}

type decoder struct {
	b      []byte
	items  int // still allowed
	shared bool
}

// head reads a major type and its number.
func (d *decoder) head() (major byte, info byte, n uint64, err error) {
	if len(d.b) == 0 {
		return 0, 0, 0, errShort
	}
	c := d.b[0]
	d.b = d.b[1:]
	major, info = c&0xe0, c&0x1f
	if info < 24 {
		return major, info, uint64(info), nil
	}
	if info > 27 {
		return 0, 0, 0, errReserved
	}
	size := 1 << (info - 24)
	if len(d.b) < size {
		return 0, 0, 0, errShort
	}
	switch size {
	case 1:
		n = uint64(d.b[0])
	case 2:
		n = uint64(binary.BigEndian.Uint16(d.b))
	case 4:
		n = uint64(binary.BigEndian.Uint32(d.b))
	case 8:
		n = binary.BigEndian.Uint64(d.b)
	}
	d.b = d.b[size:]
	if major != majorOther && !isShortest(size, n) {
		return 0, 0, 0, errShortest
	}
	return major, info, n, nil
}

func isShortest(size int, n uint64) bool {
	switch size {
	case 1:
		return n >= 24
	case 2:
		return n > math.MaxUint8
	case 4:
		return n > math.MaxUint16
	}
	return n > math.MaxUint32
}

func (d *decoder) value(depth int) (any, error) {
	if d.items--; d.items < 0 {
		return nil, errItems
	}
	major, info, n, err := d.head()
	if err != nil {
		return nil, err
	}
	switch major {
	case majorUint:
		if n > math.MaxInt64 {
			return n, nil
		}
		return int64(n), nil
	case majorNeg:
		if n > math.MaxInt64 {
			return nil, errNegative
		}
		return -1 - int64(n), nil
	case majorBytes:
		s, err := d.take(n)
		if d.shared {
			return s[:len(s):len(s)], err
		}
		return append([]byte{}, s...), err
	case majorText:
		return d.text(n)
	case majorOther:
		return simple(info, n)
	}
	if depth == 0 {
		return nil, errDepth
	}
	switch major {
	case majorArray:
		return d.array(n, depth-1)
	case majorMap:
		return d.pairs(n, depth-1)
	}
	return d.tagged(n, depth-1)
}

func simple(info byte, n uint64) (any, error) {
	switch info {
	case 20:
		return false, nil
	case 21:
		return true, nil
	case 22:
		return nil, nil
	case 27:
		f := math.Float64frombits(n)
		if f != f && n != canonicalNaN {
			return nil, errNotNumber
		}
		return f, nil
	}
	return nil, errReserved
}

func (d *decoder) take(n uint64) ([]byte, error) {
	if n > uint64(len(d.b)) {
		return nil, errShort
	}
	s := d.b[:n]
	d.b = d.b[n:]
	return s, nil
}

func (d *decoder) text(n uint64) (string, error) {
	s, err := d.take(n)
	if err == nil && !utf8.Valid(s) {
		err = errUTF8
	}
	if d.shared {
		return unsafe.String(unsafe.SliceData(s), len(s)), err
	}
	return string(s), err
}

// count checks that n items can still come: each takes a byte at least.
func (d *decoder) count(n uint64, each uint64) error {
	if n > uint64(len(d.b)) {
		return errShort
	}
	if n*each > uint64(d.items) {
		return errItems
	}
	return nil
}

func (d *decoder) array(n uint64, depth int) (any, error) {
	if err := d.count(n, 1); err != nil {
		return nil, err
	}
	out := make([]any, n)
	for i := range out {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (d *decoder) pairs(n uint64, depth int) (any, error) {
	if err := d.count(n, 2); err != nil {
		return nil, err
	}
	out, last := make(map[string]any, n), ""
	for i := range n {
		d.items--
		major, _, size, err := d.head()
		if err != nil {
			return nil, err
		}
		if major != majorText {
			return nil, errKey
		}
		key, err := d.text(size)
		if err != nil {
			return nil, err
		}
		if i > 0 && CompareKeys(last, key) >= 0 {
			return nil, errKey
		}
		if out[key], err = d.value(depth); err != nil {
			return nil, err
		}
		last = key
	}
	return out, nil
}

func (d *decoder) tagged(number uint64, depth int) (any, error) {
	v, err := d.value(depth)
	if err != nil {
		return nil, err
	}
	switch number {
	case TagHandle:
		return handleOf(v)
	case TagBlocker, TagLink, TagList, TagNumber, TagRaise:
		return Tag{number, v}, nil
	}
	return nil, errTag
}

func handleOf(v any) (Handle, error) {
	pair, ok := v.([]any)
	if !ok || len(pair) != 2 {
		return Handle{}, errHandle
	}
	kind, ok := pair[0].(int64)
	if !ok || kind < 0 || kind > math.MaxUint32 {
		return Handle{}, errHandle
	}
	switch id := pair[1].(type) {
	case int64:
		if id >= 0 {
			return Handle{uint32(kind), uint64(id)}, nil
		}
	case uint64:
		return Handle{uint32(kind), id}, nil
	}
	return Handle{}, errHandle
}
