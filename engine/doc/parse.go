package doc

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/internal/fault"
)

type bigInt = *big.Int

// Limits bounds what Parse accepts.
type Limits struct {
	Bytes  int // of the whole text
	Depth  int // of arrays and objects inside each other
	Digits int // of an integer
}

// DefaultLimits are those of a prompt: 256 MiB, 500 deep, integers of 4300 digits.
func DefaultLimits() Limits { return Limits{Bytes: 256 << 20, Depth: 500, Digits: 4300} }

// Parse reads one JSON text. A key that comes twice has its last value, in its first place. NaN, infinities and numbers
// beyond float64 are refused. Errors have the codes bad_request and too_large and tell the byte offset.
func Parse(text []byte, l Limits) (any, error) {
	if len(text) > l.Bytes {
		return nil, fault.New(fault.TooLarge, "the JSON text has %d bytes; %d are allowed", len(text), l.Bytes)
	}
	p := &parser{b: text, l: l}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i != len(p.b) {
		return nil, p.bad("something follows the JSON value")
	}
	return v, nil
}

// ParseObject is Parse for a text that must be an object.
func ParseObject(text []byte, l Limits) (*Object, error) {
	v, err := Parse(text, l)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*Object)
	if !ok {
		return nil, fault.New(fault.BadRequest, "a JSON object is wanted")
	}
	return o, nil
}

// Read is Parse for what comes from a stream. Errors of the stream come as they are.
func Read(r io.Reader, l Limits) (any, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return Parse(text, l)
}

// Stored reads JSON that the program itself stored; what is no object reads as an empty one.
func Stored(text []byte) *Object {
	o, err := ParseObject(text, DefaultLimits())
	if err != nil {
		return &Object{}
	}
	return o
}

type parser struct {
	b []byte
	i int
	l Limits
}

func (p *parser) bad(format string, args ...any) error {
	return fault.New(fault.BadRequest, "JSON, byte %d: %s", p.i, fmt.Sprintf(format, args...))
}

func (p *parser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) value(depth int) (any, error) {
	p.space()
	if p.i >= len(p.b) {
		return nil, p.bad("the text ends too early")
	}
	if depth > p.l.Depth {
		return nil, fault.New(fault.TooLarge, "JSON, byte %d: more than %d levels", p.i, p.l.Depth)
	}
	switch c := p.b[p.i]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.str()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	switch {
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return nil, nil
	}
	return nil, p.bad("no JSON value starts with %q", rune(p.b[p.i]))
}

func (p *parser) word(w string) bool {
	if len(p.b)-p.i < len(w) || string(p.b[p.i:p.i+len(w)]) != w {
		return false
	}
	p.i += len(w)
	return true
}

func (p *parser) object(depth int) (any, error) {
	p.i++
	o := &Object{}
	for first := true; ; first = false {
		p.space()
		if p.i >= len(p.b) {
			return nil, p.bad("the object is not closed")
		}
		if first && p.b[p.i] == '}' {
			p.i++
			return o, nil
		}
		if p.b[p.i] != '"' {
			return nil, p.bad("a key in quotes is wanted")
		}
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		p.space()
		if p.i >= len(p.b) || p.b[p.i] != ':' {
			return nil, p.bad("a colon is wanted")
		}
		p.i++
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o.Set(key.(string), v)
		if done, err := p.next('}'); err != nil {
			return nil, err
		} else if done {
			return o, nil
		}
	}
}

func (p *parser) array(depth int) (any, error) {
	p.i++
	list := []any{}
	p.space()
	if p.i < len(p.b) && p.b[p.i] == ']' {
		p.i++
		return list, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if done, err := p.next(']'); err != nil {
			return nil, err
		} else if done {
			return list, nil
		}
	}
}

// next passes a comma, or the closing mark.
func (p *parser) next(closing byte) (bool, error) {
	p.space()
	if p.i < len(p.b) {
		switch p.b[p.i] {
		case closing:
			p.i++
			return true, nil
		case ',':
			p.i++
			p.space()
			if p.i < len(p.b) && p.b[p.i] == closing {
				return false, p.bad("a comma before %q", rune(closing))
			}
			return false, nil
		}
	}
	return false, p.bad("a comma or %q is wanted", rune(closing))
}

func (p *parser) number() (any, error) {
	start := p.i
	if p.b[p.i] == '-' {
		p.i++
	}
	digits := p.digits()
	whole := true
	if digits == 0 || digits > 1 && p.b[p.i-digits] == '0' {
		return nil, p.bad("this is no number")
	}
	if p.i < len(p.b) && p.b[p.i] == '.' {
		p.i++
		if whole = false; p.digits() == 0 {
			return nil, p.bad("digits are wanted behind the point")
		}
	}
	if p.i < len(p.b) && (p.b[p.i] == 'e' || p.b[p.i] == 'E') {
		p.i++
		if p.i < len(p.b) && (p.b[p.i] == '+' || p.b[p.i] == '-') {
			p.i++
		}
		if whole = false; p.digits() == 0 {
			return nil, p.bad("digits are wanted in the exponent")
		}
	}
	text := string(p.b[start:p.i])
	if whole {
		return p.integer(text, digits)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, p.bad("%.40s… is beyond the range of numbers", text)
	}
	return f, nil
}

func (p *parser) digits() int {
	start := p.i
	for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i - start
}

func (p *parser) integer(text string, digits int) (any, error) {
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		return v, nil
	}
	if v, err := strconv.ParseUint(text, 10, 64); err == nil {
		return v, nil
	}
	if digits > p.l.Digits {
		return nil, fault.New(fault.TooLarge, "JSON, byte %d: an integer of %d digits; %d are allowed", p.i, digits, p.l.Digits)
	}
	v, _ := new(big.Int).SetString(text, 10)
	return v, nil
}

func (p *parser) str() (any, error) {
	p.i++
	start := p.i
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			s := p.b[start:p.i]
			p.i++
			if !utf8.Valid(s) {
				return nil, p.bad("the text is not UTF-8")
			}
			return string(s), nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return nil, p.bad("a control character in a string")
		}
		p.i++
	}
	return nil, p.bad("the string is not closed")
}

func (p *parser) escaped(start int) (any, error) {
	out := append([]byte(nil), p.b[start:p.i]...)
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			if !utf8.Valid(out) {
				return nil, p.bad("the text is not UTF-8")
			}
			return string(out), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		case c < ' ':
			return nil, p.bad("a control character in a string")
		default:
			out = append(out, c)
			p.i++
		}
	}
	return nil, p.bad("the string is not closed")
}

func (p *parser) escape() (rune, error) {
	p.i++
	if p.i >= len(p.b) {
		return 0, p.bad("the string is not closed")
	}
	c := p.b[p.i]
	p.i++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return p.unicode()
	}
	return 0, p.bad("no escape is written \\%c", c)
}

// unicode reads the digits of \u and, for the first half of a pair, the second. Halves that stand alone become U+FFFD.
func (p *parser) unicode() (rune, error) {
	r, err := p.hex()
	if err != nil || r < 0xd800 || r > 0xdfff {
		return r, err
	}
	if r < 0xdc00 && p.i+1 < len(p.b) && p.b[p.i] == '\\' && p.b[p.i+1] == 'u' {
		mark := p.i
		p.i += 2
		low, err := p.hex()
		if err != nil {
			return 0, err
		}
		if low >= 0xdc00 && low <= 0xdfff {
			return 0x10000 + (r-0xd800)<<10 + (low - 0xdc00), nil
		}
		p.i = mark
	}
	return utf8.RuneError, nil
}

func (p *parser) hex() (rune, error) {
	if len(p.b)-p.i < 4 {
		return 0, p.bad("four hexadecimal digits are wanted")
	}
	v, err := strconv.ParseUint(string(p.b[p.i:p.i+4]), 16, 16)
	if err != nil {
		return 0, p.bad("four hexadecimal digits are wanted")
	}
	p.i += 4
	return rune(v), nil
}
