package assets

import (
	"encoding/base64"
	"encoding/json"
	"strconv"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Bounds on cursors, which clients send back. Compat.
const (
	maxCursor   = 8192
	maxCursorID = 128
)

// cursor is the last reference of a page, and the order it was found in.
type cursor struct {
	Sort  string `json:"s"`
	Value string `json:"v"`
	ID    string `json:"id"`
	Order string `json:"o"`
}

func (c cursor) String() string {
	b, _ := json.Marshal(c) // strings always encode
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads a cursor that must be of the same order. Errors: fault.BadRequest.
func parseCursor(s string, q Query) (c cursor, value any, err error) {
	bad := func(format string, args ...any) (cursor, any, error) {
		return cursor{}, nil, fault.New(fault.BadRequest, format, args...)
	}
	if len(s) > maxCursor {
		return bad("cursor exceeds maximum length")
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return bad("encoding: the cursor is no base64")
	}
	if json.Unmarshal(b, &c) != nil {
		return bad("payload: the cursor is none of this server")
	}
	switch {
	case c.ID == "" || len(c.ID) > maxCursorID || len(c.Value) > 4*MaxName:
		return bad("payload: the cursor is none of this server")
	case c.Sort != q.Sort:
		return bad("cursor sort field %q does not match request sort %q", c.Sort, q.Sort)
	case c.Order != q.order():
		return bad("cursor order %q does not match request order %q", c.Order, q.order())
	case c.Sort == "name":
		return c, c.Value, nil
	}
	n, err := strconv.ParseInt(c.Value, 10, 64)
	if err != nil {
		return bad("value is not a valid integer: %q", c.Value)
	}
	return c, n, nil
}

// cursorAt is the cursor of a reference.
func cursorAt(r *Ref, q Query) string {
	c := cursor{Sort: q.Sort, ID: r.ID, Order: q.order()}
	switch q.Sort {
	case "name":
		c.Value = r.Name
	case "size":
		c.Value = strconv.FormatInt(r.Size, 10)
	case "updated_at":
		c.Value = strconv.FormatInt(r.Updated.UnixMicro(), 10)
	default:
		c.Value = strconv.FormatInt(r.Created.UnixMicro(), 10)
	}
	return c.String()
}
