// Package backup writes a whole store to a file, puts it back, and moves it from one store to another.
package backup

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"balie/internal/store"
)

// A backup is gzipped text, a JSON document on each line: a header, the items in the order of store.Dump, and a trailer.
// The trailer tells a whole file from one that was cut off, and a sound one from one that was damaged.
const (
	format  = "balie-backup"
	version = 1
)

// maxLine is how many bytes a line may have. The largest documents are tickets, of at most 16 MiB in MongoDB.
const maxLine = 64 << 20

type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	By      string `json:"by"` // the program that wrote it
}

type line struct {
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body"`
}

// trailer has the kind "end", which no item has.
type trailer struct {
	Kind   string         `json:"kind"`
	Counts map[string]int `json:"counts"` // items by kind
	Sum    string         `json:"sum"`    // SHA-256 of all lines before, in hexadecimal
}

const end = "end"

// ErrNotEmpty says that a store to be filled has something in it already.
var ErrNotEmpty = errors.New("the target is not empty: nothing was changed; give an empty one")

// Counts are the numbers of items by kind.
type Counts map[string]int

// String lists them, such as "3 person, 12 ticket".
func (c Counts) String() string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%d %s", c[kind], kind))
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// Export writes everything in s to w, and says how many items of each kind that were. What others write to s meanwhile may
// be in it or not.
func Export(ctx context.Context, s store.Store, w io.Writer) (Counts, error) {
	zip := gzip.NewWriter(w)
	sum := sha256.New()
	out := bufio.NewWriter(zip)
	write := func(v any) error {
		b, err := json.Marshal(v)
		if err == nil {
			b = append(b, '\n')
			sum.Write(b) // never fails
			_, err = out.Write(b)
		}
		if err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
		return nil
	}
	if err := write(header{format, version, program()}); err != nil {
		return nil, err
	}
	counts := Counts{}
	err := s.Dump(ctx, func(i store.Item) error {
		counts[i.Kind]++
		return write(line{i.Kind, i.Body})
	})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if err := write(trailer{end, counts, hex.EncodeToString(sum.Sum(nil))}); err != nil {
		return nil, err
	}
	if err := errors.Join(out.Flush(), zip.Close()); err != nil {
		return nil, fmt.Errorf("write the backup: %w", err)
	}
	return counts, nil
}

// program names what writes a backup, for people who find one.
func program() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return "balie " + info.Main.Version
	}
	return "balie"
}

// Import fills s, which must be empty, from a backup. A file, and whatever else can be read twice, is checked before
// anything is written. A stream that turns out to be cut off or damaged leaves s partly filled; the error says so.
func Import(ctx context.Context, s store.Store, r io.Reader) (Counts, error) {
	if err := empty(ctx, s); err != nil {
		return nil, err
	}
	if file, ok := r.(io.ReadSeeker); ok {
		start, err := file.Seek(0, io.SeekCurrent)
		if err == nil { // a pipe is a file too, and can't seek
			if _, err := Check(file); err != nil {
				return nil, fmt.Errorf("nothing was imported: %w", err)
			}
			if _, err := file.Seek(start, io.SeekStart); err != nil {
				return nil, fmt.Errorf("read the backup again: %w", err)
			}
		}
	}
	in, err := newReader(r)
	if err != nil {
		return nil, err
	}
	if err := store.RestoreAll(ctx, s, in.items()); err != nil {
		return nil, fmt.Errorf("import: %w; the target is partly filled: empty it before you try again", err)
	}
	return in.counts, nil
}

// Check reads a whole backup and says what is in it, or what is wrong with it.
func Check(r io.Reader) (Counts, error) {
	in, err := newReader(r)
	if err != nil {
		return nil, err
	}
	for _, err := range in.items() {
		if err != nil {
			return nil, err
		}
	}
	return in.counts, nil
}

// Migrate copies everything in from to to, which must be empty, and verifies that all of it has arrived. Nobody may
// write to either meanwhile. It changes nothing in from.
func Migrate(ctx context.Context, from, to store.Store) (Counts, error) {
	if err := empty(ctx, to); err != nil {
		return nil, err
	}
	if err := store.RestoreAll(ctx, to, dump(ctx, from)); err != nil {
		return nil, fmt.Errorf("migrate: %w; the target is partly filled: empty it before you try again", err)
	}
	want, err := count(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("verify: count the source: %w", err)
	}
	got, err := count(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("verify: count the target: %w", err)
	}
	if !maps.Equal(got, want) {
		return nil, fmt.Errorf("verify: the source has %s, but the target %s; did somebody write meanwhile? Empty the target and try again", want, got)
	}
	return got, nil
}

// errEnough ends a dump early.
var errEnough = errors.New("enough")

// empty says whether there is nothing in s.
func empty(ctx context.Context, s store.Store) error {
	err := s.Dump(ctx, func(store.Item) error { return errEnough })
	if errors.Is(err, errEnough) {
		return ErrNotEmpty
	}
	if err != nil {
		return fmt.Errorf("look into the target: %w", err)
	}
	return nil
}

func count(ctx context.Context, s store.Store) (Counts, error) {
	counts := Counts{}
	err := s.Dump(ctx, func(i store.Item) error {
		counts[i.Kind]++
		return nil
	})
	return counts, err
}

// dump is the store's dump as a sequence.
func dump(ctx context.Context, s store.Store) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		err := s.Dump(ctx, func(i store.Item) error {
			if !yield(i, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(store.Item{}, err)
		}
	}
}
