package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// errLocked says that somebody else has the lock.
var errLocked = errors.New("locked")

// lock takes the exclusive lock that goes with the file at path. It ends with the process at the latest. The lock is on a
// file beside the store's, because locks on that one would get in the way of SQLite's own.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock it: check that the folder exists and that the user that Balie runs as may write there: %w", err)
	}
	if err := lockFile(f); err != nil {
		holder, readErr := io.ReadAll(io.LimitReader(f, 32))
		err = errors.Join(err, readErr, f.Close())
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("%s is in use by another Balie (process %s): stop that one first, or give this one a BALIE_DATA_DIR of its own: %w",
				path, strings.TrimSpace(string(holder)), err)
		}
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		return nil, errors.Join(fmt.Errorf("note the process in %s: %w", f.Name(), err), f.Close())
	}
	return f.Close, nil
}

func writePID(f *os.File) error {
	_, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}
