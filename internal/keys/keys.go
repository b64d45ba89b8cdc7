// Package keys keeps API keys in an SQLite file: hashes of secrets, never secrets. A server and the command line may have the
// file open at once; what one changes the other sees with its next look.
package keys

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Store is a file of keys.
type Store struct {
	db   *sql.DB
	find *sql.Stmt
	now  func() time.Time
}

const schema = `CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, hash BLOB NOT NULL,
  tenant TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL,
  created INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER NOT NULL
) WITHOUT ROWID`

const columns = "SELECT id, hash, tenant, role, name, created, expires, revoked FROM keys "

// Open opens or makes the file, which only its owner may read. Its folder must be there. Close it when done.
func Open(ctx context.Context, path string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "the file of keys cannot be opened")
	}
	f.Close()
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, broken(err)
	}
	s := &Store{db: db, now: time.Now}
	db.SetMaxOpenConns(4)
	if _, err = db.ExecContext(ctx, schema); err == nil {
		s.find, err = db.PrepareContext(ctx, columns+"WHERE id = ?")
	}
	if err != nil {
		db.Close()
		return nil, broken(err)
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error { return errors.Join(s.find.Close(), s.db.Close()) }

// maxName bounds the bytes of what a key is for.
const maxName = 200

// New makes a key and gives its token, which is not kept: this is the only time it can be seen. expires is zero for never.
func (s *Store) New(ctx context.Context, t tenant.ID, role tenant.Role, name string, expires time.Time) (token string, k tenant.Key, err error) {
	if err := tenant.CheckID(t); err != nil {
		return "", k, err
	}
	if role, err = tenant.ParseRole(string(role)); err != nil {
		return "", k, err
	}
	if len(name) > maxName {
		return "", k, fault.New(fault.TooLarge, "the name has %d bytes; %d are enough", len(name), maxName)
	}
	now := s.now()
	if !expires.IsZero() && !expires.After(now) {
		return "", k, fault.New(fault.BadRequest, "the key would have expired already")
	}
	var random [tenant.MintSize]byte
	_, _ = rand.Read(random[:]) // never fails
	k = tenant.Key{Tenant: t, Role: role, Name: name, Created: now.Truncate(time.Second), Expires: expires.Truncate(time.Second)}
	token, k.ID, k.Hash = tenant.Mint(random)
	_, err = s.db.ExecContext(ctx, "INSERT INTO keys (id, hash, tenant, role, name, created, expires, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
		k.ID, k.Hash[:], t, role, name, k.Created.Unix(), unix(k.Expires))
	return token, k, broken(err)
}

// List gives all keys, those of a tenant together, the oldest first.
func (s *Store) List(ctx context.Context) ([]tenant.Key, error) {
	rows, err := s.db.QueryContext(ctx, columns+"ORDER BY tenant, created, id")
	if err != nil {
		return nil, broken(err)
	}
	defer rows.Close()
	var all []tenant.Key
	for rows.Next() {
		k, err := scan(rows.Scan)
		if err != nil {
			return nil, broken(err)
		}
		all = append(all, k)
	}
	return all, broken(rows.Err())
}

// Revoke makes a key worthless from now on. Errors: fault.NotFound.
func (s *Store) Revoke(ctx context.Context, id string) error {
	r, err := s.db.ExecContext(ctx, "UPDATE keys SET revoked = ? WHERE id = ? AND revoked = 0", s.now().Unix(), id)
	if err != nil {
		return broken(err)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return fault.New(fault.NotFound, "there is no good key of the id %q", id)
	}
	return nil
}

// Check says who a token shows the asker to be. Errors: fault.Forbidden, or what is wrong with the file.
func (s *Store) Check(ctx context.Context, token string) (tenant.Identity, error) {
	id, secret, ok := tenant.Split(token)
	if !ok {
		return tenant.Identity{}, tenant.ErrKey
	}
	k, err := s.get(ctx, id)
	if err != nil {
		return tenant.Identity{}, err
	}
	return k.Admit(secret, s.now())
}

// Valid reports whether the key of an id is still good. An error says that the file did not tell.
func (s *Store) Valid(ctx context.Context, id string) (bool, error) {
	k, err := s.get(ctx, id)
	if errors.Is(err, fault.Forbidden) {
		return false, nil
	}
	return err == nil && k.Valid(s.now()), err
}

func (s *Store) get(ctx context.Context, id string) (tenant.Key, error) {
	k, err := scan(s.find.QueryRowContext(ctx, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return k, tenant.ErrKey
	}
	return k, broken(err)
}

func scan(into func(...any) error) (tenant.Key, error) {
	var k tenant.Key
	var hash []byte
	var created, expires, revoked int64
	if err := into(&k.ID, &hash, &k.Tenant, &k.Role, &k.Name, &created, &expires, &revoked); err != nil {
		return k, err
	}
	if len(hash) != sha256.Size {
		return k, fault.New(fault.BadFile, "the key %s has a hash of %d bytes", k.ID, len(hash))
	}
	k.Hash = [sha256.Size]byte(hash)
	k.Created, k.Expires, k.Revoked = time.Unix(created, 0), at(expires), at(revoked)
	return k, nil
}

// unix is a time in seconds, 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func at(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0)
}

func broken(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	return fault.Wrap(err, fault.Internal, "the file of keys cannot be used")
}
