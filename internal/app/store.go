package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"

	"balie/internal/config"
	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/store/sqlite"
)

// StoreFile is the name of the embedded store in its folder.
const StoreFile = "balie.db"

// OpenStore opens the store that the environment names: MongoDB if there is a URI, else the embedded one, whose folder is
// made if need be.
func OpenStore(ctx context.Context, c config.Config, log logrus.FieldLogger) (store.Store, error) {
	if c.Mongo.URI.IsSet() {
		return opened(mongo.Open(ctx, c.Mongo.URI.Reveal(), c.Mongo.Database, mongo.Options{Log: log}))
	}
	return openFolder(ctx, c.DataDir)
}

func openFolder(ctx context.Context, dir string) (store.Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder (BALIE_DATA_DIR): %w", err)
	}
	return opened(sqlite.Open(ctx, filepath.Join(dir, StoreFile)))
}

// opened is what an engine's Open gave, with no store at all where it failed.
func opened[S store.Store](s S, err error) (store.Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}
