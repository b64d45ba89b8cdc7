package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// glanceColumns are a job's without its large ones.
const glanceColumns = "seq, tenant, id, number, given, NULL, extra, NULL, outputs, created, state, attempts"

// ordered are the ends of statements that list the jobs of a tenant and state. By creation the index is named: without it all jobs
// would be sorted.
var ordered = map[engine.Order]string{
	engine.AsRun:  " FROM jobs WHERE tenant = ? AND state = ? ORDER BY number, seq",
	engine.Oldest: " FROM jobs INDEXED BY jobs_created WHERE tenant = ? AND state = ? ORDER BY created, number, seq",
	engine.Newest: " FROM jobs INDEXED BY jobs_created WHERE tenant = ? AND state = ? ORDER BY created DESC, number, seq",
}

// Peek implements engine.Window.
func (s *Store) Peek(ctx context.Context, t tenant.ID, o engine.Order, most int) (g engine.Glance, err error) {
	statement := "SELECT " + glanceColumns + ordered[o] + " LIMIT ?"
	if g.Running, err = s.jobs(ctx, statement, t, engine.Running, -1); err != nil {
		return g, err
	}
	if g.Pending, err = s.jobs(ctx, statement, t, engine.Pending, most); err != nil {
		return g, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.counts[t]; c != nil {
		g.Waiting = c.pending
	}
	g.Waiting = max(g.Waiting, len(g.Pending)) // one may have been taken meanwhile
	return g, nil
}

func (s *Store) jobs(ctx context.Context, statement string, args ...any) (list []engine.Job, err error) {
	rows, err := s.read.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, coded(err, "the queue cannot be read")
	}
	defer rows.Close()
	for rows.Next() {
		j, err := scanJob(rows)
		if err != nil {
			return nil, coded(err, "the queue cannot be read")
		}
		list = append(list, j)
	}
	return list, coded(rows.Err(), "the queue cannot be read")
}

// Get implements engine.Window.
func (s *Store) Get(ctx context.Context, t tenant.ID, id string) (engine.Job, bool, error) {
	j, err := scanJob(s.read.QueryRowContext(ctx, "SELECT "+jobColumns+" FROM jobs WHERE tenant = ? AND id = ?", t, id))
	if errors.Is(err, sql.ErrNoRows) {
		return j, false, nil
	}
	return j, err == nil, coded(err, "the queue cannot be read")
}

// Ahead implements engine.Window.
func (s *Store) Ahead(ctx context.Context, j engine.Job) (n int, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE tenant = ? AND state = ? AND (number, seq) < (?, ?)",
		j.Tenant, engine.Pending, j.Number.Value, j.Seq).Scan(&n)
	return n, coded(err, "the queue cannot be read")
}
