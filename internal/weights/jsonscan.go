package weights

import (
	"encoding/json"
	"fmt"
	"strings"
)

// jsonScanner reads the JSON of a safetensors header in one pass. The standard decoder takes the last of two equal names
// and costs several times as much on headers of thousands of tensors.
type jsonScanner struct {
	text string
	at   int
}

const maxJSONDepth = 32

func (s *jsonScanner) fail(want string) error {
	if s.at >= len(s.text) {
		return fmt.Errorf("header byte %d: the text ends where %s should be", s.at, want)
	}
	return fmt.Errorf("header byte %d: %q where %s should be", s.at, s.text[s.at], want)
}

func (s *jsonScanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// peek skips space and gives the next byte, 0 at the end.
func (s *jsonScanner) peek() byte {
	s.space()
	if s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *jsonScanner) expect(c byte) error {
	if s.peek() != c {
		return s.fail(fmt.Sprintf("%q", c))
	}
	s.at++
	return nil
}

// str reads a string. It shares the text's memory unless the string has escapes.
func (s *jsonScanner) str() (string, error) {
	if err := s.expect('"'); err != nil {
		return "", err
	}
	start, escaped := s.at, false
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			raw := s.text[start:s.at]
			s.at++
			if !escaped {
				return raw, nil
			}
			var out string
			if err := json.Unmarshal([]byte(s.text[start-1:s.at]), &out); err != nil {
				return "", fmt.Errorf("header byte %d: %w", start, err)
			}
			return out, nil
		case c == '\\':
			escaped = true
			s.at += 2
		case c < 0x20:
			return "", s.fail("a printable character")
		default:
			s.at++
		}
	}
	s.at = len(s.text)
	return "", s.fail("the end of a string")
}

// number reads a whole number from 0 on that fits an int64.
func (s *jsonScanner) number() (int64, error) {
	s.space()
	start, n := s.at, int64(0)
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		d := int64(s.text[s.at] - '0')
		if n > (1<<63-1-d)/10 {
			return 0, s.fail("a number below 2^63")
		}
		n = n*10 + d
		s.at++
	}
	if s.at == start {
		return 0, s.fail("a whole number")
	}
	if s.text[start] == '0' && s.at > start+1 {
		s.at = start
		return 0, s.fail("a number without leading zeros")
	}
	return n, nil
}

// object calls each with every key of an object, the scanner standing at the key's value.
func (s *jsonScanner) object(each func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.at++
		return nil
	}
	for {
		key, err := s.str()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
		if s.peek() == ',' {
			s.at++
			continue
		}
		return s.expect('}')
	}
}

// array calls each for every element of an array, the scanner standing at it.
func (s *jsonScanner) array(each func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if s.peek() == ',' {
			s.at++
			continue
		}
		return s.expect(']')
	}
}

// skip passes over any value and gives its text.
func (s *jsonScanner) skip(depth int) (string, error) {
	if depth > maxJSONDepth {
		return "", s.fail("a value nested less deeply")
	}
	c, start := s.peek(), s.at
	var err error
	switch {
	case c == '{':
		err = s.object(func(string) error { _, err := s.skip(depth + 1); return err })
	case c == '[':
		err = s.array(func() error { _, err := s.skip(depth + 1); return err })
	case c == '"':
		_, err = s.str()
	default:
		end := strings.IndexAny(s.text[s.at:], ",]} \n\r\t")
		if end < 0 {
			end = len(s.text) - s.at
		}
		if !json.Valid([]byte(s.text[s.at : s.at+end])) {
			return "", s.fail("a value")
		}
		s.at += end
	}
	if err != nil {
		return "", err
	}
	return s.text[start:s.at], nil
}
