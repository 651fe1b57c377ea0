package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"maps"

	"balie/internal/store"
)

// reader reads a backup.
type reader struct {
	zip    *gzip.Reader
	lines  *bufio.Reader
	sum    hash.Hash
	counts Counts
}

// newReader reads the header.
func newReader(r io.Reader) (*reader, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("this is no backup of Balie's: %w", err)
	}
	in := &reader{zip: zip, lines: bufio.NewReader(zip), sum: sha256.New(), counts: Counts{}}
	b, err := in.line()
	if err != nil {
		return nil, err
	}
	var h header
	if err := json.Unmarshal(b, &h); err != nil || h.Format != format {
		return nil, errors.New("this is no backup of Balie's")
	}
	in.sum.Write(b)
	if h.Version != version {
		return nil, fmt.Errorf("the backup has format version %d, and this program reads %d: use the version that wrote it (%s) or a later one", h.Version, version, h.By)
	}
	return in, nil
}

// items are the items up to the trailer, which is checked. The sequence can be read once.
func (r *reader) items() iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for {
			item, last, err := r.next()
			if err != nil {
				yield(store.Item{}, err)
				return
			}
			if last || !yield(item, nil) {
				return
			}
		}
	}
}

func (r *reader) next() (item store.Item, last bool, err error) {
	b, err := r.line()
	if err != nil {
		return store.Item{}, false, err
	}
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return store.Item{}, false, fmt.Errorf("the backup is damaged: %w", err)
	}
	if l.Kind != end {
		r.counts[l.Kind]++
		r.sum.Write(b) // never fails
		return store.Item{Kind: l.Kind, Body: l.Body}, false, nil
	}
	var t trailer
	if err := json.Unmarshal(b, &t); err != nil {
		return store.Item{}, false, fmt.Errorf("the backup is damaged: %w", err)
	}
	if t.Sum != hex.EncodeToString(r.sum.Sum(nil)) || !maps.Equal(Counts(t.Counts), r.counts) {
		return store.Item{}, false, errors.New("the backup is damaged: its checksum is wrong")
	}
	// gzip keeps a checksum behind the last byte, which is compared when the end is read.
	if rest, err := r.lines.ReadByte(); !errors.Is(err, io.EOF) {
		if err != nil {
			return store.Item{}, false, broken(err)
		}
		return store.Item{}, false, fmt.Errorf("the backup is damaged: it goes on with %q after its end", rest)
	}
	return store.Item{}, true, nil
}

// line is the next line, with its end.
func (r *reader) line() ([]byte, error) {
	var b bytes.Buffer
	for {
		part, err := r.lines.ReadSlice('\n')
		b.Write(part)
		switch {
		case err == nil:
			return b.Bytes(), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, broken(err)
		case b.Len() > maxLine:
			return nil, errors.New("the backup is damaged: it has a line without an end")
		}
	}
}

// broken says why a backup can't be read on.
func broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the backup was cut off: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("the backup is damaged or can't be read: %w", err)
}
