package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sirupsen/logrus"

	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/store/sqlite"
)

// OpenURI opens the store at an address: mongodb://…/database or mongodb+srv://…/database, or the path of an SQLite
// file, with or without sqlite: before it. The log hears of a server that has to be waited for; it may be nil. Errors
// never show a password.
func OpenURI(ctx context.Context, uri string, log logrus.FieldLogger) (store.Store, error) {
	scheme, rest, found := strings.Cut(uri, ":")
	path := uri
	switch {
	case found && (scheme == "mongodb" || scheme == "mongodb+srv"):
		s, err := mongo.Open(ctx, uri, "", mongo.Options{Log: log})
		if err != nil {
			return nil, err
		}
		return s, nil
	case found && scheme == "sqlite":
		path = strings.TrimPrefix(rest, "//")
	case found && strings.HasPrefix(rest, "//"):
		return nil, fmt.Errorf("there is no kind of store called %q: give mongodb://host/database, or sqlite:PATH", scheme)
	}
	if path == "" {
		return nil, errors.New("the store has no address: give mongodb://host/database, or sqlite:PATH")
	}
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return s, nil
}
