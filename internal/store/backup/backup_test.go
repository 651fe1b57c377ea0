package backup_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/store/backup"
	"balie/internal/store/mongo"
	"balie/internal/store/mongo/mongotest"
	"balie/internal/store/sqlite"
	"balie/internal/ticket"
)

func file(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "balie.db"))
	if err != nil {
		t.Fatal(err)
	}
	return kept(t, s)
}

func server(t *testing.T) store.Store {
	t.Helper()
	uri := mongotest.URI(t)
	s, err := mongo.Open(t.Context(), uri, mongotest.Database(t, uri), mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return kept(t, s)
}

func kept(t *testing.T, s store.Store) store.Store {
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// awkward is text that a file format may trip over.
const awkward = "a \"quoted\" \\ line\r\nand \x00 another, <b>&amp; $set.a.b, 🙂 e\u0301 \u2028"

// filled puts something of everything into the store.
func filled(t *testing.T, s store.Store) store.Store {
	t.Helper()
	ctx, now := t.Context(), time.Date(2026, 3, 2, 9, 0, 0, 123e6, time.UTC)
	for n := range 3 {
		id := fmt.Sprint("t", n)
		k := ticket.Ticket{
			ID: id, Key: fmt.Sprintf("HD-%05d", n), Team: "ict", Category: "printer", Summary: awkward, Description: awkward,
			Fields: chat.Values{"a.b$c": {awkward, ""}, "none": nil}, Requester: "ana", Followers: []string{"dirk"},
			Rooms:  []ticket.Room{{ID: "triage", Kind: ticket.TriageRoom, Place: chat.Place{Platform: "playground", Channel: "C"}}},
			Opened: now, Updated: now, NextDue: now.Add(time.Hour), OpenEvent: "e" + id, Phase: ticket.New,
		}
		for i := range store.KeepEntries * 3 / 2 * n {
			k.Entries = append(k.Entries, ticket.Entry{
				N: i + 1, At: now, Kind: ticket.EntryNote, Text: fmt.Sprint(awkward, i),
				Earlier: []ticket.Revision{{Text: "x", Until: now}}, Files: []ticket.File{{ID: "f1", Name: "a"}},
			})
		}
		due := func(d string) store.Delivery {
			return store.Delivery{ID: id + d, At: now, Next: now, Effect: ticket.Effect{Kind: ticket.EffectCard, Room: "triage"}}
		}
		must(t, s.Create(ctx, k, []store.Delivery{due("a"), due("b"), due("c")}))
		k.Version = 1
		must(t, s.Save(ctx, k, nil)) // what is more than a ticket keeps moves to the history
		w, err := s.Lease(ctx, id, "me", now, now.Add(time.Minute))
		must(t, err)
		must(t, s.Settle(ctx, w, store.Outcome{
			Done: []string{id + "a"}, Refs: map[string]chat.Ref{"triage": {Platform: "playground", Message: id}},
			Dead: []store.Dead{{Delivery: due("b"), Ticket: id, Key: k.Key, Reason: awkward, Since: now}},
		}))
	}
	must(t, s.SavePerson(ctx, store.Person{ID: "ana", Name: awkward, Identities: []chat.Identity{{Platform: "playground", ID: "1"}}}))
	must(t, s.SavePerson(ctx, store.Person{ID: "bot"}))
	must(t, s.SaveDraft(ctx, store.Draft{Person: "ana", Form: "open", Values: chat.Values{"a": {"b"}}, At: time.Now()}))
	must(t, s.PutFile(ctx, store.FileInfo{ID: "f0", Name: "empty"}, strings.NewReader("")))
	must(t, s.PutFile(ctx, store.FileInfo{ID: "f1", Name: "a.png", Type: "image/png"}, bytes.NewReader(make([]byte, 3*store.ChunkSize+5))))
	must(t, s.PutRecord(ctx, store.Record{Space: "chat", ID: "1", Group: "g", Order: "o", Body: []byte{0, 1, 0xff}}))
	for range 7 {
		_, err := s.Next(ctx, "HD-#####")
		must(t, err)
	}
	_, err := s.Setting(ctx, "secret", func() ([]byte, error) { return []byte{0, 0xff}, nil })
	must(t, err)
	return s
}

// content is the store's dump as text, whatever its order.
func content(t *testing.T, s store.Store) (lines []string) {
	t.Helper()
	must(t, s.Dump(t.Context(), func(i store.Item) error {
		lines = append(lines, i.Kind+" "+string(i.Body))
		return nil
	}))
	slices.Sort(lines)
	return lines
}

func equal(t *testing.T, what string, got, want store.Store) {
	t.Helper()
	if d := cmp.Diff(content(t, want), content(t, got)); d != "" {
		t.Errorf("%s differs (-want +got):\n%.3000s", what, d)
	}
}

func exported(t *testing.T, s store.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	counts, err := backup.Export(t.Context(), s, &b)
	must(t, err)
	want := backup.Counts{
		store.KindCounter: 1, store.KindSetting: 1, store.KindPerson: 2, store.KindDraft: 1, store.KindFile: 2, store.KindChunk: 4,
		store.KindRecord: 1, store.KindTicket: 3, store.KindEntry: 500, store.KindDead: 3,
	}
	if d := cmp.Diff(want, counts); d != "" {
		t.Errorf("exported (-want +got):\n%s", d)
	}
	return b.Bytes()
}

// stream hides that its reader can be read twice.
type stream struct{ io.Reader }

func TestThroughFileAndServer(t *testing.T) {
	first := filled(t, file(t))
	second := server(t)
	n, err := backup.Import(t.Context(), second, bytes.NewReader(exported(t, first)))
	must(t, err)
	if n[store.KindTicket] != 3 {
		t.Errorf("imported %s", n)
	}
	equal(t, "what was imported into the server", second, first)
	third := file(t)
	_, err = backup.Import(t.Context(), third, stream{bytes.NewReader(exported(t, second))})
	must(t, err)
	equal(t, "what was imported into a file", third, first)
	w, err := third.Lease(t.Context(), "t0", "me", time.Now(), time.Now().Add(time.Minute))
	must(t, err)
	if len(w.Pending) != 1 {
		t.Errorf("%d deliveries go on, want 1", len(w.Pending))
	}
}

func TestMigrate(t *testing.T) {
	for name, c := range map[string]struct{ from, to func(*testing.T) store.Store }{
		"FileToServer": {file, server}, "ServerToFile": {server, file}, "FileToFile": {file, file},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := filled(t, c.from(t)), c.to(t)
			n, err := backup.Migrate(t.Context(), from, to)
			must(t, err)
			if n[store.KindTicket] != 3 || n[store.KindEntry] != 500 {
				t.Errorf("migrated %s", n)
			}
			equal(t, "the target", to, from)
			if _, err := backup.Migrate(t.Context(), from, to); !errors.Is(err, backup.ErrNotEmpty) {
				t.Errorf("a second time: error %v, want %v", err, backup.ErrNotEmpty)
			}
		})
	}
}

// losing is a store that loses one item of a kind on the way in.
type losing struct {
	store.Store
	kind string
}

func (l losing) Restore(ctx context.Context, i store.Item) error {
	if i.Kind == l.kind {
		return nil
	}
	return l.Store.Restore(ctx, i)
}

func TestMigrateVerifies(t *testing.T) {
	_, err := backup.Migrate(t.Context(), filled(t, file(t)), losing{file(t), store.KindDraft})
	if err == nil || !strings.Contains(err.Error(), "1 draft") {
		t.Errorf("a draft was lost, and the error is %v", err)
	}
}

func TestImportRefuses(t *testing.T) {
	whole := exported(t, filled(t, file(t)))
	plain := unzipped(t, whole)
	lines := bytes.SplitAfter(plain, []byte("\n"))
	without := bytes.Join(slices.Delete(slices.Clone(lines), 5, 6), nil)
	changed := bytes.Replace(plain, []byte(`"value":7`), []byte(`"value":8`), 1)
	damaged := slices.Clone(whole)
	damaged[len(damaged)/2] ^= 0x10
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty file":        {nil, "no backup"},
		"other file":        {[]byte("PK\x03\x04 this is something else"), "no backup"},
		"other gzip":        {zipped(t, []byte("hello\n")), "no backup"},
		"other JSON":        {zipped(t, []byte("{}\n")), "no backup"},
		"later version":     {zipped(t, bytes.Replace(plain, []byte(`"version":1`), []byte(`"version":9`), 1)), "version 9"},
		"half of it":        {whole[:len(whole)/2], "cut off"},
		"without its end":   {whole[:len(whole)-1], "cut off"},
		"without a trailer": {zipped(t, bytes.Join(lines[:len(lines)-2], nil)), "cut off"},
		"a byte damaged":    {damaged, "damaged"},
		"a line missing":    {zipped(t, without), "checksum"},
		"a value changed":   {zipped(t, changed), "checksum"},
		"something after":   {zipped(t, append(slices.Clone(plain), "more\n"...)), "goes on"},
	} {
		t.Run(name, func(t *testing.T) {
			to := file(t)
			if _, err := backup.Import(t.Context(), to, bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if left := content(t, to); len(left) > 0 {
				t.Errorf("%d items were imported", len(left))
			}
			_, err := backup.Import(t.Context(), to, stream{bytes.NewReader(c.file)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("as a stream: error %v, want one with %q", err, c.want)
			}
			if len(content(t, to)) > 0 && !strings.Contains(err.Error(), "empty it") {
				t.Errorf("the target is partly filled, and the error does not say so: %v", err)
			}
		})
	}
}

func TestImportRefusesTargetInUse(t *testing.T) {
	to := file(t)
	_, err := to.Next(t.Context(), "HD-#####")
	must(t, err)
	before := content(t, to)
	_, err = backup.Import(t.Context(), to, bytes.NewReader(exported(t, filled(t, file(t)))))
	if !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("error %v, want %v", err, backup.ErrNotEmpty)
	}
	if d := cmp.Diff(before, content(t, to)); d != "" {
		t.Errorf("the target was changed:\n%s", d)
	}
}

func unzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	must(t, err)
	out, err := io.ReadAll(r)
	must(t, err)
	return out
}

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	must(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

func TestOpenURI(t *testing.T) {
	dir := t.TempDir()
	for _, uri := range []string{filepath.Join(dir, "a.db"), "sqlite:" + filepath.Join(dir, "b.db"), "sqlite://" + filepath.Join(dir, "c.db")} {
		s, err := backup.OpenURI(t.Context(), uri, nil)
		must(t, err)
		must(t, s.Close())
	}
	for _, name := range []string{"a.db", "b.db", "c.db"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	for _, uri := range []string{"", "sqlite:", "postgres://u:secret@h/x", "mongodb://u:secret@h:port/x"} {
		if s, err := backup.OpenURI(t.Context(), uri, nil); err == nil || s != nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: store %v, error %v", uri, s, err)
		}
	}
}
