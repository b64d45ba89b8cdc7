package engine

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// Compat: clients show these texts to people and compare them in tests, so values are written as the reference's language
// writes them.

type bigInt = *big.Int

// pyStr is the text of a value: strings as they are.
func pyStr(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return pyRepr(v)
}

// pyRepr is the text of a value with strings in quotes.
func pyRepr(v any) string {
	var b strings.Builder
	writeRepr(&b, v)
	return b.String()
}

func writeRepr(b *strings.Builder, v any) {
	switch x := v.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[x])
	case string:
		writeQuoted(b, x)
	case int64, uint64, int, bigInt:
		fmt.Fprint(b, x)
	case float64:
		b.WriteString(doc.Float(x))
	case []any:
		writeItems(b, "[", "]", len(x), func(i int) { writeRepr(b, x[i]) })
	case *doc.Object:
		writeItems(b, "{", "}", x.Len(), func(i int) {
			k, e := x.At(i)
			writeQuoted(b, k)
			b.WriteString(": ")
			writeRepr(b, e)
		})
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		writeItems(b, "{", "}", len(keys), func(i int) {
			writeQuoted(b, keys[i])
			b.WriteString(": ")
			writeRepr(b, x[keys[i]])
		})
	default:
		fmt.Fprintf(b, "%v", x)
	}
}

func writeItems(b *strings.Builder, open, end string, n int, item func(int)) {
	b.WriteString(open)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		item(i)
	}
	b.WriteString(end)
}

func writeQuoted(b *strings.Builder, s string) {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b.WriteByte(quote)
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteByte(quote)
}

// pyType is the name of a value's type.
func pyType(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case string:
		return "str"
	case int64, uint64, int, bigInt:
		return "int"
	case float64:
		return "float"
	case []any:
		return "list"
	}
	return "dict"
}

// pyTrue is whether a value counts as true.
func pyTrue(v any) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case string:
		return x != ""
	case int64:
		return x != 0
	case float64:
		return x != 0
	case []any:
		return len(x) > 0
	case *doc.Object:
		return x.Len() > 0
	}
	return true
}

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
		if n, ok := new(big.Int).SetString(pyDigits(x), 10); ok && len(x) <= 4300 {
			return smallest(n), nil
		}
		return nil, fmt.Errorf("invalid literal for int() with base 10: %s", pyRepr(x))
	}
	return nil, fmt.Errorf("int() argument must be a string, a bytes-like object or a real number, not '%s'", pyType(v))
}

// pyDigits prepares an integer's text: blanks around it and single underscores between digits are allowed.
func pyDigits(s string) string {
	s = strings.TrimSpace(s)
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
			return ""
		}
	}
	return strings.ReplaceAll(s, "_", "")
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
		f, err := strconv.ParseFloat(s, 64)
		if (err == nil || math.IsInf(f, 0)) && !strings.ContainsAny(s, "xXpP") {
			return f, nil
		}
		return nil, fmt.Errorf("could not convert string to float: %s", pyRepr(x))
	}
	return nil, fmt.Errorf("float() argument must be a string or a real number, not '%s'", pyType(v))
}
