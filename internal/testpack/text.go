package testpack

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// text is the UI that shows a value as JSON.
func text(v any) node.UI { return node.UI{"text": {jsonText(v)}} }

// jsonText writes JSON with blanks behind commas and colons, as the reference's language does.
func jsonText(v any) string {
	var b strings.Builder
	writeJSON(&b, v)
	return b.String()
}

func writeJSON(b *strings.Builder, v any) {
	switch x := v.(type) {
	case node.Args:
		writeMap(b, x)
	case map[string]any:
		writeMap(b, x)
	case node.List:
		writeList(b, x)
	case []any:
		writeList(b, x)
	case json.RawMessage:
		parsed, err := doc.Parse(x, doc.DefaultLimits())
		if err != nil {
			b.WriteString("null")
			return
		}
		writeJSON(b, parsed)
	case *doc.Object:
		b.WriteByte('{')
		for i := range x.Len() {
			if i > 0 {
				b.WriteString(", ")
			}
			k, e := x.At(i)
			b.Write(doc.Encode(k))
			b.WriteString(": ")
			writeJSON(b, e)
		}
		b.WriteByte('}')
	case value.Image:
		writeTensor(b, x.Tensor)
	case value.Mask:
		writeTensor(b, x.Tensor)
	case float64:
		if math.IsNaN(x) {
			b.WriteString("NaN")
			return
		}
		b.WriteString(doc.Float(x))
	case nil, bool, string, int64, uint64, int:
		b.Write(doc.Encode(x))
	default:
		fmt.Fprintf(b, `{"object": "%T"}`, v)
	}
}

func writeTensor(b *strings.Builder, t *tensor.Tensor) {
	shape := make([]any, len(t.Shape()))
	for i, d := range t.Shape() {
		shape[i] = int64(d)
	}
	writeMap(b, map[string]any{"tensor": shape})
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
		b.Write(doc.Encode(k))
		b.WriteString(": ")
		writeJSON(b, m[k])
	}
	b.WriteByte('}')
}

func writeList(b *strings.Builder, l []any) {
	b.WriteByte('[')
	for i, e := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		writeJSON(b, e)
	}
	b.WriteByte(']')
}
