package sqlite

import (
	"context"
	"strings"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// NextNumber implements engine.Desk.
func (s *Store) NextNumber(ctx context.Context) (int64, error) {
	var n int64
	err := s.read.QueryRowContext(ctx, `SELECT coalesce(max(abs(number)) + 1, 0) FROM
		(SELECT number FROM jobs WHERE given = 0 UNION ALL SELECT number FROM history WHERE given = 0)`).Scan(&n)
	return n, coded(err, "the jobs cannot be counted")
}

// List implements engine.Board.
func (s *Store) List(ctx context.Context, t tenant.ID) (running, pending []engine.Job, err error) {
	all, err := s.jobs(ctx, "SELECT "+jobColumns+" FROM jobs WHERE tenant = ? ORDER BY number, seq", t)
	for _, j := range all {
		if j.State == engine.Running {
			running = append(running, j)
		} else {
			pending = append(pending, j)
		}
	}
	return running, pending, err
}

// idBatch is how many ids one statement takes.
const idBatch = 500

// inBatches calls fn with ids in batches, each with its list of question marks.
func inBatches(ids []string, fn func(marks string, args []any) error) error {
	for len(ids) > 0 {
		n := min(len(ids), idBatch)
		args := make([]any, n)
		for i, id := range ids[:n] {
			args[i] = id
		}
		if err := fn(strings.TrimSuffix(strings.Repeat("?,", n), ","), args); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// Remove implements engine.Board.
func (s *Store) Remove(ctx context.Context, t tenant.ID, ids []string, all bool) (int, error) {
	ctx, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer s.order.Unlock()
	total := 0
	remove := func(where string, args ...any) error {
		r, err := s.write.ExecContext(ctx, "DELETE FROM jobs WHERE tenant = ? AND state = ?"+where, append([]any{t, engine.Pending}, args...)...)
		if err != nil {
			return coded(err, "the queue cannot be changed")
		}
		n, _ := r.RowsAffected()
		s.mu.Lock()
		s.count(t).pending -= int(n)
		s.mu.Unlock()
		total += int(n)
		return nil
	}
	if all {
		return total, remove("")
	}
	err = inBatches(ids, func(marks string, args []any) error { return remove(" AND id IN ("+marks+")", args...) })
	return total, err
}

// Renumber implements engine.Board.
func (s *Store) Renumber(ctx context.Context, t tenant.ID, id string, n float64) (bool, error) {
	r, err := s.write.ExecContext(ctx, "UPDATE jobs SET number = ?, given = 1 WHERE tenant = ? AND id = ? AND state = ?",
		n, t, id, engine.Pending)
	if err != nil {
		return false, coded(err, "the queue cannot be changed")
	}
	changed, _ := r.RowsAffected()
	return changed > 0, nil
}

// Pause implements engine.Board.
func (s *Store) Pause(ctx context.Context, t tenant.ID, paused bool) error {
	ctx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.order.Unlock()
	statement := "DELETE FROM paused WHERE tenant = ?"
	if paused {
		statement = "INSERT INTO paused (tenant) VALUES (?) ON CONFLICT DO NOTHING"
	}
	if _, err := s.write.ExecContext(ctx, statement, t); err != nil {
		return coded(err, "the queue cannot be paused")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused[t] = paused
	return nil
}
