package main

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

func (a args) int(i int) int64 {
	n, _ := a[i].(int64)
	return n
}

func (a args) float(i int) float64 {
	f, ok := a[i].(float64)
	if !ok {
		return float64(a.int(i))
	}
	return f
}

func (a args) text(i int) string {
	s, _ := a[i].(string)
	return s
}

// bytes reads bytes, also those of a text.
func (a args) bytes(i int) []byte {
	b, ok := a[i].([]byte)
	if !ok {
		return []byte(a.text(i))
	}
	return b
}

func (a args) handle(i int) abi.Handle {
	h, _ := a[i].(abi.Handle)
	return h
}

func (a args) tensor(i int) guest.Tensor { return guest.Tensor{ID: a.handle(i).ID} }

func (a args) list(i int) []any {
	l, _ := a[i].([]any)
	return l
}

func (a args) ints(i int) []int { return ints(a.list(i)) }

func ints(l []any) []int {
	out := make([]int, len(l))
	for k, v := range l {
		n, _ := v.(int64)
		out[k] = int(n)
	}
	return out
}

func floats(l []any) []float64 {
	out := make([]float64, len(l))
	for k := range l {
		out[k] = args(l).float(k)
	}
	return out
}

// of makes a result of a handle and an error.
func of(kind uint32, t guest.Tensor, err error) (any, error) {
	return abi.Handle{Kind: kind, ID: t.ID}, err
}

// done is the result of what gives nothing but an error.
func done(err error) (any, error) { return int64(0), err }

func floatBytes(f []float32) []byte {
	b := make([]byte, 0, 4*len(f))
	for _, v := range f {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func setFloats(to []float32, b []byte) error {
	if len(b) > 4*len(to) {
		return errors.New("more bytes than the window has")
	}
	for i := range len(b) / 4 {
		to[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return nil
}

// pulled gives a value of an input as results of steps are.
func pulled(v any, err error) (any, error) {
	switch x := v.(type) {
	case guest.Image:
		return abi.Handle{Kind: abi.KindImage, ID: x.ID}, err
	case guest.Value:
		return x.Handle, err
	}
	return v, err
}
