package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Put implements engine.Queue.
func (s *Store) Put(ctx context.Context, j engine.Job) (int64, error) {
	outputs, err := json.Marshal(j.Outputs)
	if err != nil {
		return 0, err
	}
	ctx, err = s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer s.order.Unlock()
	r, err := s.write.ExecContext(ctx, `INSERT INTO jobs
		(tenant, id, number, given, prompt, extra, secrets, outputs, created, state, attempts, token, worker)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '') ON CONFLICT DO NOTHING`,
		j.Tenant, j.PromptID, j.Number.Value, j.Number.Given, []byte(j.Prompt), []byte(j.Extra), []byte(j.Secrets), outputs,
		j.Created, engine.Pending)
	if err != nil {
		return 0, coded(err, "the job cannot be queued")
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return 0, fault.New(fault.Conflict, "job %s is pending or running already", j.PromptID)
	}
	seq, err := r.LastInsertId()
	s.mu.Lock()
	s.count(j.Tenant).pending++
	s.lines.join(j.Tenant, place{j.Number.Value, seq})
	s.mu.Unlock()
	return seq, err
}

const jobColumns = "seq, tenant, id, number, given, prompt, extra, secrets, outputs, created, state, attempts"

type scanner interface{ Scan(...any) error }

func scanJob(row scanner, more ...any) (engine.Job, error) {
	var j engine.Job
	var outputs []byte
	err := row.Scan(append([]any{&j.Seq, &j.Tenant, &j.PromptID, &j.Number.Value, &j.Number.Given, (*[]byte)(&j.Prompt),
		(*[]byte)(&j.Extra), (*[]byte)(&j.Secrets), &outputs, &j.Created, &j.State, &j.Attempts}, more...)...)
	if err == nil {
		err = json.Unmarshal(outputs, &j.Outputs)
	}
	if len(j.Secrets) == 0 {
		j.Secrets = nil
	}
	return j, err
}

// Claim implements engine.Queue.
func (s *Store) Claim(ctx context.Context, worker string, lease time.Duration) (engine.Lease, bool, error) {
	ctx, err := s.begin(ctx)
	if err != nil {
		return engine.Lease{}, false, err
	}
	defer s.order.Unlock()
	if err := s.reclaim(ctx); err != nil {
		return engine.Lease{}, false, err
	}
	for {
		t, token, ok := s.turn()
		if !ok {
			return engine.Lease{}, false, nil
		}
		l, ok, err := s.claim(ctx, t, worker, token)
		if err != nil {
			s.unline(t)
			return l, false, coded(err, "no job can be claimed")
		}
		s.mu.Lock()
		c := s.count(t)
		if ok {
			c.pending--
			c.running++
			s.lines.leave(t, placeOf(l.Job))
			s.leased[l.Job.Seq] = s.now().Add(lease)
		}
		s.mu.Unlock()
		if ok {
			return l, true, nil
		}
		if err := s.recount(ctx, t); err != nil {
			return l, false, err
		}
	}
}

// turn picks the tenant whose job is next.
func (s *Store) turn() (t tenant.ID, token int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var waiting []tenant.Share
	for id, c := range s.counts {
		if c.pending > 0 && !s.paused[id] && s.clearing[id] == 0 {
			waiting = append(waiting, tenant.Share{Tenant: id, Weight: s.c.Weight(id)})
		} else if *c == (counts{}) {
			delete(s.counts, id)
		}
	}
	t, ok = s.turns.Next(waiting)
	s.token++
	return t, s.token, ok
}

func (s *Store) claim(ctx context.Context, t tenant.ID, worker string, token int64) (l engine.Lease, ok bool, err error) {
	row := s.write.QueryRowContext(ctx, `UPDATE jobs SET state = ?, attempts = attempts + 1, token = ?, worker = ?
		WHERE seq = (SELECT seq FROM jobs WHERE tenant = ? AND state = ? ORDER BY number, seq LIMIT 1)
		RETURNING `+jobColumns, engine.Running, token, worker, t, engine.Pending)
	l = engine.Lease{Worker: worker, Token: token}
	if l.Job, err = scanJob(row); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return l, false, nil
		}
		return l, false, err
	}
	// Also a first attempt may follow one that was handed back.
	l.Reserved, err = s.reserved(ctx, l.Job.Seq)
	return l, err == nil, err
}

// recount corrects the counts of a tenant by what is in the file. s.order is held.
func (s *Store) recount(ctx context.Context, t tenant.ID) error {
	var c counts
	err := s.write.QueryRowContext(ctx, "SELECT coalesce(sum(state = ?), 0), coalesce(sum(state = ?), 0) FROM jobs WHERE tenant = ?",
		engine.Pending, engine.Running, t).Scan(&c.pending, &c.running)
	if err != nil {
		return coded(err, "the jobs cannot be counted")
	}
	s.mu.Lock()
	*s.count(t) = c
	delete(s.lines, t)
	s.mu.Unlock()
	return nil
}

// reclaim makes jobs pending again whose lease ran out. s.order is held.
func (s *Store) reclaim(ctx context.Context) error {
	s.mu.Lock()
	var lost []int64
	now := s.now()
	for seq, until := range s.leased {
		if now.After(until) {
			lost = append(lost, seq)
		}
	}
	s.mu.Unlock()
	for _, seq := range lost {
		var t tenant.ID
		at := place{seq: seq}
		err := s.write.QueryRowContext(ctx, "UPDATE jobs SET state = ?, worker = '' WHERE seq = ? AND state = ? RETURNING tenant, number",
			engine.Pending, seq, engine.Running).Scan(&t, &at.number)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return coded(err, "a lost job cannot be taken back")
		}
		s.mu.Lock()
		delete(s.leased, seq)
		if err == nil {
			c := s.count(t)
			c.running--
			c.pending++
			s.lines.join(t, at)
		}
		s.mu.Unlock()
	}
	return nil
}

func lost(l engine.Lease) error {
	return fault.New(fault.Conflict, "the lease of job %s was lost", l.Job.PromptID)
}

// Beat implements engine.Queue.
func (s *Store) Beat(ctx context.Context, l engine.Lease, lease time.Duration) (bool, error) {
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE seq = ? AND token = ? AND state = ?",
		l.Job.Seq, l.Token, engine.Running).Scan(&n)
	if err != nil {
		return false, coded(err, "the lease cannot be extended")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, held := s.leased[l.Job.Seq]; !held || n == 0 {
		return false, lost(l)
	}
	s.leased[l.Job.Seq] = s.now().Add(lease)
	return false, nil
}

// Finish implements engine.Queue.
func (s *Store) Finish(ctx context.Context, l engine.Lease, o engine.Outcome) error {
	ctx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.order.Unlock()
	var kept entries
	err = s.transact(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "DELETE FROM jobs WHERE seq = ? AND token = ? AND state = ?", l.Job.Seq, l.Token, engine.Running)
		if err != nil {
			return err
		}
		if n, _ := r.RowsAffected(); n == 0 {
			return lost(l)
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM reserved WHERE seq = ?", l.Job.Seq); err != nil {
			return err
		}
		kept, err = s.archive(ctx, tx, l.Job, o)
		return err
	})
	if err != nil {
		return coded(err, "the end of job %s cannot be written", l.Job.PromptID)
	}
	s.kept[l.Job.Tenant] = kept
	s.settle(l, 0)
	return nil
}

// settle corrects the counts after a leased job has gone; back is 1 when it went back to the queue.
func (s *Store) settle(l engine.Lease, back int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.leased, l.Job.Seq)
	c := s.count(l.Job.Tenant)
	c.running--
	if c.pending += back; back > 0 {
		s.lines.join(l.Job.Tenant, placeOf(l.Job))
	}
}

// Release implements engine.Desk.
func (s *Store) Release(ctx context.Context, l engine.Lease) error {
	ctx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.order.Unlock()
	r, err := s.write.ExecContext(ctx, "UPDATE jobs SET state = ?, worker = '', attempts = attempts - 1 WHERE seq = ? AND token = ? AND state = ?",
		engine.Pending, l.Job.Seq, l.Token, engine.Running)
	if err != nil {
		return coded(err, "job %s cannot be handed back", l.Job.PromptID)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return lost(l)
	}
	s.settle(l, 1)
	return nil
}

// Reserve implements engine.Desk.
func (s *Store) Reserve(ctx context.Context, l engine.Lease, path string) error {
	r, err := s.write.ExecContext(ctx, `INSERT INTO reserved (seq, path)
		SELECT seq, ? FROM jobs WHERE seq = ? AND token = ? AND state = ? ON CONFLICT DO NOTHING`, path, l.Job.Seq, l.Token, engine.Running)
	if err != nil {
		return coded(err, "the file's name cannot be noted")
	}
	if n, _ := r.RowsAffected(); n == 0 {
		var there int
		err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE seq = ? AND token = ?", l.Job.Seq, l.Token).Scan(&there)
		if err != nil || there == 0 {
			return lost(l)
		}
	}
	return nil
}

func (s *Store) reserved(ctx context.Context, seq int64) ([]string, error) {
	rows, err := s.write.QueryContext(ctx, "SELECT path FROM reserved WHERE seq = ? ORDER BY path", seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var paths []string
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, rows.Err()
}

func (s *Store) transact(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		tx.Rollback()
		return err
	}
	return tx.Commit()
}
