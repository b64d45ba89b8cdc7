package assets

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"path"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// How a scan goes about it.
const (
	batchSize = 200                    // references a transaction
	tellEvery = time.Second            // between events of progress
	lookEvery = 200 * time.Millisecond // while the scan waits
	maxFiles  = 5_000_000              // of a scan
)

// work is one scan: first all files are noted, then the content of those that are new or changed is read.
type work struct {
	Scan
	s     *Scanner
	began time.Time
	told  time.Time

	total, created, skipped, enriched int
}

type (
	object = map[string]any
	known  struct {
		id          string
		size, mtime int64
		missing     bool
		deleted     bool
	}
)

func (w *work) run(ctx context.Context) {
	err := w.fast(ctx)
	if err == nil {
		w.Emit("assets.seed.fast_complete", object{"roots": w.Kinds, "created": w.created, "skipped": w.skipped, "total": w.total})
		err = w.enrich(ctx)
	}
	if err == nil {
		err = w.s.c.tx(ctx, func(tx *sql.Tx) error { return follow(ctx, tx, w.s.owner, "") })
	}
	switch {
	case ctx.Err() != nil:
		w.Emit("assets.seed.cancelled", object{"scanned": w.s.Status().Progress.Scanned, "total": w.total, "created": w.created})
	case err != nil:
		w.s.fail(err)
		w.Emit("assets.seed.error", object{"message": err.Error()})
	default:
		w.Emit("assets.seed.enrich_complete", object{"roots": w.Kinds, "enriched": w.enriched})
		took := math.Round(time.Since(w.began).Seconds()*1000) / 1000
		w.Emit("assets.seed.completed", object{"phase": "full", "total": w.total, "created": w.created, "enriched": w.enriched,
			"skipped": w.skipped, "elapsed": took})
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.state, w.s.cancel = Idle, nil
}

// fast notes which files there are.
func (w *work) fast(ctx context.Context) error {
	var files []File
	for _, kind := range w.Kinds {
		err := w.Disk.Walk(ctx, kind, func(f File) error {
			if files = append(files, f); len(files) > maxFiles {
				return fault.New(fault.TooLarge, "there are over %d files", maxFiles)
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	w.total = len(files)
	w.s.set(func(p *Progress) { p.Total = w.total })
	w.Emit("assets.seed.started", object{"roots": w.Kinds, "total": w.total, "phase": "fast"})
	old, err := w.s.c.knownFiles(ctx, w.s.owner, w.Kinds)
	if err != nil {
		return err
	}
	for len(files) > 0 {
		if err := w.pause(ctx); err != nil {
			return err
		}
		part := files[:min(len(files), batchSize)]
		files = files[len(part):]
		if err := w.note(ctx, part, old); err != nil {
			return err
		}
		w.progress("fast", object{"total": w.total, "created": w.created})
	}
	var gone []string
	for _, k := range old {
		if !k.missing && !k.deleted {
			gone = append(gone, k.id)
		}
	}
	return w.s.c.setMissing(ctx, w.s.owner, gone, true)
}

// note writes a batch of files, and takes those that were known out of old.
func (w *work) note(ctx context.Context, files []File, old map[place]known) error {
	err := w.s.c.tx(ctx, func(tx *sql.Tx) error {
		for i := range files {
			f := &files[i]
			k, ok := old[f.place()]
			if !ok {
				r := w.s.c.fresh(w.s.owner, Label{Name: path.Base(f.Path)}, "")
				r.File, r.Size = *f, f.Size
				if err := insert(ctx, tx, &r, levelStub); err != nil {
					return err
				}
				w.created++
				continue
			}
			w.skipped++
			delete(old, f.place())
			if err := w.s.c.renew(ctx, tx, w.s.owner, f, k); err != nil {
				return err
			}
		}
		return nil
	})
	w.s.set(func(p *Progress) { p.Scanned, p.Created, p.Skipped = p.Scanned+len(files), w.created, w.skipped })
	return err
}

// enrich reads the content of files that were not read yet.
func (w *work) enrich(ctx context.Context) error {
	w.Emit("assets.seed.started", object{"roots": w.Kinds, "phase": "enrich"})
	for after := ""; ; {
		list, err := w.s.c.unread(ctx, w.s.owner, w.Kinds, after)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			after = list[i].ID
			if err := w.pause(ctx); err != nil {
				return err
			}
			switch err := w.read(ctx, &list[i]); {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, fault.NotFound): // gone since
			case err != nil:
				w.s.fail(err)
			default:
				w.enriched++
			}
			w.progress("enrich", object{"enriched": w.enriched})
		}
	}
}

// read fills in what the content of a file tells. What changed while it was read is left for the next scan.
func (w *work) read(ctx context.Context, r *Ref) error {
	f, err := w.Disk.Open(r.File)
	if err != nil {
		return err
	}
	defer f.Close()
	mime, system := w.Disk.Describe(r.File, f)
	if _, err := f.Seek(0, 0); err != nil {
		return err
	}
	var hash sql.NullString
	level := levelSeen
	if w.MaxHash == 0 || r.Size <= w.MaxHash {
		hash.Valid, level = true, levelDone
		if hash.String, err = HashOf(ctx, f); err != nil {
			return err
		}
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = w.s.c.write.ExecContext(ctx, `UPDATE refs SET hash = ?, mime = ?, system = ?, level = ? WHERE id = ? AND mtime = ? AND size = ?`,
		hash, mime, []byte(system), level, r.ID, st.ModTime().UnixNano(), st.Size())
	return broken(err)
}

// pause waits while the machine is busy, and ends with ctx.
func (w *work) pause(ctx context.Context) error {
	if !w.Busy() || ctx.Err() != nil {
		return ctx.Err()
	}
	if !w.s.move(Running, Paused) {
		return ctx.Err()
	}
	w.Emit("assets.seed.paused", object{})
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for w.Busy() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if w.s.move(Paused, Running) {
		w.Emit("assets.seed.resumed", object{})
	}
	return ctx.Err()
}

func (s *Scanner) move(from, to State) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != from {
		return false
	}
	s.state = to
	return true
}

// progress tells how far the scan is, at most once in a while.
func (w *work) progress(phase string, data object) {
	if time.Since(w.told) < tellEvery {
		return
	}
	w.told = time.Now()
	data["phase"] = phase
	if phase == "fast" {
		data["scanned"] = w.s.Status().Progress.Scanned
	}
	w.Emit("assets.seed.progress", data)
}

// place is what tells files apart.
type place struct{ kind, root, path string }

func (f *File) place() place { return place{f.Kind, f.Root, f.Path} }

// knownFiles gives the places that an owner's references of kinds have.
func (c *Catalogue) knownFiles(ctx context.Context, owner tenant.ID, kinds []string) (map[place]known, error) {
	args := []any{owner}
	for _, k := range kinds {
		args = append(args, k)
	}
	rows, err := c.read.QueryContext(ctx, "SELECT kind, root, path, id, size, mtime, missing, deleted FROM refs WHERE owner = ? AND kind IN "+marks(len(kinds)), args...)
	if err != nil {
		return nil, broken(err)
	}
	defer rows.Close()
	all := map[place]known{}
	for rows.Next() {
		var p place
		var k known
		if err := rows.Scan(&p.kind, &p.root, &p.path, &k.id, &k.size, &k.mtime, &k.missing, &k.deleted); err != nil {
			return nil, broken(err)
		}
		all[p] = k
	}
	return all, broken(rows.Err())
}

// renew brings a reference up to date with its file, whose content is read again if it changed. One that was deleted stays so,
// unless its file is another now.
func (c *Catalogue) renew(ctx context.Context, tx *sql.Tx, owner tenant.ID, f *File, k known) error {
	if k.size != f.Size || k.mtime != f.MTime {
		if _, err := tx.ExecContext(ctx, "UPDATE refs SET size = ?, mtime = ?, hash = NULL, level = ?, deleted = 0, updated = ? WHERE id = ?",
			f.Size, f.MTime, levelStub, c.now().UnixMicro(), k.id); err != nil {
			return err
		}
	}
	if k.missing {
		return markMissing(ctx, tx, owner, k.id, false)
	}
	return nil
}

// MarkMissing notes that the files of an owner's references are gone, and with the last file of some content also those that
// share it.
func (c *Catalogue) MarkMissing(ctx context.Context, owner tenant.ID, ids ...string) error {
	if err := c.setMissing(ctx, owner, ids, true); err != nil {
		return err
	}
	return c.tx(ctx, func(tx *sql.Tx) error { return follow(ctx, tx, owner, "") })
}

func (c *Catalogue) setMissing(ctx context.Context, owner tenant.ID, ids []string, missing bool) error {
	if len(ids) == 0 {
		return nil
	}
	return c.tx(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			if err := markMissing(ctx, tx, owner, id, missing); err != nil {
				return err
			}
		}
		return nil
	})
}

func markMissing(ctx context.Context, tx *sql.Tx, owner tenant.ID, id string, missing bool) error {
	if _, err := tx.ExecContext(ctx, "UPDATE refs SET missing = ? WHERE id = ?", missing, id); err != nil {
		return err
	}
	if missing {
		return tag(ctx, tx, owner, id, []string{Missing}, true)
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM ref_tags WHERE ref = ? AND tag = ?", id, Missing)
	return err
}

// unread gives references whose content was not read yet, in the order of their ids, those after one.
func (c *Catalogue) unread(ctx context.Context, owner tenant.ID, kinds []string, after string) ([]Ref, error) {
	args := []any{owner}
	for _, k := range kinds {
		args = append(args, k)
	}
	args = append(args, levelDone, after)
	return find(ctx, c.read, "WHERE r.owner = ? AND r.kind IN "+marks(len(kinds))+
		" AND r.level < ? AND r.missing = 0 AND r.id > ? ORDER BY r.id LIMIT 100",
		args...)
}
