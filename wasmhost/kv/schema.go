package kv

import (
	"context"
	"database/sql"
)

// schema holds the values, and how much each extension keeps for each tenant: triggers count, so that a write costs the same
// however much there is. Of a text SQLite's length gives letters up to a zero, of a blob bytes.
const schema = `
CREATE TABLE IF NOT EXISTS kv (
	tenant TEXT NOT NULL, extension TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL,
	value BLOB NOT NULL, until INTEGER NOT NULL, -- milliseconds since 1970; 0 is for ever
	PRIMARY KEY (tenant, extension, scope, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kv_until ON kv (tenant, extension, until) WHERE until>0;
CREATE TABLE used (
	tenant TEXT NOT NULL, extension TEXT NOT NULL, keys INTEGER NOT NULL, bytes INTEGER NOT NULL,
	PRIMARY KEY (tenant, extension)) WITHOUT ROWID;
INSERT INTO used SELECT tenant, extension, count(*), sum(length(CAST(key AS BLOB))+length(value)) FROM kv GROUP BY tenant, extension;
CREATE TRIGGER kv_insert AFTER INSERT ON kv BEGIN
	INSERT INTO used VALUES (NEW.tenant, NEW.extension, 1, length(CAST(NEW.key AS BLOB))+length(NEW.value))
		ON CONFLICT DO UPDATE SET keys=keys+1, bytes=bytes+excluded.bytes;
END;
CREATE TRIGGER kv_update AFTER UPDATE OF value ON kv BEGIN
	UPDATE used SET bytes=bytes+length(NEW.value)-length(OLD.value) WHERE tenant=NEW.tenant AND extension=NEW.extension;
END;
CREATE TRIGGER kv_delete AFTER DELETE ON kv BEGIN
	UPDATE used SET keys=keys-1, bytes=bytes-length(CAST(OLD.key AS BLOB))-length(OLD.value) WHERE tenant=OLD.tenant AND extension=OLD.extension;
	DELETE FROM used WHERE tenant=OLD.tenant AND extension=OLD.extension AND keys=0;
END;
PRAGMA user_version=1`

// prepare brings a store to the schema, from none or from one that did not count.
func prepare(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil || version > 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	return tx.Commit()
}
