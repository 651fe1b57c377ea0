package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// applicationID marks a file as one of Balie's: "Bali" as a number.
const applicationID = 0x42616c69

// migrations lead from one version of the schema to the next; the file's user_version says how many it has had. What was
// released is never changed: add another one.
var migrations = []migration{{sql: schema1}, {sql: schema2, fill: fillWaiting}}

type migration struct {
	sql  string
	fill func(context.Context, *sql.Conn) error // what the statements alone can't do; may be nil
}

const schema1 = `
-- A ticket is its document and, beside it, what leads to it. Where two columns say the same, doc is the truth.
CREATE TABLE tickets (
	seq     INTEGER PRIMARY KEY, -- when it was opened, in milliseconds, and 20 bits to tell apart those of one
	id      TEXT NOT NULL UNIQUE,
	key     TEXT NOT NULL UNIQUE, -- folded
	event   TEXT UNIQUE,
	version INTEGER NOT NULL,
	due     INTEGER,
	open    INTEGER NOT NULL,
	team    TEXT NOT NULL,
	assignee TEXT,
	lists   TEXT NOT NULL,    -- all lists that it is in, to see whether they changed
	hash    INTEGER NOT NULL, -- of what the index of words has about it
	head    BLOB NOT NULL,    -- its summary, as JSON
	doc     BLOB NOT NULL
);
CREATE INDEX tickets_team ON tickets (team, open);
CREATE INDEX tickets_assignee ON tickets (assignee, open) WHERE assignee IS NOT NULL;
CREATE INDEX tickets_due ON tickets (due) WHERE due IS NOT NULL;

-- Requesters and followers.
CREATE TABLE participants (
	person TEXT NOT NULL,
	open   INTEGER NOT NULL,
	seq    INTEGER NOT NULL,
	PRIMARY KEY (person, open, seq)
) WITHOUT ROWID;

-- The words of the tickets, by seq, and the lists that the tickets are in as words of another form: see words.go.
CREATE VIRTUAL TABLE words USING fts5 (
	text, content = '', contentless_delete = 1, detail = none, prefix = '1 2 3', tokenize = "ascii tokenchars '-='"
);

-- Every word that a ticket has or had, to look up which begin like what somebody types.
CREATE TABLE vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID;

-- Tickets whose words changed since the index of words was brought up to date.
CREATE TABLE stale (seq INTEGER PRIMARY KEY);

CREATE TABLE history (
	seq  INTEGER NOT NULL,
	n    INTEGER NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (seq, n)
) WITHOUT ROWID;

-- Tickets that have something to deliver. body is a line of JSON for each delivery.
CREATE TABLE pending (
	seq  INTEGER PRIMARY KEY,
	id   TEXT NOT NULL,
	due  INTEGER NOT NULL,
	body BLOB NOT NULL
);

CREATE TABLE refs (
	seq  INTEGER NOT NULL,
	name TEXT NOT NULL,
	room INTEGER NOT NULL, -- whether it is a room's first post
	ref  TEXT NOT NULL,
	PRIMARY KEY (seq, name)
) WITHOUT ROWID;
CREATE INDEX refs_room ON refs (ref) WHERE room;

CREATE TABLE dead (
	n     INTEGER PRIMARY KEY,
	since INTEGER NOT NULL,
	body  BLOB NOT NULL
);
CREATE INDEX dead_since ON dead (since);

CREATE TABLE people (
	id      TEXT PRIMARY KEY,
	version INTEGER NOT NULL,
	email   TEXT, -- in lower case
	body    BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX people_email ON people (email) WHERE email IS NOT NULL;

CREATE TABLE identities (
	identity TEXT PRIMARY KEY,
	person   TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX identities_person ON identities (person);

CREATE TABLE drafts (
	person TEXT NOT NULL,
	form   TEXT NOT NULL,
	at     INTEGER NOT NULL,
	body   BLOB NOT NULL,
	PRIMARY KEY (person, form)
) WITHOUT ROWID;
CREATE INDEX drafts_at ON drafts (at);

CREATE TABLE files (
	id      TEXT PRIMARY KEY,
	content INTEGER NOT NULL,
	info    BLOB NOT NULL
) WITHOUT ROWID;

-- The contents of files and of uploads that are not finished, 2^20 numbers each.
CREATE TABLE chunks (
	n    INTEGER PRIMARY KEY,
	data BLOB NOT NULL
);
CREATE TABLE uploads (content INTEGER PRIMARY KEY AUTOINCREMENT);

CREATE TABLE records (
	n     INTEGER PRIMARY KEY,
	space TEXT NOT NULL,
	id    TEXT NOT NULL,
	grp   TEXT NOT NULL,
	ord   TEXT NOT NULL,
	body  BLOB,
	UNIQUE (space, id)
);
CREATE INDEX records_list ON records (space, grp, ord, id);

CREATE TABLE counters (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- One row, rewritten to see whether the file can be written.
CREATE TABLE pings (n INTEGER PRIMARY KEY, times INTEGER NOT NULL);
`

// migrate brings the file to the version of the schema that this program knows.
func migrate(ctx context.Context, db *sql.Conn) (err error) {
	// Taking the write lock first says at once whether the file can be written.
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, undo := db.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, undo)
		}
	}()
	var version, application, tables int
	for pragma, into := range map[string]*int{
		"PRAGMA user_version": &version, "PRAGMA application_id": &application, "SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := db.QueryRowContext(ctx, pragma).Scan(into); err != nil {
			return err
		}
	}
	switch {
	case tables > 0 && application != applicationID:
		return errors.New("the file is another program's database: point BALIE_DATA_DIR at another folder")
	case version > len(migrations):
		return fmt.Errorf("the file was written by a newer Balie (its schema is version %d, this one knows %d): use that Balie, or restore a backup made by this one",
			version, len(migrations))
	}
	for n, m := range migrations[version:] {
		_, err := db.ExecContext(ctx, m.sql)
		if err == nil && m.fill != nil {
			err = m.fill(ctx, db)
		}
		if err != nil {
			return fmt.Errorf("bring the file to version %d: %w", version+n+1, err)
		}
	}
	if version < len(migrations) {
		for _, set := range []string{
			fmt.Sprint("PRAGMA user_version = ", len(migrations)), fmt.Sprint("PRAGMA application_id = ", applicationID),
		} {
			if _, err := db.ExecContext(ctx, set); err != nil {
				return err
			}
		}
	}
	_, err = db.ExecContext(ctx, "COMMIT")
	return err
}
