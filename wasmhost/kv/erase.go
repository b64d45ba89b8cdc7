package kv

import (
	"context"
	"errors"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// DropScope forgets what all of a tenant's extensions keep in a scope.
func (s *Store) DropScope(ctx context.Context, t tenant.ID, scope string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM kv WHERE tenant=? AND scope=?`, string(t), scope)
	return err
}

// Erase deletes what an extension kept for a tenant, in all scopes; for the tenant "", which shares its extensions, for
// everybody but the tenants in keep, who have one of that id of their own.
func (s *Store) Erase(ctx context.Context, t tenant.ID, extension string, keep []tenant.ID) error {
	query, args := "DELETE FROM kv WHERE extension = ? AND tenant = ?", []any{extension, string(t)}
	if t == "" {
		query, args = "DELETE FROM kv WHERE extension = ?", args[:1]
		if len(keep) > 0 {
			query += " AND tenant NOT IN (?" + strings.Repeat(", ?", len(keep)-1) + ")"
		}
		for _, k := range keep {
			args = append(args, string(k))
		}
	}
	if _, err := s.db.ExecContext(ctx, query, args...); err != nil {
		return fault.Wrap(err, fault.Internal, "what the extension %s kept is not deleted", extension)
	}
	return nil
}

// Erase is Store.Erase on a folder whose store another process may have open.
func Erase(ctx context.Context, dir string, t tenant.ID, extension string, keep []tenant.ID) error {
	s, err := Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(s.Erase(ctx, t, extension, keep), s.Close())
}
