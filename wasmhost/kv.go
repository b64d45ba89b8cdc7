package wasmhost

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver of database/sql

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// kvStore keeps extensions' small values in SQLite, apart by tenant and extension.
type kvStore struct{ db *sql.DB }

const kvSchema = `CREATE TABLE IF NOT EXISTS kv (
	tenant TEXT NOT NULL, extension TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL,
	value BLOB NOT NULL, until INTEGER NOT NULL, -- milliseconds since 1970; 0 is for ever
	PRIMARY KEY (tenant, extension, scope, key)) WITHOUT ROWID`

// openKV opens the store in dir; "" keeps it in memory.
func openKV(dir string) (*kvStore, error) {
	source := "file:cocoon-kv?mode=memory&cache=private"
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fault.Wrap(err, fault.ReadOnly, "the extensions' folder cannot be made")
		}
		source = "file:" + filepath.Join(dir, "kv.sqlite") + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)"
	}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the extensions' store does not open")
	}
	db.SetMaxOpenConns(1) // one writer; and a store in memory is one connection
	if _, err := db.Exec(kvSchema); err != nil {
		_ = db.Close()
		return nil, fault.Wrap(err, fault.BadFile, "the extensions' store does not open")
	}
	return &kvStore{db}, nil
}

func (s *kvStore) close() error { return s.db.Close() }

// kvSpace is where a call's keys are.
type kvSpace struct {
	tenant, extension, scope string
	bytes                    int64
	keys                     int
}

func (c *call) kvSpace(scope uint32) (kvSpace, bool) {
	s := kvSpace{tenant: string(c.tenant), extension: c.ext.Manifest.ID, bytes: c.ext.grant.KV.Bytes, keys: c.ext.grant.KV.Keys}
	if s.bytes == 0 {
		s.bytes = mib
	}
	if s.keys == 0 {
		s.keys = 1000
	}
	switch {
	case scope == 0:
		return s, true
	case scope == 1 && c.run.PromptID != "":
		s.scope = "prompt:" + c.run.PromptID
		return s, true
	}
	return s, false
}

// errnoError is an errno on its way through a transaction.
type errnoError int32

// Error names the number.
func (e errnoError) Error() string { return "errno" }

// kvWork is what a transaction costs besides its bytes: there is one store, for all.
const kvWork = 16 << 10

// kvDo runs a transaction for the guest. It holds no place among the guests that compute, and the guest's clock goes on.
func (c *call) kvDo(scope uint32, do func(ctx context.Context, tx *sql.Tx, s kvSpace) error) int32 {
	s, ok := c.kvSpace(scope)
	if !ok {
		return abi.ENOENT
	}
	c.work(kvWork)
	var err error
	c.aside(func() { err = c.host.kv.transact(c.Context, s, do) })
	var e errnoError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return int32(e)
	case errors.Is(err, sql.ErrNoRows):
		return abi.ENOENT
	case c.Err() != nil:
		return abi.ECANCEL
	}
	c.note(err)
	return abi.EIO
}

func (k *kvStore) transact(ctx context.Context, s kvSpace, do func(ctx context.Context, tx *sql.Tx, s kvSpace) error) error {
	tx, err := k.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	now := time.Now().UnixMilli()
	if _, err := tx.ExecContext(ctx, `DELETE FROM kv WHERE tenant=? AND extension=? AND until>0 AND until<=?`, s.tenant, s.extension, now); err != nil {
		return err
	}
	if err := do(ctx, tx, s); err != nil {
		return err
	}
	return tx.Commit()
}

// dropPrompt forgets what a prompt's nodes kept.
func (k *kvStore) dropPrompt(ctx context.Context, t tenant.ID, prompt string) error {
	_, err := k.db.ExecContext(ctx, `DELETE FROM kv WHERE tenant=? AND scope=?`, string(t), "prompt:"+prompt)
	return err
}

func kvRead(ctx context.Context, tx *sql.Tx, s kvSpace, key string) (v []byte, err error) {
	err = tx.QueryRowContext(ctx, `SELECT value FROM kv WHERE tenant=? AND extension=? AND scope=? AND key=?`, s.tenant, s.extension, s.scope, key).Scan(&v)
	return v, err
}

// kvWrite sets a value within the quota.
func kvWrite(ctx context.Context, tx *sql.Tx, s kvSpace, key string, v []byte, until int64) error {
	var keys int
	var bytes int64
	err := tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(length(key)+length(value)), 0) FROM kv
		WHERE tenant=? AND extension=? AND NOT (scope=? AND key=?)`, s.tenant, s.extension, s.scope, key).Scan(&keys, &bytes)
	if err != nil {
		return err
	}
	if keys >= s.keys || bytes+int64(len(key)+len(v)) > s.bytes {
		return errnoError(abi.ELIMIT)
	}
	if v == nil {
		v = []byte{}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO kv (tenant, extension, scope, key, value, until) VALUES (?,?,?,?,?,?)
		ON CONFLICT DO UPDATE SET value=excluded.value, until=excluded.until`, s.tenant, s.extension, s.scope, key, v, until)
	return err
}

// kvKey reads a key; an empty or a long one is ETOOBIG.
func (c *call) kvKey(ptr, n uint32) (string, bool) {
	if n == 0 || n > abi.MaxKvKeyBytes {
		c.bytes(ptr, n)
		return "", false
	}
	return c.text(ptr, n), true
}

func (c *call) kvGet(scope, key, keyLen, out, limit uint32) int64 {
	k, ok := c.kvKey(key, keyLen)
	if !ok {
		return int64(abi.ETOOBIG)
	}
	c.bytes(out, limit)
	var v []byte
	if e := c.kvDo(scope, func(ctx context.Context, tx *sql.Tx, s kvSpace) (err error) {
		v, err = kvRead(ctx, tx, s, k)
		return err
	}); e != 0 {
		return int64(e)
	}
	return c.out(v, out, limit)
}

func (c *call) kvPut(scope, key, keyLen, ptr, n uint32, ttl int64) int32 {
	k, ok := c.kvKey(key, keyLen)
	b := c.bytes(ptr, n)
	if !ok || n > abi.MaxKvValueBytes {
		return abi.ETOOBIG
	}
	c.work(int64(n))
	v := slices.Clone(b)
	until := int64(0)
	if ttl > 0 {
		until = time.Now().UnixMilli() + min(ttl, 1<<40)
	}
	return c.kvDo(scope, func(ctx context.Context, tx *sql.Tx, s kvSpace) error { return kvWrite(ctx, tx, s, k, v, until) })
}

func (c *call) kvCas(scope, key, keyLen, old, oldLen, ptr, n uint32) int32 {
	k, ok := c.kvKey(key, keyLen)
	before, b := c.bytes(old, oldLen), c.bytes(ptr, n)
	if !ok || max(n, oldLen) > abi.MaxKvValueBytes {
		return abi.ETOOBIG
	}
	c.work(int64(n) + int64(oldLen))
	was, v := string(before), slices.Clone(b)
	return c.kvDo(scope, func(ctx context.Context, tx *sql.Tx, s kvSpace) error {
		now, err := kvRead(ctx, tx, s, k)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if string(now) != was {
			return errnoError(abi.ECONFLICT)
		}
		return kvWrite(ctx, tx, s, k, v, 0)
	})
}

func (c *call) kvDelete(scope, key, keyLen uint32) int32 {
	k, ok := c.kvKey(key, keyLen)
	if !ok {
		return abi.ETOOBIG
	}
	return c.kvDo(scope, func(ctx context.Context, tx *sql.Tx, s kvSpace) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM kv WHERE tenant=? AND extension=? AND scope=? AND key=?`, s.tenant, s.extension, s.scope, k)
		return err
	})
}

func (c *call) kvList(scope, prefix, prefixLen, out, limit uint32) int64 {
	p := c.text(prefix, prefixLen)
	c.bytes(out, limit)
	if len(p) > abi.MaxKvKeyBytes {
		return int64(abi.ETOOBIG)
	}
	keys := []string{}
	if e := c.kvDo(scope, func(ctx context.Context, tx *sql.Tx, s kvSpace) error {
		rows, err := tx.QueryContext(ctx, `SELECT key FROM kv WHERE tenant=? AND extension=? AND scope=? AND substr(key, 1, length(?))=? ORDER BY key LIMIT 1000`,
			s.tenant, s.extension, s.scope, p, p)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k string
			if err := rows.Scan(&k); err != nil {
				return err
			}
			keys = append(keys, k)
		}
		return rows.Err()
	}); e != 0 {
		return int64(e)
	}
	return c.outValue(keys, out, limit)
}
