package assets

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Tagging tells what adding or removing tags did. All lists are sorted.
type Tagging struct {
	Done      []string // added or removed
	Before    []string // of those asked for: there already, or not there
	Protected []string // of those asked to go: they follow from where the file lies, and stay
	Total     []string // the tags that the reference has now
}

// AddTags adds tags. Errors: fault.NotFound, fault.Forbidden also for the tag Missing, fault.BadRequest, fault.TooLarge.
func (c *Catalogue) AddTags(ctx context.Context, owner tenant.ID, id string, tags []string) (t Tagging, err error) {
	tags = clean(tags)
	if err := checkTags(tags); err != nil {
		return t, err
	}
	err = c.tx(ctx, func(tx *sql.Tx) error {
		r, err := own(ctx, tx, owner, id)
		if err != nil {
			return err
		}
		for _, name := range tags {
			if slices.Contains(r.Tags, name) {
				t.Before = append(t.Before, name)
			} else {
				t.Done = append(t.Done, name)
			}
		}
		if err := checkTags(append(slices.Clone(r.Tags), t.Done...)); err != nil {
			return err
		}
		if err := tag(ctx, tx, owner, id, t.Done, false); err != nil {
			return err
		}
		return c.tagged(ctx, tx, owner, id, &t)
	})
	return t.sorted(), err
}

// RemoveTags takes tags away. Errors: as AddTags.
func (c *Catalogue) RemoveTags(ctx context.Context, owner tenant.ID, id string, tags []string) (t Tagging, err error) {
	tags = clean(tags)
	if err := checkTags(tags); err != nil {
		return t, err
	}
	err = c.tx(ctx, func(tx *sql.Tx) error {
		r, err := own(ctx, tx, owner, id)
		if err != nil {
			return err
		}
		for _, name := range tags {
			if !slices.Contains(r.Tags, name) {
				t.Before = append(t.Before, name)
				continue
			}
			res, err := tx.ExecContext(ctx, "DELETE FROM ref_tags WHERE ref = ? AND tag = ? AND placed = 0", id, name)
			if err != nil {
				return err
			}
			if n, _ := res.RowsAffected(); n > 0 {
				t.Done = append(t.Done, name)
			} else {
				t.Protected = append(t.Protected, name)
			}
		}
		return c.tagged(ctx, tx, owner, id, &t)
	})
	return t.sorted(), err
}

// tagged reads the tags after a change, and notes its time.
func (c *Catalogue) tagged(ctx context.Context, tx *sql.Tx, owner tenant.ID, id string, t *Tagging) error {
	if len(t.Done) > 0 {
		if _, err := tx.ExecContext(ctx, "UPDATE refs SET updated = ? WHERE id = ?", c.now().UnixMicro(), id); err != nil {
			return err
		}
	}
	r, err := one(ctx, tx, owner, id)
	t.Total = r.Tags
	return err
}

func (t Tagging) sorted() Tagging {
	for _, l := range []*[]string{&t.Done, &t.Before, &t.Protected, &t.Total} {
		if *l == nil {
			*l = []string{}
		}
		slices.Sort(*l)
	}
	return t
}

// TagQuery selects tags.
type TagQuery struct {
	Prefix        string
	Limit, Offset int
	ByName        bool // else those that most references have come first
	Zero          bool // also those that no reference has
}

// TagCount is a tag and how many references have it.
type TagCount struct {
	Name  string
	Count int
}

// Tags lists the tags of the references that an owner sees, and how many there are in all.
func (c *Catalogue) Tags(ctx context.Context, owner tenant.ID, q TagQuery) (list []TagCount, total int, err error) {
	// A tag that no reference has is its owner's who once used it.
	from := ` FROM (SELECT name FROM tags WHERE owner = ? 
		UNION SELECT DISTINCT t.tag FROM ref_tags t JOIN refs r ON r.id = t.ref WHERE r.deleted = 0 AND ` + visible + `) n
		LEFT JOIN (SELECT t.tag, count(*) c FROM ref_tags t JOIN refs r ON r.id = t.ref 
			WHERE r.deleted = 0 AND (r.missing = 0 OR t.tag = 'missing') AND ` + visible + ` GROUP BY t.tag) k
		ON k.tag = n.name WHERE substr(n.name, 1, length(?)) = ?`
	args := []any{owner, owner, owner, q.Prefix, q.Prefix}
	if !q.Zero {
		from += " AND k.c > 0"
	}
	if err := c.read.QueryRowContext(ctx, "SELECT count(*)"+from, args...).Scan(&total); err != nil {
		return nil, 0, broken(err)
	}
	order := " ORDER BY coalesce(k.c, 0) DESC, n.name"
	if q.ByName {
		order = " ORDER BY n.name"
	}
	list, err = c.counts(ctx, "SELECT n.name, coalesce(k.c, 0)"+from+order+" LIMIT ? OFFSET ?", append(args, q.Limit, q.Offset)...)
	return list, total, err
}

// Refine counts the tags of the references that match, most frequent first.
func (c *Catalogue) Refine(ctx context.Context, owner tenant.ID, q Query) ([]TagCount, error) {
	where, args := q.where(owner)
	return c.counts(ctx, "SELECT t.tag, count(*) n FROM ref_tags t WHERE t.ref IN (SELECT r.id FROM refs r WHERE "+where+
		") GROUP BY t.tag ORDER BY n DESC, t.tag LIMIT ?", append(args, q.Limit)...)
}

func (c *Catalogue) counts(ctx context.Context, query string, args ...any) ([]TagCount, error) {
	rows, err := c.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, broken(err)
	}
	defer rows.Close()
	list := []TagCount{}
	for rows.Next() {
		var t TagCount
		if err := rows.Scan(&t.Name, &t.Count); err != nil {
			return nil, broken(err)
		}
		list = append(list, t)
	}
	return list, broken(rows.Err())
}

// ParseTags reads tags as forms carry them: each text a JSON list, several with commas between, or one.
func ParseTags(texts []string) []string {
	var out []string
	for _, s := range texts {
		if s = strings.TrimSpace(s); strings.HasPrefix(s, "[") {
			if list, ok := jsonTexts(s); ok {
				out = append(out, list...)
				continue
			}
		}
		out = append(out, strings.Split(s, ",")...)
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return clean(slices.DeleteFunc(out, func(t string) bool { return t == "" }))
}

// ErrMissingTag refuses the tag Missing.
var ErrMissingTag error = fault.New(fault.Forbidden, "the tag %q is the server's own", Missing)

// jsonTexts reads a JSON list; numbers and truths become text.
func jsonTexts(s string) ([]string, bool) {
	var list []any
	if json.Unmarshal([]byte(s), &list) != nil {
		return nil, false
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = fmt.Sprint(v)
	}
	return out, true
}
