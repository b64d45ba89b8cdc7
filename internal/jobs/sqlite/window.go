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

// reading reads in one transaction, which sees the file as it is at the first statement. It keeps nobody from writing. What is read
// is little: ctx ends the wait for a connection, but is not watched row by row, which would take as long as the reading.
func (s *Store) reading(ctx context.Context, what string, fn func(ctx context.Context, tx *sql.Tx) error) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return coded(err, "%s cannot be read", what)
	}
	defer conn.Close() // goes back to the others
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return coded(err, "%s cannot be read", what)
	}
	defer tx.Rollback() // nothing was written
	return coded(fn(ctx, tx), "%s cannot be read", what)
}

// Peek implements engine.Window.
func (s *Store) Peek(ctx context.Context, t tenant.ID, q engine.PeekQuery) (g engine.Glance, err error) {
	err = s.reading(ctx, "the queue", func(ctx context.Context, tx *sql.Tx) error {
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
	// The indexes hold all that is read.
	if rows, err = tx.QueryContext(ctx, "SELECT seq"+made(q)+ordered[q.Order]+" LIMIT ?", t, engine.Pending, q.Pending); err != nil {
		return err
	}
	return each(rows, func() error {
		var seq, at int64
		err := rows.Scan(&seq, &at)
		g.Pending = append(g.Pending, seq)
		if q.Times {
			g.PendingMade = append(g.PendingMade, at)
		}
		return err
	})
}

// made is the column of times.
func made(q engine.PeekQuery) string {
	if q.Times {
		return ", created"
	}
	return ", 0"
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
	rows, err := tx.QueryContext(ctx, "SELECT pos, seq"+made(q)+where+marked[q.Order]+" LIMIT ? OFFSET ?", append(args, q.Finished, q.Skip)...)
	if err != nil {
		return err
	}
	err = each(rows, func() error {
		var m engine.Mark
		var at int64
		err := rows.Scan(&m.Place, &m.Seq, &at)
		g.Finished = append(g.Finished, m)
		if q.Times {
			g.FinishedMade = append(g.FinishedMade, at)
		}
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

// portion finds out how many of the rows of keys, in order, are read until they have enough bytes; at least one. size is how many a
// row has: the database tells that without reading it.
func portion(ctx context.Context, tx *sql.Tx, size, from string, t tenant.ID, keys []int64, enough int) (int, error) {
	sizes := make(map[int64]int, len(keys))
	rows, err := tx.QueryContext(ctx, "SELECT "+size+from+marks(len(keys))+")", keyed(t, keys)...)
	if err != nil {
		return 0, err
	}
	err = each(rows, func() error {
		var key int64
		var n int
		err := rows.Scan(&key, &n)
		sizes[key] = n
		return err
	})
	read := min(1, len(keys))
	for got := 0; read < len(keys); read++ {
		if got += sizes[keys[read-1]]; got >= enough {
			break
		}
	}
	return read, err
}

// keyed are the arguments of a statement about rows of a tenant.
func keyed(t tenant.ID, keys []int64) []any {
	args := make([]any, 1, 1+len(keys))
	args[0] = t
	for _, k := range keys {
		args = append(args, k)
	}
	return args
}

// rowsOf reads rows by their keys, and gives those that are there in the order of keys.
func rowsOf[R any](ctx context.Context, tx *sql.Tx, columns, from string, t tenant.ID, keys []int64, scan func(scanner) (R, int64, error)) ([]R, error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+columns+from+marks(len(keys))+")", keyed(t, keys)...)
	if err != nil {
		return nil, err
	}
	found := make(map[int64]R, len(keys))
	err = each(rows, func() error {
		r, key, err := scan(rows)
		found[key] = r
		return err
	})
	list := make([]R, 0, len(found))
	for _, k := range keys {
		if r, ok := found[k]; ok {
			list = append(list, r)
		}
	}
	return list, err
}

// From where rows are read by keys. The plus has the database look for the keys instead of all that the tenant has.
const (
	jobsByKey    = " FROM jobs WHERE +tenant = ? AND seq IN ("
	recordsByKey = " FROM history WHERE +tenant = ? AND pos IN ("
)

// Jobs implements engine.Window.
func (s *Store) Jobs(ctx context.Context, t tenant.ID, seqs []int64, p engine.Portion) (list []engine.Job, read int, err error) {
	size := "seq, length(extra)"
	if p.Whole {
		size += " + length(prompt)"
	}
	err = s.reading(ctx, "the queue", func(ctx context.Context, tx *sql.Tx) error {
		if read, err = portion(ctx, tx, size, jobsByKey, t, seqs, p.Bytes); err != nil {
			return err
		}
		list, err = rowsOf(ctx, tx, columns(p.Whole), jobsByKey, t, seqs[:read], func(row scanner) (engine.Job, int64, error) {
			j, err := scanJob(row)
			return j, j.Seq, err
		})
		return err
	})
	return list, read, err
}

// Records implements engine.Window.
func (s *Store) Records(ctx context.Context, t tenant.ID, marks []engine.Mark, p engine.Portion) (list []engine.Record, read int, err error) {
	size := "pos, length(extra) + length(results) + length(status) + length(meta)"
	if p.Whole {
		size += " + length(prompt)"
	}
	places := make([]int64, len(marks))
	for i, m := range marks {
		places[i] = m.Place
	}
	err = s.reading(ctx, "the history", func(ctx context.Context, tx *sql.Tx) error {
		if read, err = portion(ctx, tx, size, recordsByKey, t, places, p.Bytes); err != nil {
			return err
		}
		list, err = rowsOf(ctx, tx, recordColumns(p.Whole), recordsByKey, t, places[:read], func(row scanner) (engine.Record, int64, error) {
			r, err := scanRecord(row)
			return r, r.Place, err
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
