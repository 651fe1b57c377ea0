package desk_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"balie/deploy"
	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/policy"
	"balie/internal/store"
	"balie/internal/store/sqlite"
	"balie/internal/ticket"
)

func newDesk(t *testing.T) *desk.Desk {
	t.Helper()
	p, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "balie.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return desk.New(s, p, time.Now)
}

func order(summary string) ticket.Open {
	return ticket.Open{Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: "U1", Type: "question", Category: "other", Summary: summary}
}

// TestOneEventIsOneTicket sends the same event many times at once, as a platform does that got no answer.
func TestOneEventIsOneTicket(t *testing.T) {
	d := newDesk(t)
	var wg sync.WaitGroup
	keys := make([]string, 32)
	for i := range keys {
		wg.Go(func() {
			tk, err := d.Open(t.Context(), ticket.Actor{Person: "ana", Event: "e1"}, order("printer"))
			if err != nil {
				t.Error(err)
			}
			keys[i] = tk.Key
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] {
			t.Fatalf("one event made %v", keys)
		}
	}
	page, err := d.Mine(t.Context(), ticket.Actor{Person: "ana"}, true, "", 50)
	if err != nil || len(page.Tickets) != 1 {
		t.Errorf("Ana has %d tickets, %v", len(page.Tickets), err)
	}
}

// TestManyAtOnce lets many agents act on one ticket at once: nothing that was acknowledged is lost.
func TestManyAtOnce(t *testing.T) {
	d := newDesk(t)
	tk, err := d.Open(t.Context(), ticket.Actor{Person: "ana"}, order("printer"))
	if err != nil {
		t.Fatal(err)
	}
	const agents, notes = 16, 5
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for a := range agents {
		wg.Go(func() {
			by := ticket.Actor{Person: fmt.Sprint("agent", a), Teams: []string{"ict"}}
			c, err := d.Act(t.Context(), tk.ID, by, ticket.Claim{})
			if p, ok := errors.AsType[*ticket.Problem](err); err != nil && (!ok || p.Code != ticket.AlreadyClaimed) {
				t.Errorf("claim: %v", err)
			}
			if err == nil && !c.Nothing {
				mu.Lock()
				won++
				mu.Unlock()
			}
			for n := range notes {
				if _, err := d.Act(t.Context(), tk.ID, by, ticket.Note{Text: fmt.Sprint(a, " ", n)}); err != nil {
					t.Errorf("note: %v", err)
				}
			}
		})
	}
	wg.Wait()
	after, err := d.TicketByID(t.Context(), tk.ID, ticket.Balie)
	if err != nil {
		t.Fatal(err)
	}
	if won != 1 || after.Last != 2+agents*notes || len(after.Entries) != after.Last {
		t.Errorf("%d won the claim; %d entries, the last is %d, want %d", won, len(after.Entries), after.Last, 2+agents*notes)
	}
}

// TestIdentify knows people by any of their accounts.
func TestIdentify(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	one, two := chat.Identity{Platform: "one", Workspace: "w", ID: "U1"}, chat.Identity{Platform: "two", ID: "77"}
	ana, err := d.Identify(ctx, one, chat.Person{ID: "U1", Name: "Ana\u202e Silva", Email: "ana@example.org", Locale: "nl-NL"})
	if err != nil || ana.Name != "Ana Silva" {
		t.Fatalf("%+v, %v", ana, err)
	}
	same, err := d.Identify(ctx, two, chat.Person{ID: "77", Email: "ANA@example.org"})
	if err != nil || same.ID != ana.ID || len(same.Identities) != 2 || same.Name != "Ana Silva" {
		t.Errorf("by e-mail: %+v, %v", same, err)
	}
	renamed, err := d.Identify(ctx, one, chat.Person{ID: "U1", Name: "Ana Bakker"})
	if err != nil || renamed.ID != ana.ID || renamed.Name != "Ana Bakker" || renamed.Email == "" {
		t.Errorf("renamed: %+v, %v", renamed, err)
	}
	if p, err := d.Person(ctx, ana.ID); err != nil || p.Name != "Ana Bakker" {
		t.Errorf("read back: %+v, %v", p, err)
	}
	if _, err := d.Identify(ctx, chat.Identity{Platform: "one"}, chat.Person{}); err == nil {
		t.Error("nobody was identified")
	}
	var wg sync.WaitGroup
	ids := make([]string, 16)
	for i := range ids {
		wg.Go(func() {
			p, err := d.Identify(ctx, chat.Identity{Platform: "one", Workspace: "w", ID: "U9"}, chat.Person{ID: "U9", Name: "New"})
			if err != nil {
				t.Error(err)
			}
			ids[i] = p.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one account is several people: %v", ids)
		}
	}
}

// TestAgents takes the roster over from what the platforms told last.
func TestAgents(t *testing.T) {
	d := newDesk(t)
	bram := chat.Identity{Platform: "one", Workspace: "w", ID: "U2"}
	who := store.Person{Identities: []chat.Identity{bram}}
	if got := d.TeamsOf(who); got != nil {
		t.Errorf("before anybody told: %v", got)
	}
	if err := d.SetAgents(t.Context(), "ict", []chat.Identity{bram}); err != nil {
		t.Fatal(err)
	}
	again := desk.New(d.Store, d.Policy, time.Now) // another process, or the next start
	if err := again.LoadAgents(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*desk.Desk{d, again} {
		if got := d.TeamsOf(who); len(got) != 1 || got[0] != "ict" {
			t.Errorf("Bram's teams are %v", got)
		}
	}
	if err := d.SetAgents(t.Context(), "ict", nil); err != nil {
		t.Fatal(err)
	}
	if got := d.TeamsOf(who); got != nil {
		t.Errorf("after leaving: %v", got)
	}
}
