package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// archive writes a finished job: in the place of an older one of its id, else at the end. The oldest go when there are too
// many.
func (s *Store) archive(ctx context.Context, tx *sql.Tx, j engine.Job, o engine.Outcome) error {
	outputs, err := json.Marshal(j.Outputs)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO history
		(tenant, id, seq, number, given, prompt, extra, outputs, created, attempts, state, results, status, meta, started, finished)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, id) DO UPDATE SET seq = excluded.seq, number = excluded.number, given = excluded.given,
		prompt = excluded.prompt, extra = excluded.extra, outputs = excluded.outputs, created = excluded.created,
		attempts = excluded.attempts, state = excluded.state, results = excluded.results, status = excluded.status,
		meta = excluded.meta, started = excluded.started, finished = excluded.finished`,
		j.Tenant, j.PromptID, j.Seq, j.Number.Value, j.Number.Given, []byte(j.Prompt), []byte(j.Extra), outputs, j.Created, j.Attempts,
		o.State, []byte(o.Outputs), []byte(o.Status), []byte(o.Meta), o.Started, o.Finished)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM history WHERE tenant = ?1 AND pos <=
		(SELECT pos FROM history WHERE tenant = ?1 ORDER BY pos DESC LIMIT 1 OFFSET ?2)`, j.Tenant, s.c.HistoryLimit)
	return err
}

const recordColumns = `seq, tenant, id, number, given, prompt, extra, NULL, outputs, created, state, attempts,
	results, status, meta, started, finished`

func scanRecord(row scanner) (engine.Record, error) {
	var r engine.Record
	o := &r.Outcome
	var err error
	r.Job, err = scanJob(row, (*[]byte)(&o.Outputs), (*[]byte)(&o.Status), (*[]byte)(&o.Meta), &o.Started, &o.Finished)
	o.State = r.Job.State
	return r, err
}

// History implements engine.Archive.
// Compat: the window is the reference's: a negative offset counts from the end, and a limit of 0 with an offset gives one.
func (s *Store) History(ctx context.Context, t tenant.ID, q engine.HistoryQuery) ([]engine.Record, error) {
	limit, offset := -1, q.Offset
	if q.MaxItems != nil {
		limit = *q.MaxItems
	}
	var n int
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM history WHERE tenant = ?", t).Scan(&n); err != nil {
		return nil, coded(err, "the history cannot be read")
	}
	if q.MaxItems != nil && offset < 0 {
		offset = n - limit
	}
	offset = max(offset, 0)
	if q.MaxItems != nil && limit <= 0 && offset < n {
		limit = 1
	}
	rows, err := s.read.QueryContext(ctx, "SELECT "+recordColumns+" FROM history WHERE tenant = ? ORDER BY pos LIMIT ? OFFSET ?", t, limit, offset)
	if err != nil {
		return nil, coded(err, "the history cannot be read")
	}
	defer rows.Close()
	var list []engine.Record
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return nil, coded(err, "the history cannot be read")
		}
		list = append(list, r)
	}
	return list, coded(rows.Err(), "the history cannot be read")
}

// marked are the ends of statements that list marks. The index history_created holds all that they read.
var marked = map[engine.Order]string{
	engine.AsRun:  " ORDER BY pos",
	engine.Oldest: " ORDER BY created, pos",
	engine.Newest: " ORDER BY created DESC, pos",
}

// Marks implements engine.Marker.
func (s *Store) Marks(ctx context.Context, t tenant.ID, q engine.MarkQuery) (list []engine.Mark, total int, err error) {
	where, args := " FROM history INDEXED BY history_created WHERE tenant = ?", []any{t}
	if q.States != nil {
		where += " AND state IN (" + strings.TrimSuffix(strings.Repeat("?,", len(q.States)), ",") + ")"
		for _, state := range q.States {
			args = append(args, state)
		}
	}
	if q.Most >= 0 {
		if err := s.read.QueryRowContext(ctx, "SELECT count(*)"+where, args...).Scan(&total); err != nil {
			return nil, 0, coded(err, "the history cannot be read")
		}
	}
	rows, err := s.read.QueryContext(ctx, "SELECT id, seq"+where+marked[q.Order]+" LIMIT ?", append(args, q.Most)...)
	if err != nil {
		return nil, 0, coded(err, "the history cannot be read")
	}
	defer rows.Close()
	for rows.Next() {
		var m engine.Mark
		if err := rows.Scan(&m.PromptID, &m.Seq); err != nil {
			return nil, 0, coded(err, "the history cannot be read")
		}
		list = append(list, m)
	}
	return list, max(total, len(list)), coded(rows.Err(), "the history cannot be read")
}

// Find implements engine.Archive.
func (s *Store) Find(ctx context.Context, t tenant.ID, id string) (engine.Record, bool, error) {
	r, err := scanRecord(s.read.QueryRowContext(ctx, "SELECT "+recordColumns+" FROM history WHERE tenant = ? AND id = ?", t, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, coded(err, "the history cannot be read")
}

// Forget implements engine.Archive.
func (s *Store) Forget(ctx context.Context, t tenant.ID, ids []string, all bool) error {
	if all {
		_, err := s.write.ExecContext(ctx, "DELETE FROM history WHERE tenant = ?", t)
		return coded(err, "the history cannot be changed")
	}
	return inBatches(ids, func(marks string, args []any) error {
		_, err := s.write.ExecContext(ctx, "DELETE FROM history WHERE tenant = ? AND id IN ("+marks+")", append([]any{t}, args...)...)
		return coded(err, "the history cannot be changed")
	})
}
