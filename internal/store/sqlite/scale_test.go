package sqlite_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/internal/store"
	"balie/internal/store/sqlite"
	"balie/internal/ticket"
)

var scale = flag.Int("scale", 0, "with how many tickets TestScale measures; 0 to leave it out")

// TestScale fills a store, and prints how long it takes to fill and open it and to read lists.
func TestScale(t *testing.T) {
	if *scale == 0 {
		t.Skip("-scale was not given")
	}
	path := filepath.Join(t.TempDir(), "balie.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	first := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	err = store.RestoreAll(t.Context(), s, func(yield func(store.Item, error) bool) {
		for n := range *scale {
			k := benchTicket(n, first.Add(time.Duration(n)*2*time.Minute))
			k.Version = 1
			if n < *scale*99/100 {
				k.Phase = ticket.Closed
			}
			if n%2 == 0 {
				k.Assignee = fmt.Sprint("agent", n%40)
			}
			body, err := json.Marshal(store.TicketItem{Ticket: k})
			if !yield(store.Item{Kind: store.KindTicket, Body: body}, err) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	filled := time.Since(begun)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tickets in %v: %.0f a second, %d MB", *scale, filled.Round(time.Second), float64(*scale)/filled.Seconds(), info.Size()>>20)
	begun = time.Now()
	s = open(t, path)
	t.Logf("opened in %v", time.Since(begun))
	open := true
	for what, q := range map[string]store.Query{
		"queue":            {Team: "ict", Open: &open, Order: store.Oldest, Limit: 50},
		"all of a team":    {Team: "ict", Limit: 50},
		"mine":             {Person: "01PERSON00042", Limit: 50},
		"assigned":         {Assignee: "agent2", Open: &open, Limit: 50},
		"team's words":     {Team: "ict", Words: []string{"printer", "broken"}, Limit: 50},
		"open team's word": {Team: "ict", Open: &open, Words: []string{"printer"}, Limit: 50},
		"my word's start":  {Person: "01PERSON00042", Words: []string{"pri"}, Limit: 50},
		"a long start":     {Person: "01PERSON00042", Words: []string{"print"}, Limit: 50},
		"a rare word":      {Team: "ict", Words: []string{"hd-00030"}, Limit: 50},
	} {
		took := make([]time.Duration, 300)
		var found int
		for i := range took {
			begun := time.Now()
			p, err := s.Find(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			took[i], found = time.Since(begun), len(p.Tickets)
		}
		slices.Sort(took)
		t.Logf("%-18s %3d tickets: p50 %v, p99 %v", what, found, took[150], took[297])
	}
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "VmRSS") {
				t.Log(line)
			}
		}
	}
}
