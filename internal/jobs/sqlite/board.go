package sqlite

import (
	"context"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// NextNumber implements engine.Desk.
func (s *Store) NextNumber(ctx context.Context) (int64, error) {
	var n int64
	// Two indexes of numbers hold all that is read.
	err := s.read.QueryRowContext(ctx, `SELECT 1 + CAST(max(
		coalesce((SELECT abs(number) FROM jobs WHERE given = 0 ORDER BY abs(number) DESC LIMIT 1), -1),
		coalesce((SELECT abs(number) FROM history WHERE given = 0 ORDER BY abs(number) DESC LIMIT 1), -1)) AS INTEGER)`).Scan(&n)
	return n, coded(err, "the jobs cannot be counted")
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
		if err := fn(marks(n), args); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// Remove implements engine.Board.
func (s *Store) Remove(ctx context.Context, t tenant.ID, ids []string) ([]bool, error) {
	found := make([]bool, len(ids))
	ctx, err := s.begin(ctx)
	if err != nil {
		return found, err
	}
	defer s.order.Unlock()
	gone, places := map[string]bool{}, []place{}
	err = inBatches(ids, func(marks string, args []any) error {
		// The plus has the database look for the ids instead of all that is pending.
		rows, err := s.write.QueryContext(ctx, "DELETE FROM jobs WHERE tenant = ? AND +state = ? AND id IN ("+marks+") RETURNING id, number, seq",
			append([]any{t, engine.Pending}, args...)...)
		if err != nil {
			return err
		}
		return each(rows, func() error {
			var id string
			var p place
			err := rows.Scan(&id, &p.number, &p.seq)
			gone[id], places = true, append(places, p)
			return err
		})
	})
	s.removed(t, places)
	for i, id := range ids {
		if found[i] = gone[id]; found[i] {
			delete(gone, id) // of an id that is named twice the first was it
		}
	}
	return found, coded(err, "the queue cannot be changed")
}

// removed counts pending jobs that have gone.
func (s *Store) removed(t tenant.ID, places []place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(t).pending -= len(places)
	for _, p := range places {
		s.lines.leave(t, p)
	}
}

// unline drops a tenant's line: it is read again when it is asked for.
func (s *Store) unline(t tenant.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.lines, t)
}

// clearBatch is how many rows are deleted before others get their turn; some 10 ms.
const clearBatch = 256

// Clear implements engine.Board. A process that dies in the midst of it leaves the rest.
func (s *Store) Clear(ctx context.Context, t tenant.ID) (total int, err error) {
	ctx, err = s.begin(ctx)
	if err != nil {
		return 0, err
	}
	var last int64
	err = s.write.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM jobs").Scan(&last)
	s.clear(t, 1)
	s.order.Unlock()
	defer s.clear(t, -1)
	for n := clearBatch; err == nil && n == clearBatch; {
		n, err = s.clearSome(ctx, t, last)
		total += n
	}
	return total, coded(err, "the queue cannot be changed")
}

// clear notes who is at work clearing a tenant's queue: its jobs are not claimed meanwhile.
func (s *Store) clear(t tenant.ID, more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clearing[t] += more; s.clearing[t] == 0 {
		delete(s.clearing, t)
	}
}

// clearSome deletes some of the pending jobs up to a sequence.
func (s *Store) clearSome(ctx context.Context, t tenant.ID, last int64) (int, error) {
	s.order.Lock()
	defer s.order.Unlock()
	r, err := s.write.ExecContext(ctx, `DELETE FROM jobs WHERE seq IN
		(SELECT seq FROM jobs WHERE tenant = ? AND state = ? AND seq <= ? ORDER BY number, seq LIMIT ?)`, t, engine.Pending, last, clearBatch)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(t).pending -= int(n)
	delete(s.lines, t)
	return int(n), err
}

// Renumber implements engine.Board.
func (s *Store) Renumber(ctx context.Context, t tenant.ID, id string, n float64) (bool, error) {
	ctx, err := s.begin(ctx)
	if err != nil {
		return false, err
	}
	defer s.order.Unlock()
	s.unline(t)
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
