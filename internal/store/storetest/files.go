package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"balie/internal/store"
)

func content(seed uint64, size int) []byte {
	b := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(seed)})
	random.Read(b) // never fails
	return b
}

func wantFile(t *testing.T, s store.Store, want store.FileInfo, bytesWanted []byte) {
	t.Helper()
	info, r, err := s.OpenFile(t.Context(), want.ID)
	must(t, err)
	want.Size = int64(len(bytesWanted))
	same(t, "file", info, want)
	got, err := io.ReadAll(r)
	must(t, err)
	must(t, r.Close())
	if !bytes.Equal(got, bytesWanted) {
		t.Errorf("the file %s has other content: %d bytes, want %d", want.ID, len(got), len(bytesWanted))
	}
}

var fileTests = []test{
	{"Sizes", func(t *testing.T, s *box) {
		sizes := []int{0, 1, 1000, store.ChunkSize - 1, store.ChunkSize, store.ChunkSize + 1, 2 * store.ChunkSize, 5<<20 + 3}
		info := func(n int) store.FileInfo {
			return store.FileInfo{ID: fmt.Sprint("f", n), Name: Awkward, Type: "image/png", Size: 77}
		}
		for n, size := range sizes {
			must(t, s.PutFile(t.Context(), info(n), bytes.NewReader(content(uint64(n), size))))
		}
		s.reopen()
		for n, size := range sizes {
			wantFile(t, s, info(n), content(uint64(n), size))
		}
		_, _, err := s.OpenFile(t.Context(), "f")
		wantErr(t, "OpenFile", err, store.ErrNotFound)
	}},
	{"SlowReader", func(t *testing.T, s *box) {
		// What comes in bits and pieces is the same as what comes at once.
		want := content(1, 3000)
		must(t, s.PutFile(t.Context(), store.FileInfo{ID: "f"}, iotest.OneByteReader(iotest.DataErrReader(bytes.NewReader(want)))))
		wantFile(t, s, store.FileInfo{ID: "f"}, want)
		_, r, err := s.OpenFile(t.Context(), "f")
		must(t, err)
		must(t, iotest.TestReader(struct{ io.Reader }{r}, want))
		must(t, r.Close())
	}},
	{"FirstStays", func(t *testing.T, s *box) {
		first := store.FileInfo{ID: "f", Name: "first.png"}
		must(t, s.PutFile(t.Context(), first, bytes.NewReader(content(1, store.ChunkSize*2))))
		must(t, s.PutFile(t.Context(), store.FileInfo{ID: "f", Name: "second.png"}, bytes.NewReader(content(2, store.ChunkSize*3))))
		wantFile(t, s, first, content(1, store.ChunkSize*2))
	}},
	{"SameIDAtOnce", func(t *testing.T, s *box) {
		const size = store.ChunkSize + 10
		for _, err := range together(8, func(i int) error {
			return s.PutFile(t.Context(), store.FileInfo{ID: "f", Name: fmt.Sprint(i)}, bytes.NewReader(content(uint64(i), size)))
		}) {
			must(t, err)
		}
		info, r, err := s.OpenFile(t.Context(), "f")
		must(t, err)
		must(t, r.Close())
		var winner uint64
		if _, err := fmt.Sscan(info.Name, &winner); err != nil {
			t.Fatal(err)
		}
		wantFile(t, s, store.FileInfo{ID: "f", Name: info.Name}, content(winner, size))
	}},
	{"BrokenUpload", func(t *testing.T, s *box) {
		broken := errors.New("connection lost")
		r := io.MultiReader(bytes.NewReader(content(1, 2*store.ChunkSize+5)), iotest.ErrReader(broken))
		wantErr(t, "PutFile", s.PutFile(t.Context(), store.FileInfo{ID: "f"}, r), broken)
		_, _, err := s.OpenFile(t.Context(), "f")
		wantErr(t, "OpenFile of a broken upload", err, store.ErrNotFound)
		s.reopen()
		_, _, err = s.OpenFile(t.Context(), "f")
		wantErr(t, "OpenFile of a broken upload", err, store.ErrNotFound)
		must(t, s.PutFile(t.Context(), store.FileInfo{ID: "f"}, bytes.NewReader(content(2, 10))))
		wantFile(t, s, store.FileInfo{ID: "f"}, content(2, 10))
	}},
	{"ClosedEarly", func(t *testing.T, s *box) {
		want := content(1, 4*store.ChunkSize)
		must(t, s.PutFile(t.Context(), store.FileInfo{ID: "f"}, bytes.NewReader(want)))
		for range 20 { // more than any pool of connections has
			_, r, err := s.OpenFile(t.Context(), "f")
			must(t, err)
			_, err = io.ReadFull(r, make([]byte, 100))
			must(t, err)
			must(t, r.Close())
			if _, err := r.Read(make([]byte, 1)); err == nil {
				t.Error("a closed file can be read")
			}
		}
		wantFile(t, s, store.FileInfo{ID: "f"}, want)
	}},
	{"WhileWriting", func(t *testing.T, s *box) {
		// A file that is being read, and one that is being put, hold up nobody.
		must(t, s.PutFile(t.Context(), store.FileInfo{ID: "f"}, bytes.NewReader(content(1, 3*store.ChunkSize))))
		_, r, err := s.OpenFile(t.Context(), "f")
		must(t, err)
		_, err = io.ReadFull(r, make([]byte, 10))
		must(t, err)
		slow, w := io.Pipe()
		put := make(chan error, 1)
		go func() { put <- s.PutFile(t.Context(), store.FileInfo{ID: "g"}, slow) }()
		_, err = w.Write(content(2, store.ChunkSize+1))
		must(t, err)
		for n := range 20 {
			create(t, s, sample(n))
		}
		must(t, w.Close())
		must(t, <-put)
		rest, err := io.ReadAll(r)
		must(t, err)
		must(t, r.Close())
		if !bytes.Equal(rest, content(1, 3*store.ChunkSize)[10:]) {
			t.Error("the file that was being read has other content")
		}
		wantFile(t, s, store.FileInfo{ID: "g"}, content(2, store.ChunkSize+1))
	}},
}
