package assets

import (
	"context"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Query selects references. Those whose file is gone are left out.
type Query struct {
	All, Any, None []string // tags: each of All, one of Any, none of None
	NameContains   string   // in any case
	Hash           string   // "" for any
	Sort           string   // created_at, updated_at, name, size or last_access_time
	Ascending      bool
	Limit, Offset  int
	After          string // a cursor, in the place of Offset; "" for none
}

func (q Query) order() string {
	if q.Ascending {
		return "asc"
	}
	return "desc"
}

// sorts are the columns to sort by.
var sorts = map[string]string{
	"created_at": "r.created", "updated_at": "r.updated", "name": "r.name", "size": "r.size", "last_access_time": "r.accessed",
}

// Page is a part of a list.
type Page struct {
	Refs  []Ref
	Total int    // of all that match
	Next  string // the cursor of the next page; "" at the end
}

// List gives the references of a query that an owner sees. Errors: fault.BadRequest for a cursor that does not fit.
func (c *Catalogue) List(ctx context.Context, owner tenant.ID, q Query) (Page, error) {
	column, ok := sorts[q.Sort]
	if !ok {
		return Page{}, fault.New(fault.BadRequest, "there is no order %q", q.Sort)
	}
	where, args := q.where(owner)
	var p Page
	if err := c.read.QueryRowContext(ctx, "SELECT count(*) FROM refs r WHERE "+where, args...).Scan(&p.Total); err != nil {
		return p, broken(err)
	}
	cursors := q.Sort != "last_access_time"
	sign, page := "<", " LIMIT ? OFFSET ?"
	if q.Ascending {
		sign = ">"
	}
	offset := q.Offset
	if q.After != "" {
		if !cursors {
			return p, fault.New(fault.BadRequest, "cursor pagination is not supported for sort='last_access_time'")
		}
		at, value, err := parseCursor(q.After, q)
		if err != nil {
			return p, err
		}
		where += " AND (" + column + sign + "? OR " + column + " = ? AND r.id " + sign + " ?)"
		args, offset = append(args, value, value, at.ID), 0
	}
	var err error
	p.Refs, err = find(ctx, c.read, "WHERE "+where+" ORDER BY "+column+" "+q.order()+", r.id "+q.order()+page, append(args, q.Limit+1, offset)...)
	if err != nil {
		return p, err
	}
	if len(p.Refs) > q.Limit {
		p.Refs = p.Refs[:q.Limit]
		if cursors {
			p.Next = cursorAt(&p.Refs[q.Limit-1], q)
		}
	}
	return p, nil
}

// where is the condition of the query.
func (q Query) where(owner tenant.ID) (string, []any) {
	where := []string{"r.deleted = 0 AND r.missing = 0", visible}
	args := []any{owner}
	if q.NameContains != "" {
		where = append(where, "r.name LIKE ? ESCAPE '!'")
		args = append(args, "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(q.NameContains)+"%")
	}
	if q.Hash != "" {
		where, args = append(where, "r.hash = ?"), append(args, q.Hash)
	}
	const has = "EXISTS (SELECT 1 FROM ref_tags t WHERE t.ref = r.id AND t.tag "
	for _, t := range q.All {
		where, args = append(where, has+"= ?)"), append(args, t)
	}
	for not, tags := range map[string][]string{"": q.Any, "NOT ": q.None} {
		if len(tags) > 0 {
			where = append(where, not+has+"IN "+marks(len(tags))+")")
			for _, t := range tags {
				args = append(args, t)
			}
		}
	}
	return strings.Join(where, " AND "), args
}

// Get gives a reference that an owner sees. Errors: fault.NotFound.
func (c *Catalogue) Get(ctx context.Context, owner tenant.ID, id string) (Ref, error) {
	return one(ctx, c.read, owner, id)
}

// Previews gives of the ids those that an owner sees and whose file is there.
func (c *Catalogue) Previews(ctx context.Context, owner tenant.ID, ids []string) (map[string]File, error) {
	got := map[string]File{}
	for len(ids) > 0 {
		part := ids[:min(len(ids), 500)]
		ids = ids[len(part):]
		args := make([]any, 0, len(part)+1)
		for _, id := range part {
			args = append(args, id)
		}
		list, err := find(ctx, c.read, "WHERE r.id IN "+marks(len(part))+" AND r.kind IS NOT NULL AND r.deleted = 0 AND r.missing = 0 AND "+visible, append(args, owner)...)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			got[r.ID] = r.File
		}
	}
	return got, nil
}

// Holds reports whether an owner sees content of a hash.
func (c *Catalogue) Holds(ctx context.Context, owner tenant.ID, hash string) (bool, error) {
	var n int
	err := c.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM refs r WHERE r.hash = ? AND "+visible+" LIMIT 1)", hash, owner).Scan(&n)
	return n > 0, broken(err)
}

// Places gives where content of a hash lies that an owner sees, the best first.
func (c *Catalogue) Places(ctx context.Context, owner tenant.ID, hash string) ([]Ref, error) {
	if hash == "" {
		return nil, nil
	}
	return find(ctx, c.read, "WHERE r.hash = ? AND r.kind IS NOT NULL AND "+visible+" ORDER BY r.missing, r.deleted, r.created, r.id LIMIT 20", hash, owner)
}

// Touch notes that a reference's content was read now.
func (c *Catalogue) Touch(ctx context.Context, id string) error {
	_, err := c.write.ExecContext(ctx, "UPDATE refs SET accessed = ? WHERE id = ?", c.now().UnixMicro(), id)
	return broken(err)
}
