// Package sqlite is the job store of one machine: an SQLite file with a write-ahead log.
//
// What a method did survives the death of the process at any instant, because SQLite's transactions do. A power cut may cost
// what was written in the last second or so, but never the file; with Config.Full not even that.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Config describes a store.
type Config struct {
	// Path of the file; its folder must be there. "" keeps the jobs in a file that is deleted at Close.
	Path string
	// Full syncs every write to the disk, so that even a power cut loses nothing.
	Full bool
	// HistoryLimit is how many finished jobs a tenant keeps; 0 is 10,000.
	HistoryLimit int
	// Weight is a tenant's share in the division of work; nil treats all alike.
	Weight func(tenant.ID) float64
}

// Store is a job store. It belongs to one process at a time.
type Store struct {
	c     Config
	write *sql.DB // one connection
	read  *sql.DB
	lock  *os.File
	temp  string // folder to delete at Close
	begun time.Time

	order sync.Mutex            // held over a change of the file and of the counts, so that they go together; taken before mu
	kept  map[tenant.ID]entries // by who finished a job lately; guarded by order

	mu       sync.Mutex // guards the rest
	turns    tenant.Turns
	counts   map[tenant.ID]*counts
	leased   map[int64]time.Time // when the lease of a job ends, by sequence
	token    int64
	paused   map[tenant.ID]bool
	clearing map[tenant.ID]int // how many are at work clearing a tenant's queue
	lines    lines
}

// counts are the jobs of a tenant.
type counts struct{ pending, running int }

const schema = `
CREATE TABLE IF NOT EXISTS jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL, id TEXT NOT NULL,
  number REAL NOT NULL, given INTEGER NOT NULL,
  prompt BLOB NOT NULL, extra BLOB NOT NULL, secrets BLOB, outputs BLOB NOT NULL,
  created INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL,
  token INTEGER NOT NULL, worker TEXT NOT NULL,
  UNIQUE (tenant, id)
);
CREATE INDEX IF NOT EXISTS jobs_order ON jobs (tenant, state, number, seq);
CREATE INDEX IF NOT EXISTS jobs_created ON jobs (tenant, state, created, number, seq);
CREATE INDEX IF NOT EXISTS jobs_number ON jobs (abs(number)) WHERE given = 0;
CREATE INDEX IF NOT EXISTS jobs_begun ON jobs (token) WHERE token > 0;
CREATE TABLE IF NOT EXISTS reserved (seq INTEGER NOT NULL, path TEXT NOT NULL, PRIMARY KEY (seq, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
  pos INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL,
  number REAL NOT NULL, given INTEGER NOT NULL,
  prompt BLOB NOT NULL, extra BLOB NOT NULL, outputs BLOB NOT NULL,
  created INTEGER NOT NULL, attempts INTEGER NOT NULL,
  state INTEGER NOT NULL, results BLOB NOT NULL, status BLOB NOT NULL, meta BLOB NOT NULL,
  started INTEGER NOT NULL, finished INTEGER NOT NULL,
  UNIQUE (tenant, id)
);
DROP INDEX IF EXISTS history_order;
CREATE INDEX IF NOT EXISTS history_place ON history (tenant, pos, seq);
CREATE INDEX IF NOT EXISTS history_created ON history (tenant, created DESC, pos, state, id, seq);
CREATE INDEX IF NOT EXISTS history_number ON history (abs(number)) WHERE given = 0;
CREATE TABLE IF NOT EXISTS paused (tenant TEXT PRIMARY KEY) WITHOUT ROWID;
`

// Open is OpenWith for a path alone.
func Open(ctx context.Context, path string) (*Store, error) { return OpenWith(ctx, Config{Path: path}) }

// OpenWith opens or makes the store. Jobs that a dead process was running are pending again. A file that another process has
// open is a fault.Conflict. Close it when done.
func OpenWith(ctx context.Context, c Config) (*Store, error) {
	if c.HistoryLimit == 0 {
		c.HistoryLimit = 10_000
	}
	if c.Weight == nil {
		c.Weight = func(tenant.ID) float64 { return 1 }
	}
	temp := ""
	if c.Path == "" {
		var err error
		if temp, err = os.MkdirTemp("", "cocoon-jobs-"); err != nil {
			return nil, fault.Wrap(err, fault.ReadOnly, "no temporary file can be made for the jobs")
		}
		c.Path = filepath.Join(temp, "jobs.db")
	}
	lock, err := lockFile(c.Path + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{c: c, temp: temp, lock: lock, begun: time.Now(), counts: map[tenant.ID]*counts{}, leased: map[int64]time.Time{},
		paused: map[tenant.ID]bool{}, kept: map[tenant.ID]entries{}, clearing: map[tenant.ID]int{}, lines: lines{}}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, coded(err, "open the job store %s", filepath.Base(c.Path))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	sync := "NORMAL"
	if s.c.Full {
		sync = "FULL"
	}
	dsn := func(extra string) string {
		q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(" + sync + ")", "foreign_keys(1)"}}
		return "file:" + (&url.URL{Path: s.c.Path}).EscapedPath() + "?" + q.Encode() + extra
	}
	var err error
	if s.write, err = sql.Open("sqlite", dsn("&_txlock=immediate")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if _, err = s.write.ExecContext(ctx, schema); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", dsn("")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	if err := os.Chmod(s.c.Path, 0o600); err != nil {
		return err
	}
	return s.recover(ctx)
}

// recover takes up what the last process left. It reads indexes alone: rows are large, and a job that never ran has no token.
func (s *Store) recover(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, "UPDATE jobs SET state = ?, worker = '' WHERE token > 0 AND state = ?", engine.Pending, engine.Running)
	if err != nil {
		return err
	}
	if err := s.write.QueryRowContext(ctx, "SELECT coalesce(max(token), 0) FROM jobs WHERE token > 0").Scan(&s.token); err != nil {
		return err
	}
	// What is noted of jobs that were deleted before they began anew.
	if _, err := s.write.ExecContext(ctx, "DELETE FROM reserved WHERE seq NOT IN (SELECT seq FROM jobs)"); err != nil {
		return err
	}
	rows, err := s.write.QueryContext(ctx, "SELECT tenant, count(*) FROM jobs GROUP BY tenant")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var t tenant.ID
		var n int
		if err := rows.Scan(&t, &n); err != nil {
			return err
		}
		s.counts[t] = &counts{pending: n}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return s.readPaused(ctx)
}

func (s *Store) readPaused(ctx context.Context) error {
	rows, err := s.write.QueryContext(ctx, "SELECT tenant FROM paused")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var t tenant.ID
		if err := rows.Scan(&t); err != nil {
			return err
		}
		s.paused[t] = true
	}
	return rows.Err()
}

// Close closes the file.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	errs = append(errs, s.lock.Close())
	if s.temp != "" {
		errs = append(errs, os.RemoveAll(s.temp))
	}
	return errors.Join(errs...)
}

// now is the time since the store was opened; a clock that jumps does not change it.
func (s *Store) now() time.Time { return s.begun.Add(time.Since(s.begun)) }

// begin takes s.order, for a change of the file and of what is held beside it. From then on ctx does not end, since the database may
// have done what it then says was given up.
func (s *Store) begin(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.order.Lock()
	return context.WithoutCancel(ctx), nil
}

// count finds the counts of a tenant. s.mu is held.
func (s *Store) count(t tenant.ID) *counts {
	c := s.counts[t]
	if c == nil {
		c = &counts{}
		s.counts[t] = c
	}
	return c
}

// waiting counts the pending jobs of a tenant.
func (s *Store) waiting(t tenant.ID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.counts[t]; c != nil {
		return c.pending
	}
	return 0
}

// Active implements engine.Desk.
func (s *Store) Active(t tenant.ID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.counts[t]; c != nil {
		return c.pending + c.running
	}
	return 0
}

// Totals implements engine.Desk.
func (s *Store) Totals() (pending, running int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.counts {
		pending += c.pending
		running += c.running
	}
	return pending, running
}

// coded gives an error of the database the code of what is behind it.
func coded(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	code := fault.Internal
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			code = fault.DiskFull
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			code = fault.ReadOnly
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			code = fault.BadFile
		case sqlite3.SQLITE_TOOBIG:
			code = fault.TooLarge
		}
	}
	if strings.Contains(err.Error(), "no space left") {
		code = fault.DiskFull
	}
	return fault.Wrap(err, code, "%s", fmt.Sprintf(format, args...))
}
