package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/internal/store"
	"balie/internal/ticket"
)

func testStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "balie.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func testTicket(n int, text string) ticket.Ticket {
	at := time.Date(2026, 3, 2, 9, n, 0, 0, time.UTC)
	return ticket.Ticket{
		ID: fmt.Sprint("t", n), Key: fmt.Sprint("HD-", n), OpenEvent: fmt.Sprint("e", n), Team: "ict", Requester: "ana", Phase: ticket.New,
		Summary: "full", Description: text, Opened: at, Updated: at,
	}
}

// inWriter runs a statement on the writer's connection. Nobody else writes meanwhile in these tests, and the writer is
// done with what was written before when it answered.
func inWriter(t *testing.T, s *Store, sql string) {
	t.Helper()
	if _, err := s.writer.c.db.ExecContext(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// When the disk is full each writer is told so and nothing of its write is kept; what fits is still written, reads go on,
// and so do writes as soon as there is space.
func TestFullDisk(t *testing.T) {
	s := testStore(t)
	if err := s.Create(t.Context(), testTicket(0, "first"), nil); err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := s.writer.c.db.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	inWriter(t, s, fmt.Sprint("PRAGMA max_page_count = ", pages+2))
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for n := range errs {
		wg.Go(func() {
			errs[n] = s.Create(t.Context(), testTicket(n+1, strings.Repeat("long text ", 10_000)), []store.Delivery{{ID: "d"}})
		})
	}
	var counted int64
	wg.Go(func() {
		var err error
		if counted, err = s.Next(t.Context(), "HD-"); err != nil {
			t.Errorf("what fits was not written: %v", err)
		}
	})
	wg.Wait()
	for n, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "the disk is full: free some space in "+filepath.Dir(s.path)) {
			t.Errorf("writing to a full disk gives %v", err)
		}
		if _, err := s.Ticket(t.Context(), fmt.Sprint("t", n+1)); err == nil {
			t.Errorf("ticket %d was kept all the same", n+1)
		}
	}
	if counted != 1 {
		t.Errorf("the counter gave %d", counted)
	}
	if n, _, err := s.Backlog(t.Context()); err != nil || n != 0 {
		t.Errorf("what was not written left %d backlog, error %v", n, err)
	}
	if _, err := s.Ticket(t.Context(), "t0"); err != nil {
		t.Errorf("a full disk can't be read: %v", err)
	}
	inWriter(t, s, "PRAGMA max_page_count = 1000000")
	for n := range errs {
		if err := s.Create(t.Context(), testTicket(n+1, strings.Repeat("long text ", 10_000)), nil); err != nil {
			t.Errorf("with space again: %v", err)
		}
	}
	p, err := s.Find(t.Context(), store.Query{Team: "ict", Words: []string{"full"}, Limit: 200})
	if err != nil || len(p.Tickets) != 1+len(errs) {
		t.Errorf("found %d tickets, error %v", len(p.Tickets), err)
	}
}

// Ping must notice that nothing can be written, and that it can again.
func TestPingAfterAFailedWrite(t *testing.T) {
	s := testStore(t)
	inWriter(t, s, "PRAGMA query_only = ON")
	if _, err := s.Next(t.Context(), "HD-"); err == nil {
		t.Fatal("a file that can't be written was written")
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("Ping finds nothing wrong")
	}
	inWriter(t, s, "PRAGMA query_only = OFF")
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping still finds something wrong: %v", err)
	}
}

func TestReadOnlyError(t *testing.T) {
	s := testStore(t)
	inWriter(t, s, "PRAGMA query_only = ON")
	_, err := s.Next(t.Context(), "HD-")
	if err == nil || !strings.Contains(err.Error(), "can't be written: give the user") {
		t.Errorf("the error is %v", err)
	}
}

// Uploads that a crash broke off must not fill the file for ever.
func TestBrokenUploadsAreDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "balie.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	u := &upload{s: s}
	for range 3 {
		if err := u.write(t.Context(), "test", "f", []byte("data"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	var chunks, uploads int
	if err := s.writer.c.db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM chunks), (SELECT count(*) FROM uploads)").Scan(&chunks, &uploads); err != nil {
		t.Fatal(err)
	}
	if chunks != 0 || uploads != 0 {
		t.Errorf("%d chunks of %d uploads are left", chunks, uploads)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// Tickets whose words wait for the index when the program ends must be found afterwards.
func TestWordsWaitInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "balie.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		if err := s.Create(t.Context(), testTicket(n, "x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.writer.waiting.Load(); n != 5 {
		t.Fatalf("%d tickets wait for the index", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	p, err := s.Find(t.Context(), store.Query{Team: "ict", Words: []string{"full"}, Limit: 200})
	if err != nil || len(p.Tickets) != 5 {
		t.Errorf("found %d tickets, error %v", len(p.Tickets), err)
	}
	if n := s.writer.waiting.Load(); n != 0 {
		t.Errorf("%d tickets wait for the index after a search", n)
	}
	for n := range indexAt {
		if err := s.Create(t.Context(), testTicket(100+n, "x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Next(t.Context(), "HD-"); err != nil { // written after the index
		t.Fatal(err)
	}
	if n := s.writer.waiting.Load(); n != 0 {
		t.Errorf("%d tickets wait for the index, though that is too many", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// Drafts that are 30 days older than one that is kept are forgotten.
func TestDraftsExpire(t *testing.T) {
	s := testStore(t)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for form, days := range map[string]int{"old": 0, "young": 2} {
		if err := s.SaveDraft(t.Context(), store.Draft{Person: "ana", Form: form, At: at.AddDate(0, 0, days)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SaveDraft(t.Context(), store.Draft{Person: "bea", Form: "x", At: at.AddDate(0, 0, 31)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Draft(t.Context(), "ana", "old"); err == nil {
		t.Error("an old draft was kept")
	}
	if _, err := s.Draft(t.Context(), "ana", "young"); err != nil {
		t.Errorf("a young draft: %v", err)
	}
}

// The log before the file must not grow without end, and must be gone when the store was closed.
func TestLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "balie.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	const much = 4 * walPages * pageSize
	if err := s.PutFile(t.Context(), store.FileInfo{ID: "f"}, io.LimitReader(zeros{}, much)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > much/2 {
		t.Errorf("after %d bytes the log has %d", much, info.Size())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is left: %v", err)
	}
}

// zeros is an endless content.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
