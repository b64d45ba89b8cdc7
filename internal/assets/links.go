package assets

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// kept is the condition that the file of a link's content lies where the link's owner sees it.
const kept = `EXISTS (SELECT 1 FROM refs f WHERE f.hash = r.hash AND f.kind IS NOT NULL AND f.missing = 0
	AND (f.owner = r.owner OR f.owner = '' AND f.kind = 'models'))`

// follow marks the references without a file of their own as missing when the last file of their content is gone, and takes the
// mark away when there is one again. hash is "" for content of all kinds, and owner "", whose model files are everybody's, means
// the links of all owners.
func follow(ctx context.Context, tx *sql.Tx, owner tenant.ID, hash string) error {
	for _, missing := range []bool{true, false} {
		condition := "r.missing = 1 AND " + kept
		if missing {
			condition = "r.missing = 0 AND NOT " + kept
		}
		if err := turn(ctx, tx, condition, owner, hash, missing); err != nil {
			return err
		}
	}
	return nil
}

// turn sets or takes the mark of the links that a condition is true of.
func turn(ctx context.Context, tx *sql.Tx, condition string, owner tenant.ID, hash string, missing bool) error {
	rows, err := tx.QueryContext(ctx, "SELECT r.id, r.owner FROM refs r WHERE r.kind IS NULL AND (? = '' OR r.owner = ?) AND (? = '' OR r.hash = ?) AND "+condition,
		owner, owner, hash, hash)
	if err != nil {
		return err
	}
	defer rows.Close()
	var links []Ref
	for rows.Next() {
		var r Ref
		if err := rows.Scan(&r.ID, &r.Owner); err != nil {
			return err
		}
		links = append(links, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for i := range links {
		if err := markMissing(ctx, tx, links[i].Owner, links[i].ID, missing); err != nil {
			return err
		}
	}
	return nil
}
