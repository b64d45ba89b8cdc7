// Package assets is a catalogue of files by their content: which there are, what people call them, how they tagged them.
//
// A reference is what people see: a name with tags and metadata, over content that is known by its hash. References to files
// that were found or uploaded say where the file lies; others share the content of one that does. Every reference has an
// owner; nobody sees another's, except that model files are everybody's to look at.
package assets

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Models is the kind of model files. They have no owner.
const Models = "models"

// Missing is the tag of references whose file is gone. Nobody sets it by hand.
const Missing = "missing"

// Bounds on what people write.
const (
	MaxName     = 512     // characters of a name
	MaxTag      = 256     // bytes of a tag
	MaxTags     = 200     // of a reference, and of a call
	MaxMetadata = 1 << 20 // bytes of a reference's metadata
	maxLinks    = 200_000 // references without a file, of an owner
)

// Ref is a reference.
type Ref struct {
	ID        string // a UUID
	Owner     tenant.ID
	Name      string
	Hash      string // "blake3:" and 64 hexadecimal digits; "" while it is not known
	Size      int64  // bytes
	MIME      string // "" when it is not known
	File      File   // where it lies; no Kind when it lies nowhere of its own
	PreviewID string // of the reference that shows what this one is; "" for none
	JobID     string // of the prompt that made it; "" for none
	User      json.RawMessage
	System    json.RawMessage // nil for none
	Tags      []string        // sorted
	Missing   bool            // the file is gone
	Created   time.Time
	Updated   time.Time
	Accessed  time.Time
}

// File is a place on disk.
type File struct {
	Kind   string   // input, output, temp or models
	Root   string   // the folder on disk, of model files; "" for the kind's own
	Path   string   // slash path in it
	Loader string   // what a loader node takes; "" when none does
	Shown  string   // for people: the path in the kind's folder
	Tags   []string // that follow from the place
	Size   int64    // bytes
	MTime  int64    // Unix ns
}

// Catalogue is a file of references.
type Catalogue struct {
	write *sql.DB // one connection
	read  *sql.DB
	now   func() time.Time

	mu       sync.Mutex // guards the rest
	scanners map[tenant.ID]*Scanner
	closed   bool
}

const schema = `
CREATE TABLE IF NOT EXISTS refs (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL,
  hash TEXT, size INTEGER NOT NULL, mime TEXT NOT NULL,
  kind TEXT, root TEXT, path TEXT, loader TEXT NOT NULL, shown TEXT NOT NULL, mtime INTEGER NOT NULL, level INTEGER NOT NULL,
  preview TEXT NOT NULL, job TEXT NOT NULL, user BLOB NOT NULL, system BLOB,
  missing INTEGER NOT NULL, deleted INTEGER NOT NULL,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, accessed INTEGER NOT NULL,
  UNIQUE (owner, kind, root, path)
);
CREATE INDEX IF NOT EXISTS refs_hash ON refs (hash, owner);
CREATE INDEX IF NOT EXISTS refs_created ON refs (owner, deleted, missing, created, id);
CREATE INDEX IF NOT EXISTS refs_level ON refs (owner, kind, level);
CREATE TABLE IF NOT EXISTS tags (owner TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (owner, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ref_tags (
  ref TEXT NOT NULL REFERENCES refs (id) ON DELETE CASCADE, tag TEXT NOT NULL,
  placed INTEGER NOT NULL, -- it follows from the place
  PRIMARY KEY (ref, tag)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ref_tags_tag ON ref_tags (tag, ref);
`

// Open opens or makes the file, which only its owner may read. Its folder must be there. Close it when done.
func Open(ctx context.Context, path string) (*Catalogue, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "the catalogue of assets cannot be opened")
	}
	f.Close()
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"}}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	c := &Catalogue{now: time.Now, scanners: map[tenant.ID]*Scanner{}}
	if c.write, err = sql.Open("sqlite", dsn+"&_txlock=immediate"); err != nil {
		return nil, broken(err)
	}
	c.write.SetMaxOpenConns(1)
	if c.read, err = sql.Open("sqlite", dsn); err != nil {
		c.write.Close()
		return nil, broken(err)
	}
	c.read.SetMaxOpenConns(4)
	// Temporary files do not outlive the process that made them.
	if _, err = c.write.ExecContext(ctx, schema+"DELETE FROM refs WHERE kind = 'temp';"); err != nil {
		return nil, errors.Join(broken(err), c.write.Close(), c.read.Close())
	}
	return c, nil
}

// StopScans ends the scans that run and lets no more begin. It waits until they have ended.
func (c *Catalogue) StopScans() {
	c.mu.Lock()
	c.closed = true
	all := slices.Collect(maps.Values(c.scanners)) // others may still ask for one
	c.mu.Unlock()
	for _, s := range all {
		s.Cancel()
		s.Wait(context.Background())
	}
}

// Close stops the scans and closes the file.
func (c *Catalogue) Close() error {
	c.StopScans()
	return errors.Join(c.write.Close(), c.read.Close())
}

// tx runs fn in a transaction.
func (c *Catalogue) tx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := c.write.BeginTx(ctx, nil)
	if err != nil {
		return broken(err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := fn(tx); err != nil {
		return broken(err)
	}
	return broken(tx.Commit())
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func broken(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.Wrap(err, fault.Internal, "the catalogue of assets cannot be used")
}

func missingRef(id string) error { return fault.New(fault.NotFound, "AssetReference %s not found", id) }
