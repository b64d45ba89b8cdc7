package engine

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
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
		digits := pyDigits(x)
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

// pyDigits prepares a number's text: blanks around it, single underscores between digits and digits of all scripts are allowed.
func pyDigits(s string) string {
	s = strings.Map(asciiDigit, strings.TrimSpace(s))
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
			return ""
		}
	}
	return strings.ReplaceAll(s, "_", "")
}

// asciiDigit is the digit 0 to 9 that a decimal digit of another script stands for; other characters stay.
func asciiDigit(r rune) rune {
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return r
	}
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10 // each script has its ten digits in a row
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

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
		s := pyDigits(x)
		if len(s) == 4 && strings.EqualFold(s[1:], "nan") && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		f, err := strconv.ParseFloat(s, 64)
		if (err == nil || math.IsInf(f, 0)) && !strings.ContainsAny(s, "xXpP") {
			return f, nil
		}
		return nil, fmt.Errorf("could not convert string to float: %s", pyRepr(x))
	}
	return nil, fmt.Errorf("float() argument must be a string or a real number, not '%s'", pyType(v))
}
