package main

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// jsonText is JSON that is shown as it is.
type jsonText string

// show is a UI that shows a value as JSON.
func show(v any) guest.UI { return guest.UI{"text": {encode(v)}} }

// encode writes JSON with blanks behind commas and colons, as the reference's language does; pictures by their sizes.
func encode(v any) string {
	var b strings.Builder
	write(&b, v)
	return b.String()
}

func write(b *strings.Builder, v any) {
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(x))
	case int:
		b.WriteString(strconv.Itoa(x))
	case int64:
		b.WriteString(strconv.FormatInt(x, 10))
	case uint64:
		b.WriteString(strconv.FormatUint(x, 10))
	case float64:
		b.WriteString(float(x))
	case string:
		quote(b, x)
	case jsonText:
		space(b, string(x))
	case guest.Args:
		writeMap(b, x)
	case map[string]any:
		writeMap(b, x)
	case guest.List:
		writeList(b, x)
	case []any:
		writeList(b, x)
	case guest.Image:
		writeShape(b, x.Info().Shape)
	case guest.Mask:
		writeShape(b, x.Info().Shape)
	default:
		b.WriteString(`{"object": "Value"}`)
	}
}

func writeShape(b *strings.Builder, shape []int) {
	sizes := make([]any, len(shape))
	for i, d := range shape {
		sizes[i] = d
	}
	writeMap(b, map[string]any{"tensor": sizes})
}

func writeMap(b *strings.Builder, m map[string]any) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		quote(b, k)
		b.WriteString(": ")
		write(b, m[k])
	}
	b.WriteByte('}')
}

func writeList(b *strings.Builder, l []any) {
	b.WriteByte('[')
	for i, e := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, e)
	}
	b.WriteByte(']')
}

// float writes a number so that it stays one with a fraction: "1.0", "1e+16", "1e-05".
func float(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func quote(b *strings.Builder, s string) {
	const hex = "0123456789abcdef"
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			b.WriteString(`\u00`)
			b.WriteByte(hex[r>>4])
			b.WriteByte(hex[r&15])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// space puts the blanks into a JSON text that has none.
func space(b *strings.Builder, text string) {
	inside := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		b.WriteByte(c)
		switch {
		case inside && c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '"':
			inside = !inside
		case !inside && (c == ',' || c == ':'):
			b.WriteByte(' ')
		}
	}
}
