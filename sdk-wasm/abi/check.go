package abi

import (
	"math"
	"unicode/utf8"
)

// checker is Decode without the values: it accepts the same messages, and refuses others with the same error.
type checker struct {
	s      string
	at     int
	items  int  // still allowed
	pick   bool // lists what the first map holds, if that is the message
	picked Pairs
}

func (c *checker) message(l Limits) error {
	if len(c.s) > l.Bytes {
		return errSize
	}
	if err := c.value(l.Depth); err != nil {
		return err
	}
	if c.at < len(c.s) {
		return errTrailing
	}
	return nil
}

func (c *checker) value(depth int) error {
	if c.items--; c.items < 0 {
		return errItems
	}
	if c.at >= len(c.s) {
		return errShort
	}
	h := c.s[c.at]
	c.at++
	major, n := h&0xe0, uint64(h&0x1f)
	if n >= 24 {
		var err error
		if n, err = c.number(major, int(n)); err != nil {
			return err
		}
	}
	switch major {
	case majorUint:
		return nil
	case majorText:
		_, err := c.text(n)
		return err
	case majorArray, majorMap, majorTag:
		return c.nested(major, n, depth)
	}
	return c.flat(h, n)
}

// flat checks what is neither a text nor holds other values.
func (c *checker) flat(h byte, n uint64) error {
	switch h & 0xe0 {
	case majorNeg:
		if n > math.MaxInt64 {
			return errNegative
		}
	case majorBytes:
		if n > uint64(len(c.s)-c.at) {
			return errShort
		}
		c.at += int(n)
	case majorOther:
		if h == byteTrue || h == byteFalse || h == byteNull {
			return nil
		}
		_, err := simple(h&0x1f, n)
		return err
	}
	return nil
}

func (c *checker) nested(major byte, n uint64, depth int) error {
	if depth == 0 {
		return errDepth
	}
	switch major {
	case majorArray:
		return c.array(n, depth-1)
	case majorMap:
		return c.pairs(n, depth-1)
	}
	return c.tagged(n, depth-1)
}

// number reads what follows a head that has no room for its number.
func (c *checker) number(major byte, info int) (n uint64, err error) {
	if info > 27 {
		return 0, errReserved
	}
	size := 1 << (info - 24)
	if len(c.s)-c.at < size {
		return 0, errShort
	}
	for range size {
		n = n<<8 | uint64(c.s[c.at])
		c.at++
	}
	if major != majorOther && !isShortest(size, n) {
		return 0, errShortest
	}
	return n, nil
}

func (c *checker) text(n uint64) (string, error) {
	if n > uint64(len(c.s)-c.at) {
		return "", errShort
	}
	s := c.s[c.at : c.at+int(n)]
	c.at += int(n)
	if !isUTF8(s) {
		return "", errUTF8
	}
	return s, nil
}

// count checks that n items can still come: each takes a byte at least.
func (c *checker) count(n, each uint64) error {
	if n > uint64(len(c.s)-c.at) {
		return errShort
	}
	if n*each > uint64(c.items) {
		return errItems
	}
	return nil
}

func (c *checker) array(n uint64, depth int) error {
	c.pick = false
	err := c.count(n, 1)
	for i := uint64(0); i < n && err == nil; i++ {
		err = c.value(depth)
	}
	return err
}

func (c *checker) pairs(n uint64, depth int) error {
	if err := c.count(n, 2); err != nil {
		return err
	}
	pick, last := c.pick, ""
	c.pick = false
	for i := range n {
		c.items--
		key, err := c.key()
		if err != nil {
			return err
		}
		if i > 0 && (len(key) < len(last) || len(key) == len(last) && key <= last) { // as CompareKeys
			return errKey
		}
		from := c.at
		if err := c.value(depth); err != nil {
			return err
		}
		if pick {
			c.picked = append(c.picked, Pair{key, Raw(c.s[from:c.at])})
		}
		last = key
	}
	return nil
}

func (c *checker) key() (string, error) {
	if c.at >= len(c.s) {
		return "", errShort
	}
	h := c.s[c.at]
	c.at++
	n := uint64(h & 0x1f)
	if n >= 24 {
		var err error
		if n, err = c.number(h&0xe0, int(n)); err != nil {
			return "", err
		}
	}
	if h&0xe0 != majorText {
		return "", errKey
	}
	return c.text(n)
}

func (c *checker) tagged(number uint64, depth int) error {
	from := c.at
	c.pick = false
	if err := c.value(depth); err != nil {
		return err
	}
	switch number {
	case TagHandle:
		return c.handle(Raw(c.s[from:c.at]))
	case TagBlocker, TagLink, TagList, TagNumber, TagRaise:
		return nil
	}
	return errTag
}

// handle checks what the tag of a handle holds: an array of two numbers, of which the first has 32 bits.
func (c *checker) handle(r Raw) error {
	if r[0] != majorArray|2 {
		return errHandle
	}
	major, kind, at := r.head(1)
	if major != majorUint || kind > math.MaxUint32 || r[at]&0xe0 != majorUint {
		return errHandle
	}
	return nil
}

// isUTF8 is utf8.ValidString, quicker for the short texts without accents that messages are full of.
func isUTF8(s string) bool {
	if len(s) <= 24 {
		var all byte
		for i := 0; i < len(s); i++ {
			all |= s[i]
		}
		if all < utf8.RuneSelf {
			return true
		}
	}
	return utf8.ValidString(s)
}
