package engine

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// pyInt converts to an integer; the error's text is the reference's.
func pyInt(v any) (any, error) {
	switch x := v.(type) {
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case int64, uint64, bigInt:
		return x, nil
	case float64:
		if math.Abs(x) < 1<<62 {
			return int64(x), nil
		}
		n, _ := big.NewFloat(x).Int(nil)
		return smallest(n), nil
	case string:
		digits := doc.Digits(x)
		if n := len(strings.TrimLeft(digits, "+-")); n > maxDigits && strings.Trim(digits, "+-0123456789") == "" {
			//lint:ignore ST1005 Compat: clients are shown the reference's text
			return nil, fmt.Errorf("Exceeds the limit (%d digits) for integer string conversion: value has %d digits; "+
				"use sys.set_int_max_str_digits() to increase the limit", maxDigits, n)
		}
		if n, ok := new(big.Int).SetString(digits, 10); ok && len(digits) <= maxDigits+1 {
			return smallest(n), nil
		}
		return nil, fmt.Errorf("invalid literal for int() with base 10: %s", pyRepr(x))
	}
	return nil, fmt.Errorf("int() argument must be a string, a bytes-like object or a real number, not '%s'", pyType(v))
}

// maxDigits is how many digits an integer's text may have.
const maxDigits = 4300

func smallest(n bigInt) any {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.IsUint64():
		return n.Uint64()
	}
	return n
}

// pyFloat converts to a float; the error's text is the reference's.
func pyFloat(v any) (any, error) {
	switch x := v.(type) {
	case bool:
		if x {
			return 1.0, nil
		}
		return 0.0, nil
	case float64:
		return x, nil
	case int64:
		return float64(x), nil
	case uint64:
		return float64(x), nil
	case bigInt:
		f, _ := new(big.Float).SetInt(x).Float64()
		if math.IsInf(f, 0) {
			return nil, fmt.Errorf("int too large to convert to float")
		}
		return f, nil
	case string:
		if f, ok := doc.ParseFloat(x); ok {
			return f, nil
		}
		return nil, fmt.Errorf("could not convert string to float: %s", pyRepr(x))
	}
	return nil, fmt.Errorf("float() argument must be a string or a real number, not '%s'", pyType(v))
}

// kept is a constant as prompts are kept and shown: JSON has no number for what is not finite, so that stays a text.
func kept(v any) any {
	if f, ok := v.(float64); ok && !finite(f) {
		return doc.Float(f)
	}
	return v
}

// unkept is the constant of an input of a submitted prompt: the number that kept made a text of, or v.
func unkept(v any, decl *node.Input) any {
	s, text := v.(string)
	if !text || decl == nil || decl.Type != node.Float {
		return v
	}
	if f, ok := doc.ParseFloat(s); ok && !finite(f) {
		return f
	}
	return v
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
