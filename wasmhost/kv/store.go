package kv

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver of database/sql

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Store holds the values of all extensions. Its methods may be called from any goroutine, and by several processes on one
// folder.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

// Space is where keys are: one tenant's, of one extension.
type Space struct {
	Tenant    tenant.ID
	Extension string
	Scope     string // "" for what stays; else see Prompt
}

// Prompt is the scope of what goes with a prompt.
func Prompt(id string) string { return "prompt:" + id }

// Quota bounds what one extension keeps for one tenant, in all scopes together.
type Quota struct {
	Bytes int64 // of keys and values
	Keys  int
}

// ListMost bounds what List gives.
const ListMost = 1000

// longest is the longest time to live.
const longest = time.Duration(1<<40) * time.Millisecond

// Open opens the store in dir, which is made; "" keeps it in memory. Errors: fault.ReadOnly, fault.BadFile.
func Open(dir string) (*Store, error) {
	source := "file:cocoon-kv?mode=memory&cache=private"
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fault.Wrap(err, fault.ReadOnly, "the extensions' folder cannot be made")
		}
		q := url.Values{"_pragma": {"journal_mode(WAL)", "busy_timeout(5000)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}
		source = "file:" + (&url.URL{Path: filepath.Join(dir, "kv.sqlite")}).EscapedPath() + "?" + q.Encode()
	}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the extensions' store does not open")
	}
	db.SetMaxOpenConns(1) // one writer; and a store in memory is one connection
	if err := prepare(context.Background(), db); err != nil {
		_ = db.Close()
		return nil, fault.Wrap(err, fault.BadFile, "the extensions' store does not open")
	}
	return &Store{db, time.Now}, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// Get gives a value. Errors: fault.NotFound.
func (s *Store) Get(ctx context.Context, at Space, key string) ([]byte, error) {
	return s.read(ctx, s.db, at, key)
}

// querier is the store, or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) read(ctx context.Context, q querier, at Space, key string) (v []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT value FROM kv WHERE tenant=? AND extension=? AND scope=? AND key=? AND (until=0 OR until>?)`,
		string(at.Tenant), at.Extension, at.Scope, key, s.now().UnixMilli()).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "no value")
	}
	return v, err
}

// Put sets a value, which goes after ttl; 0 keeps it. Errors: fault.DiskFull over the quota.
func (s *Store) Put(ctx context.Context, at Space, q Quota, key string, value []byte, ttl time.Duration) error {
	return s.transact(ctx, at, func(tx *sql.Tx) error { return s.write(ctx, tx, at, q, key, value, ttl) })
}

// Swap sets a value if the present one equals old; an absent one equals an empty old. Errors: fault.Conflict where it does not,
// fault.DiskFull over the quota.
func (s *Store) Swap(ctx context.Context, at Space, q Quota, key string, old, value []byte) error {
	return s.transact(ctx, at, func(tx *sql.Tx) error {
		present, err := s.read(ctx, tx, at, key)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if string(present) != string(old) {
			return fault.New(fault.Conflict, "the value is another")
		}
		return s.write(ctx, tx, at, q, key, value, 0)
	})
}

// Delete forgets a value, if it is there.
func (s *Store) Delete(ctx context.Context, at Space, key string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM kv WHERE tenant=? AND extension=? AND scope=? AND key=?`, string(at.Tenant), at.Extension, at.Scope, key)
	return err
}

// List gives the keys that start with prefix, sorted by their bytes, at most ListMost of them.
func (s *Store) List(ctx context.Context, at Space, prefix string) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT key FROM kv WHERE tenant=? AND extension=? AND scope=? AND key>=? AND (until=0 OR until>?) ORDER BY key LIMIT ?`,
		string(at.Tenant), at.Extension, at.Scope, prefix, s.now().UnixMilli(), ListMost)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	keys := []string{}
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(k, prefix) {
			break // keys with one prefix are neighbours
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// transact runs do in a transaction that first drops what the extension's time is over for.
func (s *Store) transact(ctx context.Context, at Space, do func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `DELETE FROM kv WHERE tenant=? AND extension=? AND until>0 AND until<=?`,
		string(at.Tenant), at.Extension, s.now().UnixMilli()); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// write sets a value within the quota.
func (s *Store) write(ctx context.Context, tx *sql.Tx, at Space, q Quota, key string, value []byte, ttl time.Duration) error {
	var keys int
	var bytes int64
	err := tx.QueryRowContext(ctx, `SELECT coalesce(sum(keys), 0), coalesce(sum(bytes), 0) FROM (
		SELECT keys, bytes FROM used WHERE tenant=?1 AND extension=?2
		UNION ALL SELECT -1, -length(CAST(key AS BLOB))-length(value) FROM kv WHERE tenant=?1 AND extension=?2 AND scope=?3 AND key=?4)`,
		string(at.Tenant), at.Extension, at.Scope, key).Scan(&keys, &bytes)
	if err != nil {
		return err
	}
	if keys >= q.Keys || bytes+int64(len(key)+len(value)) > q.Bytes {
		return fault.New(fault.DiskFull, "over %d keys or %d bytes", q.Keys, q.Bytes)
	}
	if value == nil {
		value = []byte{}
	}
	until := int64(0)
	if ttl > 0 {
		until = s.now().Add(min(ttl, longest)).UnixMilli()
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO kv (tenant, extension, scope, key, value, until) VALUES (?,?,?,?,?,?)
		ON CONFLICT DO UPDATE SET value=excluded.value, until=excluded.until`, string(at.Tenant), at.Extension, at.Scope, key, value, until)
	return err
}
