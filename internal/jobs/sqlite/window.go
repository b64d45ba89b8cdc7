package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Columns of jobs as people see them: never their secrets, and without their prompts where those are not wanted.
const (
	shownColumns  = "seq, tenant, id, number, given, prompt, extra, NULL, outputs, created, state, attempts"
	glanceColumns = "seq, tenant, id, number, given, NULL, extra, NULL, outputs, created, state, attempts"
)

func columns(whole bool) string {
	if whole {
		return shownColumns
	}
	return glanceColumns
}

// ordered are the ends of statements that list the jobs of a tenant and state. By creation the index is named: without it all jobs
// would be sorted.
var ordered = map[engine.Order]string{
	engine.AsRun:  " FROM jobs WHERE tenant = ? AND state = ? ORDER BY number, seq",
	engine.Oldest: " FROM jobs INDEXED BY jobs_created WHERE tenant = ? AND state = ? ORDER BY created, number, seq",
	engine.Newest: " FROM jobs INDEXED BY jobs_created WHERE tenant = ? AND state = ? ORDER BY created DESC, number, seq",
}

// marked are the ends of statements that list marks. The index history_created holds all that they read, and history_place too
// when no state is asked for.
var marked = map[engine.Order]string{
	engine.AsRun:  " ORDER BY pos",
	engine.Oldest: " ORDER BY created, pos",
	engine.Newest: " ORDER BY created DESC, pos",
}

// reading reads in one transaction, which sees the file as it is at the first statement. It keeps nobody from writing.
func (s *Store) reading(ctx context.Context, what string, fn func(tx *sql.Tx) error) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return coded(err, "%s cannot be read", what)
	}
	defer tx.Rollback() // nothing was written
	return coded(fn(tx), "%s cannot be read", what)
}

// Peek implements engine.Window.
func (s *Store) Peek(ctx context.Context, t tenant.ID, q engine.PeekQuery) (g engine.Glance, err error) {
	err = s.reading(ctx, "the queue", func(tx *sql.Tx) error {
		if err := peekQueue(ctx, tx, t, q, &g); err != nil {
			return err
		}
		return peekHistory(ctx, tx, t, q, &g)
	})
	if g.Waiting = len(g.Pending); q.Pending >= 0 {
		g.Waiting = max(g.Waiting, s.waiting(t)) // some may have been taken meanwhile
	}
	return g, err
}

func peekQueue(ctx context.Context, tx *sql.Tx, t tenant.ID, q engine.PeekQuery, g *engine.Glance) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+columns(q.Whole)+ordered[q.Order], t, engine.Running)
	if err != nil {
		return err
	}
	err = each(rows, func() error {
		j, err := scanJob(rows)
		g.Running = append(g.Running, j)
		return err
	})
	if err != nil {
		return err
	}
	if q.Pending == 0 {
		return nil
	}
	if rows, err = tx.QueryContext(ctx, "SELECT seq"+ordered[q.Order]+" LIMIT ?", t, engine.Pending, q.Pending); err != nil {
		return err
	}
	return each(rows, func() error {
		var seq int64
		err := rows.Scan(&seq)
		g.Pending = append(g.Pending, seq)
		return err
	})
}

func peekHistory(ctx context.Context, tx *sql.Tx, t tenant.ID, q engine.PeekQuery, g *engine.Glance) error {
	if q.States != nil && len(q.States) == 0 {
		return nil
	}
	where, args := " FROM history INDEXED BY history_created WHERE tenant = ?", []any{t}
	if q.States != nil {
		where += " AND state IN (" + marks(len(q.States)) + ")"
		for _, state := range q.States {
			args = append(args, state)
		}
	} else if q.Order == engine.AsRun {
		where = " FROM history INDEXED BY history_place WHERE tenant = ?"
	}
	if q.Finished >= 0 || q.Skip > 0 {
		if err := tx.QueryRowContext(ctx, "SELECT count(*)"+where, args...).Scan(&g.Ended); err != nil || q.Finished == 0 {
			return err
		}
	}
	rows, err := tx.QueryContext(ctx, "SELECT pos, seq"+where+marked[q.Order]+" LIMIT ? OFFSET ?", append(args, q.Finished, q.Skip)...)
	if err != nil {
		return err
	}
	err = each(rows, func() error {
		var m engine.Mark
		err := rows.Scan(&m.Place, &m.Seq)
		g.Finished = append(g.Finished, m)
		return err
	})
	g.Ended = max(g.Ended, len(g.Finished))
	return err
}

// each goes through rows and closes them.
func each(rows *sql.Rows, fn func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := fn(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// marks are so many question marks.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// portion reads rows by their keys, one after the other, until it has read enough; scan tells how many bytes a row has.
func portion[K any](ctx context.Context, tx *sql.Tx, statement string, t tenant.ID, keys []K, enough int, at func(K) int64, scan func(row scanner) (int, error)) (read int, err error) {
	// The database would watch ctx for each row: that is looked after here.
	still := context.WithoutCancel(ctx)
	st, err := tx.PrepareContext(still, statement)
	if err != nil {
		return 0, err
	}
	defer st.Close()
	for got := 0; read < len(keys) && (read == 0 || got < enough); read++ {
		if err := ctx.Err(); err != nil {
			return read, err
		}
		n, err := scan(st.QueryRowContext(still, at(keys[read]), t))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return read, err
		}
		got += n
	}
	return read, nil
}

// Jobs implements engine.Window.
func (s *Store) Jobs(ctx context.Context, t tenant.ID, seqs []int64, p engine.Portion) (list []engine.Job, read int, err error) {
	list = make([]engine.Job, 0, len(seqs))
	err = s.reading(ctx, "the queue", func(tx *sql.Tx) error {
		statement := "SELECT " + columns(p.Whole) + " FROM jobs WHERE seq = ? AND tenant = ?"
		read, err = portion(ctx, tx, statement, t, seqs, p.Bytes, func(seq int64) int64 { return seq }, func(row scanner) (int, error) {
			j, err := scanJob(row)
			if err == nil {
				list = append(list, j)
			}
			return len(j.Prompt) + len(j.Extra), err
		})
		return err
	})
	return list, read, err
}

// Records implements engine.Window.
func (s *Store) Records(ctx context.Context, t tenant.ID, marks []engine.Mark, p engine.Portion) (list []engine.Record, read int, err error) {
	list = make([]engine.Record, 0, len(marks))
	err = s.reading(ctx, "the history", func(tx *sql.Tx) error {
		statement := "SELECT " + recordColumns(p.Whole) + " FROM history WHERE pos = ? AND tenant = ?"
		read, err = portion(ctx, tx, statement, t, marks, p.Bytes, func(m engine.Mark) int64 { return m.Place }, func(row scanner) (int, error) {
			r, err := scanRecord(row)
			if err == nil {
				list = append(list, r)
			}
			o := &r.Outcome
			return len(r.Job.Prompt) + len(r.Job.Extra) + len(o.Outputs) + len(o.Status) + len(o.Meta), err
		})
		return err
	})
	return list, read, err
}

// Get implements engine.Lookup.
func (s *Store) Get(ctx context.Context, t tenant.ID, id string) (engine.Job, bool, error) {
	j, err := scanJob(s.read.QueryRowContext(ctx, "SELECT "+jobColumns+" FROM jobs WHERE tenant = ? AND id = ?", t, id))
	if errors.Is(err, sql.ErrNoRows) {
		return j, false, nil
	}
	return j, err == nil, coded(err, "the queue cannot be read")
}

// Ahead implements engine.Lookup.
func (s *Store) Ahead(ctx context.Context, j engine.Job) (n int, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE tenant = ? AND state = ? AND (number, seq) < (?, ?)",
		j.Tenant, engine.Pending, j.Number.Value, j.Seq).Scan(&n)
	return n, coded(err, "the queue cannot be read")
}
