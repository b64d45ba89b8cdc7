package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// entries are how many finished jobs of a tenant there are.
type entries struct {
	n    int
	last int64 // place
}

// archive writes a finished job: in the place of an older one of its id, else at the end. The oldest go when there are too
// many. It gives how many there are then. s.order is held.
func (s *Store) archive(ctx context.Context, tx *sql.Tx, j engine.Job, o engine.Outcome) (entries, error) {
	outputs, err := json.Marshal(j.Outputs)
	if err != nil {
		return entries{}, err
	}
	kept, known := s.kept[j.Tenant]
	if !known {
		err := tx.QueryRowContext(ctx, "SELECT count(*), coalesce(max(pos), 0) FROM history WHERE tenant = ?", j.Tenant).Scan(&kept.n, &kept.last)
		if err != nil {
			return kept, err
		}
	}
	var place int64
	err = tx.QueryRowContext(ctx, `INSERT INTO history
		(tenant, id, seq, number, given, prompt, extra, outputs, created, attempts, state, results, status, meta, started, finished)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, id) DO UPDATE SET seq = excluded.seq, number = excluded.number, given = excluded.given,
		prompt = excluded.prompt, extra = excluded.extra, outputs = excluded.outputs, created = excluded.created,
		attempts = excluded.attempts, state = excluded.state, results = excluded.results, status = excluded.status,
		meta = excluded.meta, started = excluded.started, finished = excluded.finished RETURNING pos`,
		j.Tenant, j.PromptID, j.Seq, j.Number.Value, j.Number.Given, []byte(j.Prompt), []byte(j.Extra), outputs, j.Created, j.Attempts,
		o.State, []byte(o.Outputs), []byte(o.Status), []byte(o.Meta), o.Started, o.Finished).Scan(&place)
	if err != nil {
		return kept, err
	}
	if place > kept.last { // places are not used again
		kept.n, kept.last = kept.n+1, place
	}
	if more := kept.n - s.c.HistoryLimit; more > 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM history WHERE pos IN
			(SELECT pos FROM history WHERE tenant = ? ORDER BY pos LIMIT ?)`, j.Tenant, more)
		kept.n -= more
	}
	return kept, err
}

// recordColumns are those of a finished job, without its prompt if that is not wanted.
func recordColumns(whole bool) string {
	prompt := "NULL"
	if whole {
		prompt = "prompt"
	}
	return "seq, tenant, id, number, given, " + prompt + `, extra, NULL, outputs, created, state, attempts,
		results, status, meta, started, finished, pos`
}

func scanRecord(row scanner) (engine.Record, error) {
	var r engine.Record
	o := &r.Outcome
	var err error
	r.Job, err = scanJob(row, (*[]byte)(&o.Outputs), (*[]byte)(&o.Status), (*[]byte)(&o.Meta), &o.Started, &o.Finished, &r.Place)
	o.State = r.Job.State
	return r, err
}

// Find implements engine.Archive.
func (s *Store) Find(ctx context.Context, t tenant.ID, id string) (engine.Record, bool, error) {
	r, err := scanRecord(s.read.QueryRowContext(ctx, "SELECT "+recordColumns(true)+" FROM history WHERE tenant = ? AND id = ?", t, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, coded(err, "the history cannot be read")
}

// Forget implements engine.Archive.
func (s *Store) Forget(ctx context.Context, t tenant.ID, ids []string, all bool) error {
	if all {
		return coded(s.forgetAll(ctx, t), "the history cannot be changed")
	}
	return inBatches(ids, func(marks string, args []any) error {
		ctx, err := s.begin(ctx) // for each batch: others get their turn in between
		if err != nil {
			return err
		}
		defer s.order.Unlock()
		delete(s.kept, t)
		_, err = s.write.ExecContext(ctx, "DELETE FROM history WHERE tenant = ? AND id IN ("+marks+")", append([]any{t}, args...)...)
		return coded(err, "the history cannot be changed")
	})
}

// forgetAll deletes what a tenant's history has when it begins; others get their turn meanwhile.
func (s *Store) forgetAll(ctx context.Context, t tenant.ID) error {
	var last int64
	if err := s.read.QueryRowContext(ctx, "SELECT coalesce(max(pos), 0) FROM history WHERE tenant = ?", t).Scan(&last); err != nil {
		return err
	}
	for {
		ctx, err := s.begin(ctx)
		if err != nil {
			return err
		}
		delete(s.kept, t)
		r, err := s.write.ExecContext(ctx, `DELETE FROM history WHERE pos IN
			(SELECT pos FROM history WHERE tenant = ? AND pos <= ? ORDER BY pos LIMIT ?)`, t, last, clearBatch)
		s.order.Unlock()
		if err != nil {
			return err
		}
		if n, _ := r.RowsAffected(); n < clearBatch {
			return nil
		}
	}
}
