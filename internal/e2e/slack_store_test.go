package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/internal/app"
	"balie/internal/store"
	"balie/internal/ticket"
)

// stubborn is a store that can be held up, or be away.
type stubborn struct {
	store.Store

	mu   sync.Mutex
	held chan struct{} // nil while nothing is held up
	away bool
}

var errAway = errors.New("the store is away")

// hold holds everything up that people ask for, until free is called.
func (s *stubborn) hold() (free func()) {
	held := make(chan struct{})
	s.mu.Lock()
	s.held = held
	s.mu.Unlock()
	return sync.OnceFunc(func() {
		s.mu.Lock()
		s.held = nil
		s.mu.Unlock()
		close(held)
	})
}

func (s *stubborn) leave(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *stubborn) wait(ctx context.Context) error {
	s.mu.Lock()
	held, away := s.held, s.away
	s.mu.Unlock()
	if away {
		return errAway
	}
	if held == nil {
		return nil
	}
	select {
	case <-held:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Draft implements store.Store.
func (s *stubborn) Draft(ctx context.Context, person, form string) (store.Draft, error) {
	if err := s.wait(ctx); err != nil {
		return store.Draft{}, err
	}
	return s.Store.Draft(ctx, person, form)
}

// SaveDraft implements store.Store.
func (s *stubborn) SaveDraft(ctx context.Context, d store.Draft) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.Store.SaveDraft(ctx, d)
}

// Create implements store.Store.
func (s *stubborn) Create(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.Store.Create(ctx, t, out)
}

// Save implements store.Store.
func (s *stubborn) Save(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.Store.Save(ctx, t, out)
}

// onStubborn has the program use a store that can be held up.
func (w *slackWorld) onStubborn() *stubborn {
	w.Helper()
	s := &stubborn{}
	w.adjust = func(o *app.Options) {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		inner, err := app.OpenStore(w.Context(), o.Config, silent)
		if err != nil {
			w.Fatal(err)
		}
		s.Store, o.Store = inner, s
	}
	w.restart()
	return s
}

// TestSlackFormBeforeTheStore opens the form although the store does not answer, for a moment and for longer than Slack
// waits, and brings it up to date when the store has answered: with the draft.
func TestSlackFormBeforeTheStore(t *testing.T) {
	for _, c := range []struct {
		name string
		held time.Duration
	}{{"a moment", 100 * time.Millisecond}, {"too long", 3500 * time.Millisecond}} {
		t.Run(c.name, func(t *testing.T) {
			onSlack(t, func(t *testing.T, w *slackWorld) {
				s := w.onStubborn()
				ana, carla := w.as("ana"), w.as("carla")
				ana.reads(ana.closes(ana.types("general", "/ticket").Form, "summary", "half a thought",
					"description", "and the other half"), "is kept")

				free := s.hold()
				defer free()
				began := time.Now()
				var asked sync.WaitGroup
				asked.Go(func() { ana.types("general", "/ticket") })
				w.eventually(func() error {
					if w.slack.team.As("ana").View() == nil {
						return errors.New("no form opens")
					}
					return nil
				})
				if got := w.field(w.looksAt(ana), "summary").Value; len(got) > 0 {
					t.Errorf("the form knows %q, which only the store does", got)
				}
				time.Sleep(c.held - time.Since(began)) // no condition: that is how long the store takes
				free()
				asked.Wait()
				if took := time.Since(began); c.held < time.Second && took > 3*time.Second {
					t.Errorf("Slack was answered after %s", took)
				}
				var f *form
				w.eventually(func() error {
					f = w.looksAt(ana)
					if got := w.field(f, "summary").Value; len(got) == 0 || got[0] != "half a thought" {
						return fmt.Errorf("the summary is %q", got)
					}
					return nil
				})
				if f.Intro == "" {
					t.Error("nothing says where the text comes from")
				}
				if got := w.field(f, "description").Value; len(got) == 0 || got[0] != "and the other half" {
					t.Errorf("the description is %q", got)
				}
				ana.reads(ana.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-00001")
				ana.sees(direct, "", "HD-00001 · ")
				carla.sees("ict-triage", "", "HD-00001 · half a thought")
				if told := w.log.take("read the draft", "deadline exceeded"); (len(told) > 0) != (c.held > time.Second) {
					t.Errorf("the log says of the store: %q", told)
				}
			})
		})
	}
}

// TestSlackStoreAway has the store leave while people send forms and press buttons: they are told, lose nothing, and the
// same form works once when it is back.
func TestSlackStoreAway(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		s := w.onStubborn()
		ana, carla := w.as("ana"), w.as("carla")
		f := ana.types("general", "/ticket the store is away").Form
		f = ana.picks(f, f.with("type", "question"), "category", "other")
		in := f.with("description", "A long and careful description")
		s.leave(true)
		a := ana.works(ana.trySend(f, in))
		if a.Refused != "" || len(a.Errors) == 0 || a.Form == nil {
			t.Fatalf("without a store Ana sees %+v", a)
		}
		for _, line := range a.Errors {
			if !strings.Contains(line, "Something went wrong here, and nothing was stored") {
				t.Errorf("Ana reads %q", line)
			}
		}
		if got := w.field(a.Form, "description").Value; len(got) != 1 || got[0] != "A long and careful description" {
			t.Errorf("the description is %q now", got)
		}
		s.leave(false)
		m := ana.reads(ana.sends(a.Form, in), "Your ticket is", "HD-")
		key := keyIn(m.Text)
		ana.reads(ana.sends(a.Form, in), key) // the same form again is the same ticket
		mine := ana.sees(direct, "", key+" · ")
		card := carla.sees("ict-triage", "", key+" · the store is away")

		s.leave(true)
		carla.reads(carla.clicks(card, "Claim"), "Something went wrong here")
		reply := carla.clicks(card, "Reply").Form
		a = carla.works(carla.trySend(reply, reply.with("text", "On my way")))
		if len(a.Errors) == 0 || a.Form == nil {
			t.Errorf("without a store Carla sees %+v", a)
		}
		s.leave(false)
		carla.reads(carla.clicks(card, "Claim"), "is yours")
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
		carla.fills(reply, "text", "On my way")
		ana.sees(direct, mine.ID, "Carla Jansen: On my way")
		carla.sees("ict-triage", card.ID, "On my way")
		for _, line := range w.log.take("could not be handled") {
			if !strings.Contains(line, errAway.Error()) {
				t.Errorf("logged: %s", line)
			}
		}
	})
}
