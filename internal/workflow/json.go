package workflow

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Bounds on JSON from outside.
const (
	maxJSONDepth  = 500       // arrays and objects within each other
	maxJSONValues = 4_000_000 // values in one text; a list of all nodes of a server has some 100 000
)

// number is a JSON number with the digits it was written with. Drawings hold float64 instead.
type number string

// object is a JSON object that remembers the order of its keys.
type object struct {
	keys []string
	vals map[string]any
}

func newObject() *object { return &object{} }

// get returns the value at key; a nil object has none.
func (o *object) get(key string) any {
	if o == nil {
		return nil
	}
	return o.vals[key]
}

func (o *object) has(key string) bool {
	if o == nil {
		return false
	}
	_, ok := o.vals[key]
	return ok
}

// set adds or replaces a value; a replaced one keeps its place.
func (o *object) set(key string, v any) {
	if o.vals == nil {
		o.vals = map[string]any{}
	}
	if _, ok := o.vals[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.vals[key] = v
}

func (o *object) remove(key string) {
	if _, ok := o.vals[key]; ok {
		delete(o.vals, key)
		o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
	}
}

func (o *object) object(key string) *object { v, _ := o.get(key).(*object); return v }
func (o *object) array(key string) []any    { v, _ := o.get(key).([]any); return v }
func (o *object) text(key string) string    { v, _ := o.get(key).(string); return v }
func (o *object) truthy(key string) bool    { return truthy(o.get(key)) }

// order gives the keys as a JavaScript object lists them: array indices ascending, then the rest as they were added.
func (o *object) order() []string {
	if o == nil {
		return nil
	}
	isIndex := func(k string) bool { _, ok := arrayIndex(k); return ok }
	if !slices.ContainsFunc(o.keys, isIndex) {
		return o.keys
	}
	var ids, names []string
	for _, k := range o.keys {
		if isIndex(k) {
			ids = append(ids, k)
		} else {
			names = append(names, k)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		x, _ := arrayIndex(a)
		y, _ := arrayIndex(b)
		return int(x) - int(y)
	})
	return append(ids, names...)
}

// arrayIndex reports whether key is a canonical integer below 2³²-1.
func arrayIndex(key string) (uint64, bool) {
	if key == "" || len(key) > 10 || key[0] == '0' && len(key) > 1 || key[0] < '0' || key[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseUint(key, 10, 64)
	return n, err == nil && n < math.MaxUint32
}

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && !math.IsNaN(v)
	case number:
		f, err := strconv.ParseFloat(string(v), 64)
		return err != nil || f != 0
	case string:
		return v != ""
	}
	return true
}

// parser reads JSON as the client does: NaN and infinities, which Python writes, become null.
type parser struct {
	s      string
	pos    int
	depth  int
	values int
	digits bool // keep numbers as number
}

// parseJSON reads one value. digits keeps numbers as they are written; otherwise they are float64.
func parseJSON(text string, digits bool) (any, error) {
	p := &parser{s: text, digits: digits}
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos != len(p.s) {
		return nil, p.fail("text after the value")
	}
	return v, nil
}

func (p *parser) fail(what string) error {
	return fault.New(fault.BadFile, "not JSON: %s at byte %d", what, p.pos)
}

func (p *parser) space() {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) value() (any, error) {
	p.space()
	if p.pos == len(p.s) {
		return nil, p.fail("a value is missing")
	}
	if p.values++; p.values > maxJSONValues {
		return nil, fault.New(fault.TooLarge, "JSON of more than %d values", maxJSONValues)
	}
	switch c := p.s[p.pos]; c {
	case '{', '[':
		if p.depth++; p.depth > maxJSONDepth {
			return nil, fault.New(fault.TooLarge, "JSON nests deeper than %d", maxJSONDepth)
		}
		defer func() { p.depth-- }()
		if c == '{' {
			return p.object()
		}
		return p.array()
	case '"':
		return p.string()
	}
	for _, w := range words {
		if strings.HasPrefix(p.s[p.pos:], w.text) {
			p.pos += len(w.text)
			return w.value, nil
		}
	}
	return p.number()
}

var words = []struct {
	text  string
	value any
}{{"null", nil}, {"true", true}, {"false", false}, {"NaN", nil}, {"Infinity", nil}, {"-Infinity", nil}}

func (p *parser) object() (any, error) {
	o := newObject()
	p.pos++
	for first := true; ; first = false {
		p.space()
		if p.next('}') && first {
			return o, nil
		}
		if p.pos == len(p.s) || p.s[p.pos] != '"' {
			return nil, p.fail("a key is missing")
		}
		key, err := p.string()
		if err != nil {
			return nil, err
		}
		if p.space(); !p.next(':') {
			return nil, p.fail("a colon is missing")
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		o.set(key, v)
		p.space()
		if p.next('}') {
			return o, nil
		}
		if !p.next(',') {
			return nil, p.fail("a comma is missing")
		}
	}
}

func (p *parser) array() (any, error) {
	list := []any{}
	p.pos++
	if p.space(); p.next(']') {
		return list, nil
	}
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		p.space()
		if p.next(']') {
			return list, nil
		}
		if !p.next(',') {
			return nil, p.fail("a comma is missing")
		}
	}
}

func (p *parser) next(c byte) bool {
	if p.pos < len(p.s) && p.s[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) number() (any, error) {
	start := p.pos
	for p.pos < len(p.s) && strings.IndexByte("+-.eE0123456789", p.s[p.pos]) >= 0 {
		p.pos++
	}
	lit := p.s[start:p.pos]
	if !numberForm(lit) {
		p.pos = start
		return nil, p.fail("no value begins so")
	}
	if p.digits {
		return number(lit), nil
	}
	f, err := strconv.ParseFloat(lit, 64)
	if err != nil && math.IsInf(f, 0) {
		return nil, nil // JSON.stringify writes an infinity as null
	}
	return f, nil
}

// numberForm reports whether s is a number by the grammar of JSON.
func numberForm(s string) bool {
	s = strings.TrimPrefix(s, "-")
	digits := func() int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		return n
	}
	n := digits()
	if n == 0 || s[0] == '0' && n > 1 {
		return false
	}
	if s = s[n:]; strings.HasPrefix(s, ".") {
		s = s[1:]
		if n = digits(); n == 0 {
			return false
		}
		s = s[n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if n = digits(); n == 0 {
			return false
		}
		s = s[n:]
	}
	return s == ""
}

func (p *parser) string() (string, error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; {
		case c == '"':
			s := p.s[start:p.pos]
			p.pos++
			return strings.ToValidUTF8(s, "\uFFFD"), nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", p.fail("a control character in a string")
		}
		p.pos++
	}
	return "", p.fail("a string does not end")
}

func (p *parser) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(p.s[start:p.pos])
	for p.pos < len(p.s) {
		c := p.s[p.pos]
		p.pos++
		switch {
		case c == '"':
			return strings.ToValidUTF8(b.String(), "\uFFFD"), nil
		case c < 0x20:
			return "", p.fail("a control character in a string")
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		if p.pos == len(p.s) {
			break
		}
		e := p.s[p.pos]
		p.pos++
		if i := strings.IndexByte(`"\/bfnrt`, e); i >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[i])
		} else if r, ok := p.hex(); e == 'u' && ok {
			b.WriteRune(p.pair(r))
		} else {
			return "", p.fail("an unknown escape")
		}
	}
	return "", p.fail("a string does not end")
}

func (p *parser) hex() (rune, bool) {
	if p.pos+4 > len(p.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.s[p.pos:p.pos+4], 16, 32)
	if err != nil {
		return 0, false
	}
	p.pos += 4
	return rune(n), true
}

// pair joins a surrogate with the one that follows; a lone one becomes the replacement character.
func (p *parser) pair(r rune) rune {
	if !utf16.IsSurrogate(r) {
		return r
	}
	if strings.HasPrefix(p.s[p.pos:], `\u`) {
		back := p.pos
		p.pos += 2
		if low, ok := p.hex(); ok {
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				return both
			}
		}
		p.pos = back
	}
	return utf8.RuneError
}
