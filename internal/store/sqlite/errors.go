package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

var errClosed = errors.New("the store is closed")

// failed says what was being done when err happened and, where the cause lies outside of the program, what to do.
func (s *Store) failed(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case refusal(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", doing, err)
	}
	advice := ""
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		advice = s.advice(e.Code())
	}
	if advice == "" {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %s: %w", doing, advice, err)
}

// advice is what an administrator can do about SQLite's error, if anything.
func (s *Store) advice(code int) string {
	switch code & 0xff {
	case lib.SQLITE_FULL:
		return fmt.Sprintf("the disk is full: free some space in %s; nothing was changed, and Balie goes on by itself", filepath.Dir(s.path))
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fmt.Sprintf("%s can't be written: give the user that Balie runs as write permission for it and for its folder", s.path)
	case lib.SQLITE_CANTOPEN:
		return fmt.Sprintf("%s can't be opened: check that its folder exists and that the user that Balie runs as may write there", s.path)
	case lib.SQLITE_CORRUPT:
		return fmt.Sprintf("%s is damaged: stop Balie, keep a copy of the file, and put back a backup with \"balie import\" into a new one", s.path)
	case lib.SQLITE_NOTADB:
		return fmt.Sprintf("%s is not a store of Balie's: point BALIE_DATA_DIR at another folder, or put the right file back", s.path)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Sprintf("another program holds %s: end it", s.path)
	case lib.SQLITE_IOERR:
		return fmt.Sprintf("the disk with %s fails or is full: look at the system's log", s.path)
	}
	return ""
}

// noTransaction says whether a rollback failed because SQLite had taken everything back by itself.
func noTransaction(err error) bool {
	return strings.Contains(err.Error(), "no transaction is active")
}

// unique says whether err is about a value that must be unique and is there already.
func unique(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == lib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY)
}
