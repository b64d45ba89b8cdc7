package assets

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Produce enters a file that a prompt has written, or wrote before and shows again, and gives its reference. hash is "" when it
// is not known; a later scan computes it.
func (c *Catalogue) Produce(ctx context.Context, owner tenant.ID, f File, job, hash, mime string, system json.RawMessage) (id string, err error) {
	err = c.tx(ctx, func(tx *sql.Tx) error {
		level := levelStub
		if hash != "" {
			level = levelDone
		}
		err := tx.QueryRowContext(ctx, "SELECT id FROM refs WHERE owner = ? AND kind = ? AND root = ? AND path = ?", owner, f.Kind, f.Root, f.Path).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			r := c.fresh(owner, Label{Name: path.Base(f.Path), MIME: mime, JobID: job}, hash)
			r.File, r.Size, r.System, id = f, f.Size, system, r.ID
			return insert(ctx, tx, &r, level)
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE refs SET hash = ?, size = ?, mtime = ?, mime = ?, system = ?, level = ?, job = ?, deleted = 0, updated = ? WHERE id = ?`,
			sql.NullString{String: hash, Valid: hash != ""}, f.Size, f.MTime, mime, []byte(system), level, job, c.now().UnixMicro(), id); err != nil {
			return err
		}
		return markMissing(ctx, tx, owner, id, false)
	})
	return id, err
}
