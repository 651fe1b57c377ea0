package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sirupsen/logrus"

	"balie/internal/app"
	"balie/internal/config"
	"balie/internal/store"
	"balie/internal/store/backup"
)

type exportCommand struct {
	File string `arg:"" help:"The file to write, such as balie-2026-03-01.gz; - for standard output." type:"path"`
}

// Run writes the configured store into a file.
func (e *exportCommand) Run(with surroundings) (err error) {
	c, log, err := with.load()
	if err != nil {
		return err
	}
	if err := mustExist(c); err != nil {
		return err
	}
	s, err := app.OpenStore(with.ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if e.File == "-" {
		counts, err := backup.Export(with.ctx, s, with.out)
		if err == nil {
			with.sayf("exported %s", counts)
		}
		return err
	}
	counts, err := exportTo(with.ctx, s, e.File)
	if err != nil {
		return err
	}
	return with.printf("exported %s to %s", counts, e.File)
}

// exportTo writes beside the file and puts it in its place when it is whole, so that a failure costs no earlier backup.
func exportTo(ctx context.Context, s store.Store, file string) (counts backup.Counts, err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".balie-export-")
	if err != nil {
		return nil, fmt.Errorf("write the export: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	counts, err = backup.Export(ctx, s, f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return nil, fmt.Errorf("put the export in its place: %w", err)
	}
	return counts, nil
}

type importCommand struct {
	File string `arg:"" help:"A file made by balie export; - for standard input." type:"path"`
}

// Run fills the configured store from a file.
func (i *importCommand) Run(with surroundings) (err error) {
	c, log, err := with.load()
	if err != nil {
		return err
	}
	var in io.Reader = os.Stdin
	if i.File != "-" {
		f, err := os.Open(i.File)
		if err != nil {
			return fmt.Errorf("read the export: %w", err)
		}
		defer f.Close()
		in = f
	}
	s, err := app.OpenStore(with.ctx, c, log)
	if err != nil {
		return err
	}
	counts, err := backup.Import(with.ctx, s, in)
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	return with.printf("imported %s", counts)
}

type migrateCommand struct {
	From string `required:"" help:"The store to copy: mongodb://host/database, or the folder or file of an embedded store." placeholder:"URI"`
	To   string `required:"" help:"The empty store to fill, written likewise." placeholder:"URI"`
}

// Run copies one store into another.
func (m *migrateCommand) Run(with surroundings) (err error) {
	_, log, err := with.load()
	if err != nil {
		return err
	}
	from, err := openAt(with.ctx, m.From, false, log)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := openAt(with.ctx, m.To, true, log)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	counts, err := backup.Migrate(with.ctx, from, to)
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	return with.printf("copied and verified %s", counts)
}

// openAt opens the store at a URI. An embedded one may be named by its folder; unless it may be made, it must be there.
func openAt(ctx context.Context, uri string, make bool, log logrus.FieldLogger) (store.Store, error) {
	if strings.HasPrefix(uri, "mongodb") || strings.Contains(strings.TrimPrefix(uri, "sqlite://"), "://") {
		return backup.OpenURI(ctx, uri, log)
	}
	path := strings.TrimPrefix(strings.TrimPrefix(uri, "sqlite:"), "//")
	info, err := os.Stat(path)
	if err == nil && info.IsDir() || errors.Is(err, fs.ErrNotExist) && filepath.Ext(path) == "" && path != "" {
		if make {
			if err := os.MkdirAll(path, 0o700); err != nil {
				return nil, fmt.Errorf("make the folder: %w", err)
			}
		}
		path = filepath.Join(path, app.StoreFile)
	}
	if _, err := os.Stat(path); !make && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no store at %s", path)
	}
	return backup.OpenURI(ctx, path, log)
}

// mustExist refuses to make an embedded store only to find nothing in it.
func mustExist(c config.Config) error {
	path := filepath.Join(c.DataDir, app.StoreFile)
	if _, err := os.Stat(path); !c.Mongo.URI.IsSet() && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no helpdesk at %s: set BALIE_DATA_DIR or MONGODB_URI to where it is", path)
	}
	return nil
}
