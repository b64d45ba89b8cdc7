package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// mostWhole bounds, either way, the whole numbers of queries, so that sums with them stay in range.
const mostWhole = math.MaxInt / 2

// wholeOf reads a whole number of a query. Compat: blanks around it, a sign and single underscores between digits are allowed,
// and no number is too large; one that is beyond mostWhole counts as that.
func wholeOf(text string) (int, error) {
	n, err := strconv.Atoi(digits(text))
	if errors.Is(err, strconv.ErrRange) {
		err = nil // n is the nearest
	}
	return min(max(n, -mostWhole), mostWhole), err
}

// digits is a number's text without the blanks around it and the underscores that may stand between digits.
func digits(text string) string {
	t := strings.TrimSpace(text)
	for i := range len(t) {
		if t[i] == '_' && (i == 0 || i == len(t)-1 || !digit(t[i-1]) || !digit(t[i+1])) {
			return t // is no number
		}
	}
	return strings.ReplaceAll(t, "_", "")
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// numberOf reads a place in the queue; nil when there is none. Compat: it may be a number, the text of one, or true or false
// for 1 and 0. What is not finite has no place.
func numberOf(raw json.RawMessage) (*float64, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	t := string(bytes.TrimSpace(raw))
	var quoted string
	switch {
	case t == "true":
		t = "1"
	case t == "false":
		t = "0"
	case json.Unmarshal(raw, &quoted) == nil && t[0] == '"':
		t = digits(quoted)
	}
	n, err := strconv.ParseFloat(t, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) || strings.ContainsAny(t, "xX") {
		return nil, fault.New(fault.BadRequest, "number is %.40s; it must be a number", raw)
	}
	return &n, nil
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
