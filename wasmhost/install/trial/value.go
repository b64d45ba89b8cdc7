package trial

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// picture is a tensor in a vector: {"$image": {…}}, "$mask" or "$latent".
type picture struct {
	Shape     []int     `json:"shape"`
	Fill      string    `json:"fill,omitempty"`    // of an input: "gradient" (the default), "noise", "zeros", "ones" or "half"
	Samples   []float64 `json:"samples,omitempty"` // of an output: up to 16 elements, evenly apart, the first and the last among them
	Tolerance float64   `json:"tolerance,omitempty"`
	SHA256    string    `json:"sha256,omitempty"` // of all elements as little-endian float32, when they are the same everywhere
}

const (
	maxElements = 16 << 20 // of a vector's tensor
	maxSamples  = 16
	tolerance   = 1e-3 // processors round differently
)

// tags are the values that JSON has no form for, each an object of one key.
func tags() []string { return []string{"$image", "$mask", "$latent", "$list"} }

// untag finds out whether a JSON value stands for something else.
func untag(raw json.RawMessage) (tag string, inner json.RawMessage) {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || len(m) != 1 {
		return "", nil
	}
	for _, t := range tags() {
		if inner, ok := m[t]; ok {
			return t, inner
		}
	}
	return "", nil
}

// readValue makes an input of its form in a vector. t is the input's type, which tells 1 from 1.0.
func readValue(raw json.RawMessage, t node.Type) (any, error) {
	tag, inner := untag(raw)
	switch tag {
	case "":
		return readPlain(raw, t)
	case "$list":
		var list []json.RawMessage
		if err := json.Unmarshal(inner, &list); err != nil {
			return nil, fault.Wrap(err, fault.BadFile, "$list is no array")
		}
		out := make(node.List, len(list))
		for i, e := range list {
			var err error
			if out[i], err = readValue(e, t); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	var p picture
	if err := json.Unmarshal(inner, &p); err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s is not as it should be", tag)
	}
	return p.make(tag)
}

func readPlain(raw json.RawMessage, t node.Type) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "an input is no JSON")
	}
	return numbers(v, t), nil
}

func numbers(v any, t node.Type) any {
	switch x := v.(type) {
	case json.Number:
		if i, err := x.Int64(); err == nil && t != node.Float {
			return i
		}
		f, _ := x.Float64()
		return f
	case []any:
		for i := range x {
			x[i] = numbers(x[i], node.Any)
		}
	case map[string]any:
		for k := range x {
			x[k] = numbers(x[k], node.Any)
		}
	}
	return v
}

func (p *picture) make(tag string) (any, error) {
	n := 1
	for _, d := range p.Shape {
		if d < 0 || d > maxElements || n > maxElements/max(d, 1) {
			return nil, fault.New(fault.TooLarge, "a tensor of the shape %v is too large for a test", p.Shape)
		}
		n *= d
	}
	rank := map[string]int{"$image": 4, "$mask": 3, "$latent": 4}[tag]
	if len(p.Shape) != rank {
		return nil, fault.New(fault.BadFile, "%s has a shape of %d numbers, not %d", tag, rank, len(p.Shape))
	}
	px := make([]float32, n)
	for i := range px {
		switch p.Fill {
		case "", "gradient":
			px[i] = float32(i%4093) / 4092
		case "noise":
			px[i] = float32(uint32(i)*2654435761>>8) / (1 << 24)
		case "ones":
			px[i] = 1
		case "half":
			px[i] = 0.5
		case "zeros":
		default:
			return nil, fault.New(fault.BadFile, "a tensor is filled with %q; there are gradient, noise, zeros, ones and half", p.Fill)
		}
	}
	t := tensor.FromF32(px, p.Shape...)
	switch tag {
	case "$mask":
		return value.Mask{Tensor: t}, nil
	case "$latent":
		return value.Latent{Samples: t}, nil
	}
	return value.Image{Tensor: t}, nil
}

// tensorOf is the tensor of a value that has one form as a picture.
func tensorOf(v any) (tag string, t *tensor.Tensor) {
	switch x := v.(type) {
	case value.Image:
		return "$image", x.Tensor
	case value.Mask:
		return "$mask", x.Tensor
	case value.Latent:
		return "$latent", x.Samples
	}
	return "", nil
}

// elements calls f with each element. A guest's tensor is memory of its own, which stays while f runs.
func elements(t *tensor.Tensor, f func(i int, v float32)) {
	dense := t
	if !t.Contiguous() {
		dense = t.Dense()
	}
	for i, v := range dense.F32() {
		f(i, v)
	}
	runtime.KeepAlive(t)
}

// writeValue gives the form of a value: exact to the last bit when exact, else as vectors keep it.
func writeValue(v any, exact bool) (any, error) {
	if tag, t := tensorOf(v); t != nil {
		if t.DType() != tensor.F32 {
			return nil, fault.New(fault.Unsupported, "an output has elements of type %v, which tests do not compare", t.DType())
		}
		return map[string]any{tag: describe(t, exact)}, nil
	}
	switch x := v.(type) {
	case node.List:
		out := make([]any, len(x))
		for i := range x {
			var err error
			if out[i], err = writeValue(x[i], exact); err != nil {
				return nil, err
			}
		}
		return map[string]any{"$list": out}, nil
	case node.Socket:
		return map[string]any{"$link": []any{x.Node, x.Output}}, nil
	case node.Blocker:
		return map[string]any{"$block": x.Message}, nil
	}
	if _, err := json.Marshal(v); err != nil {
		return fmt.Sprintf("$opaque %T", v), nil
	}
	if _, link := v.(node.Typed); link {
		return fmt.Sprintf("$opaque %T", v), nil
	}
	return v, nil
}

func describe(t *tensor.Tensor, exact bool) picture {
	p := picture{Shape: t.Shape()}
	n := t.Elems()
	if exact {
		sum := sha256.New()
		var b [4]byte
		elements(t, func(_ int, v float32) {
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
			sum.Write(b[:])
		})
		p.SHA256 = hex.EncodeToString(sum.Sum(nil))
		return p
	}
	at := map[int]bool{}
	for i := range min(maxSamples, n) {
		at[i*(n-1)/max(min(maxSamples, n)-1, 1)] = true
	}
	elements(t, func(i int, v float32) {
		if at[i] {
			p.Samples = append(p.Samples, math.Round(float64(v)*1e6)/1e6)
		}
	})
	return p
}

// holdsValue holds a value against its form in a vector.
func holdsValue(v any, raw json.RawMessage) error {
	tag, inner := untag(raw)
	if tag == "$image" || tag == "$mask" || tag == "$latent" {
		var want picture
		if err := json.Unmarshal(inner, &want); err != nil {
			return fault.Wrap(err, fault.BadFile, "%s is not as it should be", tag)
		}
		gotTag, t := tensorOf(v)
		if t == nil || gotTag != tag || t.DType() != tensor.F32 {
			return fmt.Errorf("it is a %T, not %s", v, tag)
		}
		return want.holds(t)
	}
	form, err := writeValue(v, false)
	if err != nil {
		return err
	}
	got, err := json.Marshal(form)
	if err != nil {
		return err
	}
	var a, b any
	if err := errorsOf(json.Unmarshal(got, &a), json.Unmarshal(raw, &b)); err != nil {
		return err
	}
	if !near(a, b) {
		return fmt.Errorf("got %.300s, want %.300s", got, raw)
	}
	return nil
}

func errorsOf(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// near compares values of JSON; numbers may differ by what processors round.
func near(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && math.Abs(x-y) <= 1e-9*max(1, math.Abs(x))
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !near(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k := range x {
			if e, there := y[k]; !there || !near(x[k], e) {
				return false
			}
		}
		return true
	}
	return a == b
}

func (p *picture) holds(t *tensor.Tensor) error {
	if p.Shape != nil && !t.Shape().Equal(tensor.Shape(p.Shape)) {
		return fmt.Errorf("the shape is %v, not %v", t.Shape(), p.Shape)
	}
	if p.SHA256 != "" {
		if got := describe(t, true).SHA256; !strings.EqualFold(got, p.SHA256) {
			return fmt.Errorf("the elements have the sum %s, not %s", got, p.SHA256)
		}
	}
	if p.Samples == nil {
		return nil
	}
	got, off := describe(t, false).Samples, p.Tolerance
	if off == 0 {
		off = tolerance
	}
	if len(got) != len(p.Samples) {
		return fmt.Errorf("there are %d samples, not %d", len(got), len(p.Samples))
	}
	for i := range got {
		if d := math.Abs(got[i] - p.Samples[i]); !(d <= off) {
			return fmt.Errorf("sample %d is %v, not %v within %v", i, got[i], p.Samples[i], off)
		}
	}
	return nil
}
