package engine

import (
	"fmt"
	"math/big"
	"slices"
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
