package workflow

import (
	"math"
	"strconv"
	"strings"
)

// appendJSON writes v as JSON.stringify does; numbers that kept their digits are written with them.
func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(dst, v)
	case float64:
		return append(dst, formatNumber(v)...)
	case number:
		return append(dst, v...)
	case string:
		return appendString(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case *object:
		dst = append(dst, '{')
		for i, k := range v.order() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, k), ':')
			dst = appendJSON(dst, v.vals[k])
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// formatNumber writes a double as JavaScript does: the shortest digits that read back, an exponent from 1e21 and below 1e-6.
func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "null"
	case f == 0:
		return "0" // -0 too
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	if mantissa, exp, ok := strings.Cut(s, "e"); ok && len(exp) > 2 && exp[1] == '0' {
		s = mantissa + "e" + exp[:1] + exp[2:] // e-07 is written e-7
	}
	return s
}

func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		c := s[i]
		if j := strings.IndexByte("\"\\\b\f\n\r\t", c); j >= 0 {
			dst = append(dst, '\\', `"\bfnrt`[j])
		} else if c < 0x20 {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// display is a value as text, as JavaScript joins it to a string.
func display(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return formatNumber(v)
	case number:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = display(e)
		}
		return strings.Join(parts, ",")
	case *object:
		return "[object Object]"
	}
	return ""
}

// sameValue is JavaScript's === for JSON values: objects are equal to themselves only.
func sameValue(a, b any) bool {
	if x, ok := toFloat(a); ok {
		y, ok := toFloat(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		y, ok := b.(string)
		return ok && a == y
	case bool:
		y, ok := b.(bool)
		return ok && a == y
	case *object:
		y, ok := b.(*object)
		return ok && a == y
	}
	return false
}

// toFloat gives the value of a number of either form.
func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case number:
		f, err := strconv.ParseFloat(string(v), 64)
		return f, err == nil
	}
	return 0, false
}
