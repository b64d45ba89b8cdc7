// Package vp8 writes single pictures as VP8 key frames, which is what a lossy WebP holds. Source: RFC 6386.
//
// It looks for the best way to predict whole squares of 16×16 pixels: files are somewhat larger than those of encoders that try more.
package vp8

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
)

// MaxSide is the largest width and height in pixels.
const MaxSide = 1<<14 - 1

// encoder codes one picture.
type encoder struct {
	y, u, v    *plane
	luma, sums scale
	chroma     scale
	squares    []square   // row by row
	across     int        // squares of a row
	guess      [256]uint8 // the prediction of a square
	try        [256]uint8
}

// square is how one is predicted.
type square struct {
	luma, chroma uint8
	empty        bool          // it has no levels
	levels       [25][16]int16 // 16 blocks of y, 4 of u, 4 of v, and the sums of y, each in zigzag order
}

// scale is how coefficients become levels.
type scale struct{ first, rest int32 }

func (s scale) step(n int) int32 {
	if n == 0 {
		return s.first
	}
	return s.rest
}

// level rounds a coefficient, a little towards zero.
func (s scale) level(c int32, n int) int32 {
	const bias = 105 // in 256
	step := s.step(n)
	v := min((max(c, -c)+step*bias>>8)/step, most)
	if c < 0 {
		return -v
	}
	return v
}

// Encode codes a picture, whose sides are 1 to MaxSide, with a quality of 1 to 100. Alpha is left out. It fails for pictures whose
// squares are too many for the format, and when ctx ends.
func Encode(ctx context.Context, img image.Image, quality int) ([]byte, error) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	index := indexOf(quality)
	e := &encoder{across: (w + 15) / 16}
	e.luma = scale{stepsDC[index], stepsAC[index]}
	e.sums = scale{2 * stepsDC[index], max(stepsAC[index]*155/100, 8)}
	e.chroma = scale{min(stepsDC[index], 132), stepsAC[index]}
	down := (h + 15) / 16
	e.y, e.u, e.v = newPlane(e.across*16, down*16), newPlane(e.across*8, down*8), newPlane(e.across*8, down*8)
	e.fill(img)
	e.squares = make([]square, e.across*down)
	for y := range down {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for x := range e.across {
			e.square(&e.squares[y*e.across+x], x, y)
		}
	}
	probs := e.fitting()
	head := e.head(index, probs)
	if len(head) >= 1<<19 {
		return nil, fmt.Errorf("how %d squares are predicted takes %d bytes, too many for a frame", len(e.squares), len(head))
	}
	out := &tokens{bits: newBits(), probs: probs}
	e.write(out)
	return frame(w, h, head, out.bits.end()), nil
}

// indexOf is the index of steps for a quality. Compat: libwebp's, so that the same quality gives about the same picture.
func indexOf(quality int) int {
	q := float64(min(max(quality, 0), 100)) / 100
	if q < 0.75 {
		q *= 2. / 3
	} else {
		q = 2*q - 1
	}
	return int(127*(1-math.Cbrt(q)) + 0.5)
}

// square makes the levels of the 16×16 pixels of a place.
func (e *encoder) square(s *square, x, y int) {
	s.luma = uint8(e.best(16, x, y, e.y))
	any := e.codeLuma(s, x, y)
	s.chroma = uint8(e.best(8, x, y, e.u, e.v))
	for i, p := range []*plane{e.u, e.v} {
		if e.codeChroma(s, p, x, y, 16+4*i) {
			any = true
		}
	}
	s.empty = !any
}

// best is the way of prediction that comes closest.
func (e *encoder) best(side, x, y int, planes ...*plane) int {
	found, least := 0, math.MaxInt
	for way := range ways {
		sum := 0
		for _, p := range planes {
			p.predict(e.try[:side*side], way, x*side, y*side, side)
			sum += p.error(e.try[:side*side], x*side, y*side, side)
		}
		if sum < least {
			found, least = way, sum
		}
	}
	return found
}

// codeLuma makes the levels of a square's luma, and reports whether there are any.
func (e *encoder) codeLuma(s *square, x, y int) bool {
	p := e.y
	p.predict(e.guess[:], int(s.luma), x*16, y*16, 16)
	var all [16][16]int32
	var firsts, coefficients, back [16]int32
	any := false
	for b := range 16 {
		p.difference(e.guess[:], 16, x*16, y*16, b%4*4, b/4*4, &coefficients)
		cosines(&coefficients, &all[b])
		firsts[b] = all[b][0]
		if quantize(&all[b], &s.levels[b], 1, e.luma) {
			any = true
		}
	}
	walsh(&firsts, &coefficients)
	if quantize(&coefficients, &s.levels[24], 0, e.sums) {
		any = true
	}
	unwalsh(&coefficients, &firsts)
	for b := range 16 {
		all[b][0] = firsts[b]
		uncosines(&all[b], &back)
		p.restore(e.guess[:], 16, x*16, y*16, b%4*4, b/4*4, &back)
	}
	return any
}

// codeChroma makes the levels of a square of one of the planes of chroma, those from block on.
func (e *encoder) codeChroma(s *square, p *plane, x, y, block int) bool {
	guess := e.guess[:64]
	p.predict(guess, int(s.chroma), x*8, y*8, 8)
	var in, out [16]int32
	any := false
	for b := range 4 {
		p.difference(guess, 8, x*8, y*8, b%2*4, b/2*4, &in)
		cosines(&in, &out)
		if quantize(&out, &s.levels[block+b], 0, e.chroma) {
			any = true
		}
		uncosines(&out, &in)
		p.restore(guess, 8, x*8, y*8, b%2*4, b/2*4, &in)
	}
	return any
}

// quantize makes the levels of a block of its coefficients from first on, and turns those into what decoders will have.
func quantize(c *[16]int32, levels *[16]int16, first int, s scale) bool {
	any := false
	for n := first; n < 16; n++ {
		at := zigzag[n]
		v := s.level(c[at], n)
		levels[n] = int16(v)
		c[at] = v * s.step(n)
		any = any || v != 0
	}
	return any
}

// beside tells of the blocks beside a square's whether they have levels: 4 of y, 2 of u, 2 of v, and the sums of y.
type beside [9]int

// write writes the levels of all squares.
func (e *encoder) write(t *tokens) {
	aboves := make([]beside, e.across)
	var lefts beside
	for i := range e.squares {
		x := i % e.across
		if x == 0 {
			lefts = beside{}
		}
		if s := &e.squares[i]; s.empty {
			lefts, aboves[x] = beside{}, beside{}
		} else {
			s.write(t, &aboves[x], &lefts)
		}
	}
}

func (s *square) write(t *tokens, up, l *beside) {
	one := func(block, kind, first, column, row int) {
		had := 0
		if t.block(&s.levels[block], kind, first, up[column]+l[row]) {
			had = 1
		}
		up[column], l[row] = had, had
	}
	one(24, lumaSums, 0, 8, 8)
	for b := range 16 {
		one(b, lumaRest, 1, b%4, b/4)
	}
	for b := range 8 {
		part := 4 + b/4*2
		one(16+b, chroma, 0, part+b%2, part+b%4/2)
	}
}

// frame puts the parts together. Source: RFC 6386, section 9.1.
func frame(w, h int, head, tokens []byte) []byte {
	const shown = 1 << 4
	tag := uint32(len(head))<<5 | shown
	out := make([]byte, 0, 10+len(head)+len(tokens))
	out = append(out, byte(tag), byte(tag>>8), byte(tag>>16), 0x9d, 0x01, 0x2a)
	out = binary.LittleEndian.AppendUint16(out, uint16(w))
	out = binary.LittleEndian.AppendUint16(out, uint16(h))
	return append(append(out, head...), tokens...)
}
