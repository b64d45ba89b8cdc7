package wasmhost

import (
	"context"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// EraseData deletes what an extension kept in kv for a tenant; for the tenant "", which shares its extensions, for everybody
// but the tenants in keep, who have one of that id of their own.
func (h *Host) EraseData(ctx context.Context, t tenant.ID, id string, keep []tenant.ID) error {
	return h.kv.erase(ctx, t, id, keep)
}

// EraseData is Host.EraseData on the folder (Config.Dir) of a host that may run in another process.
func EraseData(ctx context.Context, dir string, t tenant.ID, id string, keep []tenant.ID) error {
	s, err := openKV(dir)
	if err != nil {
		return err
	}
	err = s.erase(ctx, t, id, keep)
	if e := s.close(); err == nil {
		err = e
	}
	return err
}

func (s *kvStore) erase(ctx context.Context, t tenant.ID, id string, keep []tenant.ID) error {
	query, args := "DELETE FROM kv WHERE extension = ? AND tenant = ?", []any{id, string(t)}
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
		return fault.Wrap(err, fault.Internal, "what the extension %s kept is not deleted", id)
	}
	return nil
}
