package assets

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Label is what people say of a reference.
type Label struct {
	Name      string
	Tags      []string
	User      json.RawMessage // an object; nil for none
	MIME      string
	PreviewID string // one that is not there is left out
	JobID     string
}

func (l *Label) check() error {
	if n := utf8.RuneCountInString(l.Name); n == 0 || n > MaxName {
		return fault.New(fault.BadRequest, "a name has 1 to %d characters, not %d", MaxName, n)
	}
	if len(l.User) > MaxMetadata {
		return fault.New(fault.TooLarge, "the metadata has %d bytes; %d are the most", len(l.User), MaxMetadata)
	}
	return checkTags(l.Tags)
}

func checkTags(tags []string) error {
	if len(tags) > MaxTags {
		return fault.New(fault.TooLarge, "%d tags are too many; %d are the most", len(tags), MaxTags)
	}
	for _, t := range tags {
		if t == "" || len(t) > MaxTag || !utf8.ValidString(t) {
			return fault.New(fault.BadRequest, "a tag has 1 to %d bytes of text, not %d", MaxTag, len(t))
		}
	}
	return nil
}

func (c *Catalogue) fresh(owner tenant.ID, l Label, hash string) Ref {
	now := c.now()
	return Ref{ID: uuid.NewString(), Owner: owner, Name: l.Name, Hash: hash, MIME: l.MIME, PreviewID: l.PreviewID, JobID: l.JobID,
		User: l.User, Tags: l.Tags, Created: now, Updated: now, Accessed: now}
}

// Uploaded is the tag of references whose bytes somebody sent.
const Uploaded = "uploaded"

// Register takes an uploaded file into the catalogue. isNew is false when the owner had such content already; then the new
// reference has no place of its own, unless the file of that content is gone.
func (c *Catalogue) Register(ctx context.Context, owner tenant.ID, f File, hash string, l Label, system json.RawMessage) (r Ref, isNew bool, err error) {
	if err := l.check(); err != nil {
		return r, false, err
	}
	err = c.tx(ctx, func(tx *sql.Tx) error {
		known, err := contentOf(ctx, tx, owner, hash)
		if err != nil {
			return err
		}
		isNew = known == nil
		if live, err := lies(ctx, tx, owner, hash); err != nil {
			return err
		} else if live {
			r, err = c.link(ctx, tx, owner, *known, l)
			return err
		}
		fresh := c.fresh(owner, l, hash)
		if fresh.PreviewID, err = preview(ctx, tx, owner, l.PreviewID); err != nil {
			return err
		}
		fresh.File, fresh.Size, fresh.System = f, f.Size, system
		fresh.Tags = append(slices.Clone(l.Tags), Uploaded)
		if err := displace(ctx, tx, owner, f); err != nil {
			return err
		}
		if err := insert(ctx, tx, &fresh, levelDone); err != nil {
			return err
		}
		if err := follow(ctx, tx, owner, hash); err != nil {
			return err
		}
		r, err = one(ctx, tx, owner, fresh.ID)
		return err
	})
	return r, isNew, err
}

// lies reports whether the file of content that an owner sees is there.
func lies(ctx context.Context, tx *sql.Tx, owner tenant.ID, hash string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM refs r WHERE r.hash = ? AND r.kind IS NOT NULL AND r.missing = 0 AND "+visible, hash, owner).Scan(&n)
	return n > 0, broken(err)
}

// displace makes room for a reference to a place: the one that is there keeps its name and content, and loses its place.
func displace(ctx context.Context, tx *sql.Tx, owner tenant.ID, f File) error {
	_, err := tx.ExecContext(ctx, `UPDATE refs SET kind = NULL, root = NULL, path = NULL, loader = '', shown = ''
		WHERE owner = ? AND kind = ? AND root = ? AND path = ?`, owner, f.Kind, f.Root, f.Path)
	return broken(err)
}

// Link makes a reference to content that an owner sees. Errors: fault.NotFound when there is none.
func (c *Catalogue) Link(ctx context.Context, owner tenant.ID, hash string, l Label) (r Ref, err error) {
	if err := l.check(); err != nil {
		return r, err
	}
	err = c.tx(ctx, func(tx *sql.Tx) error {
		known, err := contentOf(ctx, tx, owner, hash)
		if err != nil {
			return err
		}
		if known == nil {
			return fault.New(fault.NotFound, "Asset content %s does not exist", hash)
		}
		r, err = c.link(ctx, tx, owner, *known, l)
		return err
	})
	return r, err
}

// contentOf is a reference that an owner sees to content of a hash; nil for none.
func contentOf(ctx context.Context, tx *sql.Tx, owner tenant.ID, hash string) (*Ref, error) {
	list, err := find(ctx, tx, "WHERE r.hash = ? AND "+visible+" ORDER BY r.system IS NULL, r.created, r.id LIMIT 1", hash, owner)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

func (c *Catalogue) link(ctx context.Context, tx *sql.Tx, owner tenant.ID, to Ref, l Label) (Ref, error) {
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM refs WHERE owner = ? AND kind IS NULL", owner).Scan(&n); err != nil {
		return Ref{}, broken(err)
	}
	if n >= maxLinks {
		return Ref{}, fault.New(fault.DiskFull, "you have %d assets without a file of their own, and may have no more; delete some", n)
	}
	r := c.fresh(owner, l, to.Hash)
	r.Size, r.System = to.Size, to.System
	if to.MIME != "" {
		r.MIME = to.MIME
	}
	var err error
	if r.PreviewID, err = preview(ctx, tx, owner, l.PreviewID); err != nil {
		return Ref{}, err
	}
	if err := insert(ctx, tx, &r, levelDone); err != nil {
		return Ref{}, err
	}
	return one(ctx, tx, owner, r.ID)
}

// preview is the id if it is of a reference that the owner sees, else "".
func preview(ctx context.Context, q querier, owner tenant.ID, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	_, err := one(ctx, q, owner, id)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return id, err
}

// Change is what Update changes; nil leaves a thing as it is.
type Change struct {
	Name      *string
	User      json.RawMessage
	PreviewID *string // must be of a reference that the owner sees
}

// own gives a reference that an owner may change. Errors: fault.NotFound, fault.Forbidden for a model file of all.
func own(ctx context.Context, q querier, owner tenant.ID, id string) (Ref, error) {
	r, err := one(ctx, q, owner, id)
	if err == nil && r.Owner != owner {
		err = fault.New(fault.Forbidden, "not owner")
	}
	return r, err
}

// Update changes a reference. Errors: fault.NotFound, fault.Forbidden, fault.BadRequest.
func (c *Catalogue) Update(ctx context.Context, owner tenant.ID, id string, ch Change) (r Ref, err error) {
	err = c.tx(ctx, func(tx *sql.Tx) error {
		old, err := own(ctx, tx, owner, id)
		if err != nil {
			return err
		}
		l := Label{Name: old.Name, User: old.User, PreviewID: old.PreviewID}
		if ch.Name != nil {
			l.Name = *ch.Name
		}
		if ch.User != nil {
			l.User = ch.User
		}
		if ch.PreviewID != nil {
			if _, err := one(ctx, tx, owner, *ch.PreviewID); err != nil {
				return err
			}
			l.PreviewID = *ch.PreviewID
		}
		if err := l.check(); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE refs SET name = ?, user = ?, preview = ?, updated = ? WHERE id = ?",
			l.Name, []byte(l.User), l.PreviewID, c.now().UnixMicro(), id); err != nil {
			return err
		}
		r, err = one(ctx, tx, owner, id)
		return err
	})
	return r, err
}

// Delete hides a reference to a file, which stays where it is, and forgets one that has no file. Errors: fault.NotFound,
// fault.Forbidden.
func (c *Catalogue) Delete(ctx context.Context, owner tenant.ID, id string) error {
	return c.tx(ctx, func(tx *sql.Tx) error {
		r, err := own(ctx, tx, owner, id)
		if err != nil {
			return err
		}
		statement := "UPDATE refs SET deleted = 1 WHERE id = ?"
		if r.File.Kind == "" {
			statement = "DELETE FROM refs WHERE id = ?"
		}
		_, err = tx.ExecContext(ctx, statement, id)
		return err
	})
}

// clean trims nothing and drops doubles, keeping the order.
func clean(tags []string) []string {
	out := make([]string, 0, len(tags))
	for _, t := range tags {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
