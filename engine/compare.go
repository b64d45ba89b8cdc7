package engine

import (
	"math/big"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// number reads a value as an exact number; true and false count as 1 and 0.
func number(v any) (*big.Rat, bool) {
	r := new(big.Rat)
	switch x := v.(type) {
	case bool:
		if x {
			return r.SetInt64(1), true
		}
		return r, true
	case int:
		return r.SetInt64(int64(x)), true
	case int64:
		return r.SetInt64(x), true
	case uint64:
		return r.SetUint64(x), true
	case bigInt:
		return r.SetInt(x), true
	case float64:
		if r.SetFloat64(x) == nil {
			return nil, false
		}
		return r, true
	}
	return nil, false
}

// compare orders two numbers, or two texts by their characters. ok is false for all else.
func compare(a, b any) (order int, ok bool) {
	if x, isText := a.(string); isText {
		if y, isText := b.(string); isText {
			return cmpOrdered(x, y), true
		}
	}
	if x, isInt := a.(int64); isInt {
		if y, isInt := b.(int64); isInt {
			return cmpOrdered(x, y), true
		}
	}
	if x, isFloat := a.(float64); isFloat {
		if y, isFloat := b.(float64); isFloat && x == x && y == y {
			return cmpOrdered(x, y), true
		}
	}
	x, okX := number(a)
	y, okY := number(b)
	if !okX || !okY {
		return 0, false
	}
	return x.Cmp(y), true
}

func cmpOrdered[T int64 | float64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// equal compares values as the reference does: by content, and numbers by value whatever their type.
func equal(a, b any) bool {
	if c, ok := compare(a, b); ok {
		return c == 0
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case string:
		y, ok := b.(string)
		return ok && x == y
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equal(x[i], y[i]) {
				return false
			}
		}
		return true
	case *doc.Object:
		y, ok := b.(*doc.Object)
		if !ok || x.Len() != y.Len() {
			return false
		}
		for i := range x.Len() {
			k, v := x.At(i)
			if w, ok := y.Get(k); !ok || !equal(v, w) {
				return false
			}
		}
		return true
	}
	return false
}

// among reports whether v is one of the options.
func among(v any, options []any) bool {
	for _, o := range options {
		if equal(v, o) {
			return true
		}
	}
	return false
}
