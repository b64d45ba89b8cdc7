package conformance

import (
	"bytes"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

//go:embed cases
var caseFiles embed.FS

// contract is what the kit reads of cocoon1.json.
type contract struct {
	Errno, Kinds, DTypes, Features []number
	TensorOps                      []number `json:"tensor_ops"`
	Modules                        []struct {
		Name      string
		Functions []struct{ Name string }
	}
}

type number struct {
	Name  string
	Value int64
}

func readContract(t testing.TB) *contract {
	t.Helper()
	b, err := os.ReadFile("../abi/cocoon1.json")
	if err != nil {
		t.Fatal(err)
	}
	var c contract
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// notation turns the JSON of cases into values of messages.
type notation struct {
	t      testing.TB
	names  map[string]int64 // "@EPERM"
	origin string           // of the kit's HTTP server
}

func newNotation(t testing.TB, c *contract, origin string) *notation {
	n := &notation{t, map[string]int64{}, origin}
	for prefix, list := range map[string][]number{"@": c.Errno, "@T_": c.TensorOps, "@FEATURE_": c.Features} {
		for _, x := range list {
			n.names[prefix+x.Name] = x.Value
		}
	}
	for _, x := range append(append([]number{}, c.Kinds...), c.DTypes...) {
		n.names["@"+x.Name] = x.Value
	}
	return n
}

func decodeJSON(t testing.TB, b []byte, to any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		t.Fatal(err)
	}
}

// value gives a JSON value the form of messages: "@EPERM" is a number of the contract, "$x", "$x.1" and "$x.key" are references
// to results; objects with one key of a known name are bytes and texts of some form. A number with a point or an exponent is a
// float.
func (n *notation) value(v any) any {
	switch x := v.(type) {
	case json.Number:
		return n.number(x)
	case string:
		return n.text(x)
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = n.value(e)
		}
		return out
	case map[string]any:
		if special, ok := n.special(x); ok {
			return special
		}
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = n.value(e)
		}
		return out
	}
	return v
}

func (n *notation) number(x json.Number) any {
	if strings.ContainsAny(x.String(), ".eE") {
		f, err := x.Float64()
		if err != nil {
			n.t.Fatal(err)
		}
		return f
	}
	if i, err := x.Int64(); err == nil {
		return i
	}
	u, err := strconv.ParseUint(x.String(), 10, 64)
	if err != nil {
		n.t.Fatal(err)
	}
	return u
}

func (n *notation) text(s string) any {
	switch {
	case strings.HasPrefix(s, "@"):
		v, ok := n.names[s]
		if !ok {
			n.t.Fatalf("the contract has no %s", s)
		}
		return v
	case strings.HasPrefix(s, "$"):
		name, item, _ := strings.Cut(s[1:], ".")
		if i, err := strconv.ParseInt(item, 10, 64); err == nil || item == "" {
			return abi.Tag{Number: abi.TagLink, Value: []any{name, i}}
		}
		return abi.Tag{Number: abi.TagLink, Value: []any{name, item}}
	}
	return strings.ReplaceAll(s, "{{origin}}", n.origin)
}

// special reads {"hex": "00ff"}, {"utf8": "x"}, {"fill": [7, 100]}, {"f32": [1, 2]}, {"f32s": [value, count]}: bytes;
// {"text": ["x", 100]}: a text; {"f": "nan"}: a float that JSON lacks; {"handle": [kind, id]}.
func (n *notation) special(m map[string]any) (any, bool) {
	pair := func(v any) (any, int) {
		l := v.([]any)
		return n.value(l[0]), int(n.value(l[1]).(int64))
	}
	for key, v := range m {
		if before, ok := m["before"]; len(m) != 1 && !ok {
			return nil, false
		} else if ok {
			s, count := pair(m["text"])
			return before.(string) + strings.Repeat(s.(string), count), true
		}
		switch key {
		case "hex":
			b, err := hex.DecodeString(v.(string))
			if err != nil {
				n.t.Fatal(err)
			}
			return b, true
		case "utf8":
			return []byte(v.(string)), true
		case "fill":
			b, count := pair(v)
			return bytes.Repeat([]byte{byte(b.(int64))}, count), true
		case "f32":
			return floatBytes(v.([]any)), true
		case "f32s":
			l := v.([]any)
			count, _ := l[1].(json.Number).Int64()
			return bytes.Repeat(floatBytes(l[:1]), int(count)), true
		case "text":
			s, count := pair(v)
			return strings.Repeat(s.(string), count), true
		case "f":
			f, err := strconv.ParseFloat(v.(string), 64)
			if err != nil {
				n.t.Fatal(err)
			}
			return f, true
		case "handle":
			kind, id := pair(v)
			return abi.Handle{Kind: uint32(kind.(int64)), ID: uint64(id)}, true
		}
	}
	return nil, false
}

func floatBytes(l []any) []byte {
	var b []byte
	for _, v := range l {
		f, _ := v.(json.Number).Float64()
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(f)))
	}
	return b
}

// step turns ["-name = op", arguments…] into what guests get: [op, name, hidden, arguments…].
func (n *notation) step(s []any) []any {
	head, hidden := strings.CutPrefix(s[0].(string), "-")
	name, op, named := strings.Cut(head, " = ")
	if !named {
		name, op = "", head
	}
	return append([]any{op, name, hidden}, n.value(s[1:]).([]any)...)
}

// show is a message as people read it.
func show(b []byte) string {
	v, err := abi.Decode(b, abi.DefaultLimits())
	if err != nil {
		return fmt.Sprintf("no message (%v): %x", err, b)
	}
	return showValue(v)
}

func showValue(v any) string {
	switch x := v.(type) {
	case []byte:
		return fmt.Sprintf("%d bytes %.64x", len(x), x)
	case string:
		return fmt.Sprintf("%.120q", x)
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = showValue(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprintf("%v", v)
}
