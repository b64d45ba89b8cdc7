package assets

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

const columns = `r.id, r.owner, r.name, coalesce(r.hash, ''), r.size, r.mime, coalesce(r.kind, ''), coalesce(r.root, ''),
	coalesce(r.path, ''), r.loader, r.shown, r.mtime, r.preview, r.job, r.user, r.system, r.missing, r.created, r.updated, r.accessed`

// visible is the condition that an owner sees a reference: it is theirs, or a model file. It takes the owner once.
const visible = "(r.owner = ? OR r.owner = '' AND r.kind = 'models')"

func scan(into func(...any) error) (Ref, error) {
	var r Ref
	var user, system []byte
	var created, updated, accessed int64
	err := into(&r.ID, &r.Owner, &r.Name, &r.Hash, &r.Size, &r.MIME, &r.File.Kind, &r.File.Root, &r.File.Path, &r.File.Loader,
		&r.File.Shown, &r.File.MTime, &r.PreviewID, &r.JobID, &user, &system, &r.Missing, &created, &updated, &accessed)
	r.User, r.System, r.File.Size = user, system, r.Size
	r.Created, r.Updated, r.Accessed = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC(), time.UnixMicro(accessed).UTC()
	return r, err
}

// find gives the references of a condition with their tags.
func find(ctx context.Context, q querier, rest string, args ...any) ([]Ref, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+columns+" FROM refs r "+rest, args...)
	if err != nil {
		return nil, broken(err)
	}
	defer rows.Close()
	list := []Ref{}
	for rows.Next() {
		r, err := scan(rows.Scan)
		if err != nil {
			return nil, broken(err)
		}
		list = append(list, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, broken(err)
	}
	return list, tagged(ctx, q, list)
}

// tagged fills in the tags.
func tagged(ctx context.Context, q querier, list []Ref) error {
	const batch = 500
	for len(list) > 0 {
		part := list[:min(len(list), batch)]
		list = list[len(part):]
		at, args := map[string]*Ref{}, make([]any, len(part))
		for i := range part {
			at[part[i].ID], args[i], part[i].Tags = &part[i], part[i].ID, []string{}
		}
		rows, err := q.QueryContext(ctx, "SELECT ref, tag FROM ref_tags WHERE ref IN "+marks(len(part))+" ORDER BY ref, tag", args...)
		if err != nil {
			return broken(err)
		}
		for rows.Next() {
			var id, tag string
			if err := rows.Scan(&id, &tag); err != nil {
				rows.Close()
				return broken(err)
			}
			at[id].Tags = append(at[id].Tags, tag)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return broken(err)
		}
	}
	return nil
}

// marks is "(?, ?, ?)".
func marks(n int) string { return "(" + strings.TrimSuffix(strings.Repeat("?, ", n), ", ") + ")" }

// one gives the reference of an id that an owner sees. Errors: fault.NotFound.
func one(ctx context.Context, q querier, owner tenant.ID, id string) (Ref, error) {
	list, err := find(ctx, q, "WHERE r.id = ? AND r.deleted = 0 AND "+visible, id, owner)
	if err != nil {
		return Ref{}, err
	}
	if len(list) == 0 {
		return Ref{}, missingRef(id)
	}
	return list[0], nil
}

// insert writes a new reference and its tags.
func insert(ctx context.Context, tx *sql.Tx, r *Ref, level int) error {
	kind, root, path := sql.NullString{}, sql.NullString{}, sql.NullString{}
	if r.File.Kind != "" {
		kind, root, path = sql.NullString{String: r.File.Kind, Valid: true}, sql.NullString{String: r.File.Root, Valid: true},
			sql.NullString{String: r.File.Path, Valid: true}
	}
	if len(r.User) == 0 {
		r.User = json.RawMessage("{}")
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO refs (id, owner, name, hash, size, mime, kind, root, path, loader, shown, mtime, level,
		preview, job, user, system, missing, deleted, created, updated, accessed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)`,
		r.ID, r.Owner, r.Name, sql.NullString{String: r.Hash, Valid: r.Hash != ""}, r.Size, r.MIME, kind, root, path, r.File.Loader,
		r.File.Shown, r.File.MTime, level, r.PreviewID, r.JobID, []byte(r.User), []byte(r.System),
		r.Created.UnixMicro(), r.Updated.UnixMicro(), r.Accessed.UnixMicro())
	if err != nil {
		return broken(err)
	}
	if err := tag(ctx, tx, r.Owner, r.ID, r.File.Tags, true); err != nil {
		return err
	}
	return tag(ctx, tx, r.Owner, r.ID, r.Tags, false)
}

// tag adds tags to a reference; those it has stay as they are.
func tag(ctx context.Context, tx *sql.Tx, owner tenant.ID, id string, tags []string, placed bool) error {
	for _, t := range tags {
		if _, err := tx.ExecContext(ctx, "INSERT INTO tags (owner, name) VALUES (?, ?) ON CONFLICT DO NOTHING", owner, t); err != nil {
			return broken(err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO ref_tags (ref, tag, placed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, t, placed); err != nil {
			return broken(err)
		}
	}
	return nil
}
