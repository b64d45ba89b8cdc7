package abi

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// The major types of CBOR.
const (
	majorUint  = 0 << 5
	majorNeg   = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorArray = 4 << 5
	majorMap   = 5 << 5
	majorTag   = 6 << 5
	majorOther = 7 << 5
)

const (
	byteFalse = majorOther | 20
	byteTrue  = majorOther | 21
	byteNull  = majorOther | 22
	byteFloat = majorOther | 27
)

// canonicalNaN is the one NaN that messages have.
const canonicalNaN = 0x7ff8000000000000

// Tag is a tagged value: one of the tags of the contract.
type Tag struct {
	Number uint64
	Value  any
}

// Handle is the value of TagHandle: something that stays with the host.
type Handle struct {
	Kind uint32
	ID   uint64
}

func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

// AppendNull appends null.
func AppendNull(b []byte) []byte { return append(b, byteNull) }

// AppendBool appends a truth value.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, byteTrue)
	}
	return append(b, byteFalse)
}

// AppendInt appends an integer.
func AppendInt(b []byte, v int64) []byte {
	if v < 0 {
		return appendHead(b, majorNeg, uint64(-1-v))
	}
	return appendHead(b, majorUint, uint64(v))
}

// AppendUint appends an integer that may be above the range of int64.
func AppendUint(b []byte, v uint64) []byte { return appendHead(b, majorUint, v) }

// AppendFloat appends a number; floats always take 8 bytes and there is one NaN.
func AppendFloat(b []byte, v float64) []byte {
	bits := math.Float64bits(v)
	if v != v {
		bits = canonicalNaN
	}
	return binary.BigEndian.AppendUint64(append(b, byteFloat), bits)
}

// AppendText appends a text; bytes that are no UTF-8 become U+FFFD.
func AppendText(b []byte, s string) []byte {
	if !isUTF8(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return append(appendHead(b, majorText, uint64(len(s))), s...)
}

// AppendBytes appends a byte string.
func AppendBytes(b []byte, s []byte) []byte {
	return append(appendHead(b, majorBytes, uint64(len(s))), s...)
}

// AppendArray starts an array of n items, which the caller appends.
func AppendArray(b []byte, n int) []byte { return appendHead(b, majorArray, uint64(n)) }

// AppendMap starts a map of n pairs, which the caller appends: text keys in the order of CompareKeys.
func AppendMap(b []byte, n int) []byte { return appendHead(b, majorMap, uint64(n)) }

// AppendTag starts a tagged value, which the caller appends.
func AppendTag(b []byte, number uint64) []byte { return appendHead(b, majorTag, number) }

// AppendHandle appends a handle.
func AppendHandle(b []byte, h Handle) []byte {
	b = AppendArray(AppendTag(b, TagHandle), 2)
	return AppendUint(AppendUint(b, uint64(h.Kind)), h.ID)
}

// CompareKeys orders the keys of a map: shorter ones first, then by bytes.
func CompareKeys(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Append appends a value: nil, bool, int, int64, uint64, float64, string, []byte, []any, []string, map[string]any, Handle
// or Tag. Other types, and keys that are no UTF-8, are an error.
func Append(b []byte, v any) ([]byte, error) { return appendValue(b, v, MaxCborDepth) }

// AppendWithin is Append for a value inside of others, which leave it a depth.
func AppendWithin(b []byte, v any, depth int) ([]byte, error) { return appendValue(b, v, depth) }

// AppendKey appends a key of a map; one that is no UTF-8 is an error.
func AppendKey(b []byte, key string) ([]byte, error) {
	if !isUTF8(key) {
		return b, errUTF8
	}
	return append(appendHead(b, majorText, uint64(len(key))), key...), nil
}

func appendValue(b []byte, v any, depth int) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return AppendNull(b), nil
	case bool:
		return AppendBool(b, x), nil
	case int:
		return AppendInt(b, int64(x)), nil
	case int64:
		return AppendInt(b, x), nil
	case uint64:
		return AppendUint(b, x), nil
	case float64:
		return AppendFloat(b, x), nil
	case string:
		return AppendText(b, x), nil
	case []byte:
		return AppendBytes(b, x), nil
	case Handle:
		return AppendHandle(b, x), nil
	}
	if depth == 0 {
		return b, errDepth
	}
	return appendNested(b, v, depth-1)
}

func appendNested(b []byte, v any, depth int) (_ []byte, err error) {
	switch x := v.(type) {
	case []any:
		b = AppendArray(b, len(x))
		for _, e := range x {
			if b, err = appendValue(b, e, depth); err != nil {
				return b, err
			}
		}
		return b, nil
	case []string:
		b = AppendArray(b, len(x))
		for _, e := range x {
			b = AppendText(b, e)
		}
		return b, nil
	case map[string]any:
		return appendMap(b, x, depth)
	case Tag:
		return appendValue(AppendTag(b, x.Number), x.Value, depth)
	}
	return b, errType
}

func appendMap(b []byte, m map[string]any, depth int) (_ []byte, err error) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, CompareKeys)
	b = AppendMap(b, len(m))
	for _, k := range keys {
		if b, err = AppendKey(b, k); err != nil {
			return b, err
		}
		if b, err = appendValue(b, m[k], depth); err != nil {
			return b, err
		}
	}
	return b, nil
}
