package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// mostWhole bounds, either way, the whole numbers of queries, so that sums with them stay in range.
const mostWhole = math.MaxInt / 2

// wholeOf reads a whole number of a query. Compat: it is written as doc.Digits allows, and no number is too large; one
// that is beyond mostWhole counts as that.
func wholeOf(text string) (int, error) {
	n, err := strconv.Atoi(doc.Digits(text))
	if errors.Is(err, strconv.ErrRange) {
		err = nil // n is the nearest
	}
	return min(max(n, -mostWhole), mostWhole), err
}

// numberOf reads a place in the queue; nil when there is none. Compat: it may be a number, the text of one, or true or false
// for 1 and 0. What is not finite has no place.
func numberOf(raw json.RawMessage) (*float64, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	t := string(bytes.TrimSpace(raw))
	switch t[0] {
	case 't':
		t = "1"
	case 'f':
		t = "0"
	case '"':
		_ = json.Unmarshal(raw, &t) // valid JSON
	}
	n, ok := doc.ParseFloat(t)
	if !ok || math.IsInf(n, 0) || math.IsNaN(n) {
		return nil, fault.New(fault.BadRequest, "number is %.40s; it must be a number", raw)
	}
	return &n, nil
}

// notFinite are the words for numbers that JSON lacks, and the texts that stand for them.
var notFinite = [...]struct{ word, text string }{{"NaN", `"nan"`}, {"Infinity", `"inf"`}, {"-Infinity", `"-inf"`}}

// textedNumbers makes texts of the words for numbers that JSON lacks. Compat: the reference takes such words; clients send them that
// read a prompt from a picture, where it leaves them for nodes that are never the same.
func textedNumbers(body []byte) []byte {
	out := make([]byte, 0, len(body)+16)
	quoted := false
next:
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\' && i+1 < len(body):
			out = append(out, c)
			i++
			c = body[i]
		case !quoted && (c == 'N' || c == 'I' || c == '-'):
			for _, n := range notFinite {
				if bytes.HasPrefix(body[i:], []byte(n.word)) {
					out = append(out, n.text...)
					i += len(n.word) - 1
					continue next
				}
			}
		}
		out = append(out, c)
	}
	return out
}

// idsOf reads the items of a list that are text; ok is false when it is no list. Compat: an item of another type is nobody's id.
func idsOf(raw json.RawMessage) (ids []string, ok bool) {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil, false
	}
	ids = []string{}
	for _, item := range items {
		var id *string
		if json.Unmarshal(item, &id) == nil && id != nil {
			ids = append(ids, *id)
		}
	}
	return ids, true
}
