package mongo_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/store/mongo/mongotest"
	"balie/internal/ticket"
)

// shapes collects the commands that look for documents, one of each shape.
type shapes struct {
	mu       sync.Mutex
	commands map[string]bson.Raw
}

func newShapes() *shapes { return &shapes{commands: map[string]bson.Raw{}} }

func (s *shapes) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		switch e.CommandName {
		case "find", "aggregate", "count", "distinct", "update", "delete", "findAndModify":
		default:
			return
		}
		key := e.CommandName + " " + e.Command.Lookup(e.CommandName).StringValue()
		for _, part := range []string{"filter", "query", "q", "updates", "deletes", "pipeline", "sort", "hint"} {
			if v, err := e.Command.LookupErr(part); err == nil {
				key += " " + part + shape(v)
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.commands[key]; !ok {
			s.commands[key] = slices.Clone(e.Command)
		}
	}}
}

// shape is v without its values: two queries of one shape have the same plans to choose from.
func shape(v bson.RawValue) string {
	var b strings.Builder
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		elements, err := v.Document().Elements()
		if err != nil {
			return err.Error()
		}
		for _, e := range elements {
			if e.Key() == "u" || e.Key() == "$set" { // what is written does not choose the plan
				continue
			}
			fmt.Fprintf(&b, " %s%s", e.Key(), shape(e.Value()))
		}
		return "{" + b.String() + " }"
	case bson.TypeArray:
		values, err := v.Array().Values()
		if err != nil {
			return err.Error()
		}
		for _, e := range values {
			if s := shape(e); !strings.Contains(b.String(), s) {
				b.WriteString(s)
			}
		}
		return "[" + b.String() + "]"
	case bson.TypeInt32, bson.TypeInt64:
		return "#"
	}
	return "?"
}

// check explains a command of each shape and fails on those that scan a collection or sort in memory.
func (s *shapes) check(t *testing.T, uri string) {
	database := mongotest.Database(t, uri)
	st, err := mongo.Open(t.Context(), uri, database, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, st) })
	fill(t, st)
	db := connected(t, uri, database)

	bad := bson.D{{Key: "find", Value: "tickets"}, {Key: "filter", Value: bson.D{{Key: "ticket.summary", Value: "x"}}}}
	if err := planned(t, db, bad); err == nil {
		t.Fatal("a query without an index passed the check")
	}
	bad = bson.D{
		{Key: "find", Value: "tickets"}, {Key: "filter", Value: bson.D{{Key: "names", Value: bson.D{{Key: "$gt", Value: ""}}}}},
		{Key: "sort", Value: bson.D{{Key: "ticket.updated", Value: 1}}},
	}
	if err := planned(t, db, bad); err == nil {
		t.Fatal("a query that sorts in memory passed the check")
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	for key, command := range s.commands {
		var explained bson.D
		elements, err := command.Elements()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range elements {
			switch e.Key() {
			case "lsid", "txnNumber", "$db", "$clusterTime", "$readPreference", "writeConcern", "readConcern", "maxTimeMS", "ordered":
			default:
				explained = append(explained, bson.E{Key: e.Key(), Value: e.Value()})
			}
		}
		if err := planned(t, db, explained); err != nil {
			t.Errorf("%s\n\t%v", key, err)
		}
	}
	t.Logf("%d shapes of commands explained", len(s.commands))
}

// planned says what is wrong with the plan of a command.
func planned(t *testing.T, db *driver.Database, command bson.D) error {
	t.Helper()
	var plan bson.Raw
	err := db.RunCommand(t.Context(), bson.D{{Key: "explain", Value: command}, {Key: "verbosity", Value: "queryPlanner"}}).Decode(&plan)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	stages := winning(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: plan}, false)
	indexed := false
	for _, stage := range stages {
		switch {
		case stage == "COLLSCAN", stage == "SORT", stage == "$sort":
			return fmt.Errorf("the plan has %s", stage)
		case strings.HasSuffix(stage, "IXSCAN"), stage == "IDHACK", stage == "COUNT_SCAN", strings.HasPrefix(stage, "EXPRESS"):
			indexed = true
		}
	}
	if !indexed {
		return fmt.Errorf("the plan shows no index: %v in %v", stages, plan)
	}
	return nil
}

// winning are the stages of the winning plans in an explanation.
func winning(v bson.RawValue, in bool) (stages []string) {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		elements, err := v.Document().Elements()
		if err != nil {
			return []string{err.Error()}
		}
		for _, e := range elements {
			switch {
			case in && e.Key() == "stage":
				stages = append(stages, e.Value().StringValue())
			case e.Key() == "rejectedPlans", e.Key() == "command":
			case e.Key() == "$sort":
				stages = append(stages, "$sort")
			default:
				stages = append(stages, winning(e.Value(), in || e.Key() == "winningPlan")...)
			}
		}
	case bson.TypeArray:
		values, err := v.Array().Values()
		if err != nil {
			return []string{err.Error()}
		}
		for _, e := range values {
			stages = append(stages, winning(e, in)...)
		}
	default: // a value has no stages
	}
	return stages
}

// fill makes sure that every collection exists: there is nothing to plan on one that does not.
func fill(t *testing.T, s store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, err := range []error{
		s.Create(ctx, ticket.Ticket{ID: "1", Key: "HD-1", Team: "ict", Opened: now}, nil),
		s.SavePerson(ctx, store.Person{ID: "ana"}),
		s.SaveDraft(ctx, store.Draft{Person: "ana", Form: "open", At: now}),
		s.PutRecord(ctx, store.Record{Space: "s", ID: "1"}),
		s.PutFile(ctx, store.FileInfo{ID: "f"}, strings.NewReader("x")),
		second(s.Next(ctx, "n")),
		second(s.Hold(ctx, "socket", "me", now, now.Add(time.Minute))),
		second(s.Setting(ctx, "x", func() ([]byte, error) { return []byte("x"), nil })),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
