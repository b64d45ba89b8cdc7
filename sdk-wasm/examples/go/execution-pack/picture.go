package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

const side = 512 // of the pictures that the nodes make themselves

// maxElems bounds the pictures of these nodes.
const maxElems = 1 << 28

// filled is a tensor of one value.
func filled(v float64, shape ...int) (guest.Tensor, error) {
	n := 1.0
	for _, d := range shape {
		n *= float64(d)
	}
	if n > maxElems {
		return guest.Tensor{}, guest.Fail(abi.ENOMEM, fmt.Sprintf("a picture of %v does not fit the memory", shape))
	}
	return guest.New(abi.DTypeF32, v, shape...)
}

// uniform is a picture of one value.
func uniform(batch, h, w int, v float64) (guest.Image, error) {
	t, err := filled(v, batch, h, w, 3)
	if err != nil {
		return guest.Image{}, err
	}
	return t.Image()
}

func square(v float64) (guest.Image, error) { return uniform(1, side, side, v) }

// computed runs a program over tensors and makes a picture of its result.
func computed(program func(r *guest.Recorder) guest.Ref) (guest.Image, error) {
	var r guest.Recorder
	out, err := r.Run(program(&r))
	if err != nil {
		return guest.Image{}, err
	}
	return out[0].Image()
}

// scaled multiplies a picture.
func scaled(m guest.Image, by float64) (guest.Image, error) {
	return computed(func(r *guest.Recorder) guest.Ref { return r.Affine(r.Input(m.Tensor), by, 0) })
}

// average is the mean of pictures of one shape.
func average(list []guest.Image) (guest.Image, error) {
	shape := list[0].Info().Shape
	for _, m := range list[1:] {
		if !slices.Equal(m.Info().Shape, shape) {
			return guest.Image{}, guest.Raise("RuntimeError", "stack expects each tensor to be equal size")
		}
	}
	return computed(func(r *guest.Recorder) guest.Ref {
		sum := r.Input(list[0].Tensor)
		for _, m := range list[1:] {
			sum = r.Add(sum, r.Input(m.Tensor))
		}
		return r.Affine(sum, 1/float64(len(list)), 0)
	})
}

// bounds are the least and the greatest element.
func bounds(t guest.Tensor) (low, high float32, err error) {
	n := 1
	for _, d := range t.Info().Shape {
		n *= d
	}
	if n == 0 {
		return 0, 0, nil
	}
	flat, err := t.Reshape(n)
	if err != nil {
		return 0, 0, err
	}
	var r guest.Recorder
	x := r.Input(flat)
	ends, err := r.Run(r.Op(abi.TensorAmin, guest.Attr{I: []int{0}}, x), r.Op(abi.TensorAmax, guest.Attr{I: []int{0}}, x))
	if err != nil {
		return 0, 0, err
	}
	var v [2]float32
	for i, e := range ends {
		var b [4]byte
		if _, err := e.Read(b[:], 0); err != nil {
			return 0, 0, err
		}
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[:]))
	}
	return v[0], v[1], nil
}

// mix blends two pictures by a mask of their size.
func mix(one, two guest.Image, mask guest.Mask) (guest.Image, error) {
	shape := mask.Info().Shape
	if a, b := one.Info().Shape, two.Info().Shape; !slices.Equal(a, b) || !slices.Equal(a[:3], shape) {
		return guest.Image{}, guest.Raise("RuntimeError", "the sizes of pictures and mask differ")
	}
	weight, err := mask.Reshape(append(shape, 1)...)
	if err != nil {
		return guest.Image{}, err
	}
	return computed(func(r *guest.Recorder) guest.Ref {
		w := r.Input(weight)
		return r.Add(r.Mul(r.Input(one.Tensor), r.Affine(w, -1, 1)), r.Mul(r.Input(two.Tensor), w))
	})
}

// noise fills a tensor with values from 0 to 1, piece by piece.
func noise(t guest.Tensor) error {
	size := t.Info().Bytes
	piece := make([]byte, min(size, abi.MaxRandomBytes))
	for at := int64(0); at < size; at += int64(len(piece)) {
		b := piece[:min(int64(len(piece)), size-at)]
		if err := guest.Random(b); err != nil {
			return err
		}
		for i := 0; i+4 <= len(b); i += 4 {
			v := float32(binary.LittleEndian.Uint32(b[i:])>>8) / (1 << 24)
			binary.LittleEndian.PutUint32(b[i:], math.Float32bits(v))
		}
		if err := t.Write(b, at); err != nil {
			return err
		}
	}
	return nil
}

var errMissing = guest.Raise("TypeError", "unsupported operand type(s) for *: 'NoneType' and 'Tensor'")

func split(s string) []string { return strings.Split(s, ",") }

// float writes a number so that it stays one with a fraction.
func float(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) || math.IsInf(f, 0) || f != f {
		return strings.ToLower(strconv.FormatFloat(f, 'e', -1, 64))
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
