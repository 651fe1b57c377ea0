package mongo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/store/mongo/mongotest"
	"balie/internal/ticket"
)

func TestFieldNames(t *testing.T) {
	keys := []string{"", "%", "%%", "%2", "%25", "%2E", ".", "a.b", "$", "$set", "\x00", "a\x00b", "0", "talk/1", "é 🙂", "%00"}
	seen := map[string]string{}
	for _, key := range keys {
		name := field(key)
		if name == "" || strings.ContainsAny(name, ".$\x00") {
			t.Errorf("%q is written as %q", key, name)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q are both written as %q", key, other, name)
		}
		seen[name] = key
		if back := unfield(name); back != key {
			t.Errorf("%q is read as %q", key, back)
		}
	}
}

// TestDocuments shows that a document has the fields of its JSON, and none for what JSON leaves out.
func TestDocuments(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 1e6, time.UTC)
	want := newDocument(ticket.Ticket{
		ID: "1", Key: "HD-1", Fields: chat.Values{"a.b": {"x"}, "": nil}, Opened: at, Rooms: []ticket.Room{},
		Entries: []ticket.Entry{{N: 1, At: at}, {N: 2, At: at, Edited: at, Origin: ticket.Origin{Room: "talk"}}},
	}, []store.Delivery{{ID: "d", At: at}})
	want.Refs = refs{"talk/1": {Platform: "p"}, "a.b": {}}
	var b bytes.Buffer
	enc := bson.NewEncoder(bson.NewDocumentWriter(&b))
	enc.SetRegistry(registry())
	enc.UseJSONStructTags()
	enc.OmitZeroStruct()
	if err := enc.Encode(want); err != nil {
		t.Fatal(err)
	}
	raw := bson.Raw(b.Bytes())
	for path, there := range map[string]bool{
		"ticket.opened": true, "ticket.rooms": true, "ticket.nextDue": false, "ticket.assignee": false, "ticket.openEvent": true,
		"ticket.entries.0.origin": false, "ticket.entries.0.edited": false, "ticket.entries.1.edited": true,
		"ticket.entries.1.origin.room": true, "ticket.entries.1.origin.message": false, "ticket.fields.a%2Eb": true, "names.0": true, "names.1": false,
	} {
		if _, err := raw.LookupErr(strings.Split(path, ".")...); (err == nil) != there {
			t.Errorf("%s is there: %v, want %v", path, err == nil, there)
		}
	}
	dec := bson.NewDecoder(bson.NewDocumentReader(bytes.NewReader(raw)))
	dec.SetRegistry(registry())
	dec.UseJSONStructTags()
	var got document
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read\n%+v, want\n%+v", got, want)
	}
}

func TestSpillOfLongTexts(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	var entries []ticket.Entry
	for n := range 60 {
		entries = append(entries, ticket.Entry{N: n + 1, Text: long})
	}
	old, kept := spill(entries)
	if len(old)+len(kept) != 60 || len(kept) < 10 || len(kept) > 30 || kept[len(kept)-1].N != 60 {
		t.Errorf("%d moved and %d kept", len(old), len(kept))
	}
	one := []ticket.Entry{{N: 1, Text: strings.Repeat(long, 60)}}
	if old, kept := spill(one); len(old) != 0 || len(kept) != 1 {
		t.Errorf("of one entry %d moved", len(old))
	}
}

func open(t *testing.T, o Options) *Store {
	t.Helper()
	uri := mongotest.URI(t)
	s, err := Open(t.Context(), uri, mongotest.Database(t, uri), o)
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

func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestLongTimeline keeps far more text than one document of MongoDB's takes.
func TestLongTimeline(t *testing.T) {
	s := open(t, Options{})
	k := ticket.Ticket{ID: "1", Key: "HD-1", Opened: time.Now()}
	check(t, s.Create(t.Context(), k, nil))
	for n := range 12 {
		k, err := s.Ticket(t.Context(), "1")
		check(t, err)
		k.Last++
		k.Entries = append(k.Entries, ticket.Entry{N: k.Last, Text: strings.Repeat(fmt.Sprint(n%10), 2_000_000)})
		check(t, s.Save(t.Context(), k, nil))
	}
	k, err := s.Ticket(t.Context(), "1")
	check(t, err)
	older, err := s.History(t.Context(), "1", k.Entries[0].N, 100)
	check(t, err)
	slices.Reverse(older)
	all := append(older, k.Entries...)
	if len(all) != 12 {
		t.Fatalf("%d entries, want 12", len(all))
	}
	for i, e := range all {
		if e.N != i+1 || len(e.Text) != 2_000_000 || e.Text[0] != fmt.Sprint(i % 10)[0] {
			t.Errorf("entry %d is number %d with %d bytes", i+1, e.N, len(e.Text))
		}
	}
}

// TestCrashWhileMoving leaves entries where a crash leaves them: saved as moving, and not copied, or not removed yet.
func TestCrashWhileMoving(t *testing.T) {
	s := open(t, Options{})
	ctx := t.Context()
	entry := func(n int) ticket.Entry { return ticket.Entry{N: n, Text: fmt.Sprint(n)} }
	d := newDocument(ticket.Ticket{ID: "1", Key: "HD-1", Entries: []ticket.Entry{entry(4)}, Last: 4}, nil)
	d.Moving = []ticket.Entry{entry(1), entry(2), entry(3)}
	check(t, s.insert(ctx, "prepare", s.tickets, d), s.keepHistory(ctx, "1", d.Moving[:2]))

	numbers := func(before, limit int) (list []int) {
		entries, err := s.History(ctx, "1", before, limit)
		check(t, err)
		for _, e := range entries {
			list = append(list, e.N)
		}
		return list
	}
	dumped := func() (n int) {
		check(t, s.Dump(ctx, func(i store.Item) error {
			if i.Kind == store.KindEntry {
				n++
			}
			return nil
		}))
		return n
	}
	if got := numbers(4, 10); !slices.Equal(got, []int{3, 2, 1}) || dumped() != 3 {
		t.Errorf("history %v, and %d entries dumped", got, dumped())
	}
	if got := numbers(3, 1); !slices.Equal(got, []int{2}) {
		t.Errorf("a page of the history is %v", got)
	}
	check(t, s.move(ctx, "1"))
	if moving, err := s.moving(ctx, "1"); err != nil || len(moving) > 0 {
		t.Errorf("%v are still moving, error %v", moving, err)
	}
	if got := numbers(4, 10); !slices.Equal(got, []int{3, 2, 1}) || dumped() != 3 {
		t.Errorf("history after the move %v, and %d entries dumped", got, dumped())
	}
}

// TestCrashWhileUploading shows that what a crash leaves of a file is in nobody's way, and is cleaned up a day later.
func TestCrashWhileUploading(t *testing.T) {
	now := time.Now()
	s := open(t, Options{Now: func() time.Time { return now }})
	ctx := t.Context()
	cut := bson.NewObjectID()
	check(t, s.insert(ctx, "prepare", s.uploads, uploadDocument{ID: cut, At: now}))
	_, err := s.writeChunks(ctx, cut, strings.NewReader("half of i"))
	check(t, err)
	check(t, s.PutFile(ctx, store.FileInfo{ID: "f", Name: "a"}, strings.NewReader("all of it")))
	_, r, err := s.OpenFile(ctx, "f")
	check(t, err)
	if b, err := io.ReadAll(r); err != nil || string(b) != "all of it" {
		t.Errorf("read %q, error %v", b, err)
	}
	chunks := func() int64 {
		n, err := s.chunks.CountDocuments(ctx, bson.D{})
		check(t, err)
		return n
	}
	check(t, s.sweepUploads(ctx))
	if n := chunks(); n != 2 {
		t.Errorf("%d chunks while an upload may go on, want 2", n)
	}
	now = now.Add(maxUpload + time.Minute)
	check(t, s.sweepUploads(ctx))
	if n := chunks(); n != 1 {
		t.Errorf("%d chunks after the cleaning, want 1", n)
	}
}

func TestOtherFormatIsRefused(t *testing.T) {
	s := open(t, Options{})
	_, err := s.description.UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "format"}}, bson.D{{Key: "$set", Value: bson.D{{Key: "version", Value: format + 1}}}})
	check(t, err)
	if err := s.prepare(t.Context()); err == nil || !strings.Contains(err.Error(), fmt.Sprint("format ", format+1)) {
		t.Errorf("a later format gave the error %v", err)
	}
}
