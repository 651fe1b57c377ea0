package e2e

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/app"
	"balie/internal/store"
	"balie/internal/ticket"
)

// forgetful is a stubborn store that holds up, or is away with, what forms and buttons of Discord carry, too.
type forgetful struct {
	*stubborn
	late *atomic.Bool
}

// PutRecord implements store.Store.
func (s forgetful) PutRecord(ctx context.Context, r store.Record) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.stubborn.PutRecord(ctx, r)
}

// AddRecord implements store.Store.
func (s forgetful) AddRecord(ctx context.Context, r store.Record) (store.Record, bool, error) {
	if err := s.wait(ctx); err != nil {
		return store.Record{}, false, err
	}
	return s.stubborn.AddRecord(ctx, r)
}

// Record implements store.Store.
func (s forgetful) Record(ctx context.Context, space, id string) (store.Record, error) {
	if err := s.wait(ctx); err != nil {
		return store.Record{}, err
	}
	return s.stubborn.Record(ctx, space, id)
}

// Create implements store.Store. A late one keeps the ticket, and tells when it is late no more.
func (s forgetful) Create(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	if !s.late.Load() {
		return s.stubborn.Create(ctx, t, out)
	}
	err := s.stubborn.Create(context.WithoutCancel(ctx), t, out)
	<-ctx.Done()
	until(func() bool { return !s.late.Load() })
	return err
}

// onForgetful has the program use a store that can be held up, be away, or be late.
func (w *discordWorld) onForgetful() forgetful {
	w.Helper()
	s := forgetful{(&slackWorld{world: w.world}).onStubborn(), &atomic.Bool{}}
	opened := w.adjust
	w.paced(func(o *app.Options) {
		opened(o)
		o.Store = s
	})
	return s
}

// inTime fails the test if Discord would not have waited for the answer to what somebody does.
func (w *discordWorld) inTime(does func() discordfake.Answer) discordfake.Answer {
	w.Helper()
	began := time.Now()
	told := does()
	if took := time.Since(began); took > 3*time.Second {
		w.Errorf("it was answered after %s", took)
	}
	return told
}

// TestDiscordStoreAway has the store leave, or take too long, while people type commands, send forms and press buttons: they
// are told within Discord's time, lose nothing of what they typed, and the same form works once when it is back.
func TestDiscordStoreAway(t *testing.T) {
	for name, begin := range map[string]func(forgetful) (end func()){
		"away": func(s forgetful) func() { s.leave(true); return func() { s.leave(false) } },
		"slow": func(s forgetful) func() { return s.hold() },
	} {
		for _, by := range discordTransports {
			t.Run(name+"/"+string(by), func(t *testing.T) {
				t.Parallel()
				w := onDiscordBy(t, by, discordfake.Options{}, nil)
				s := w.onForgetful()
				w.livesWithout(func() (end func()) { return begin(s) })
			})
		}
	}
}

// livesWithout has people ask, answer and decide without a store, which begin takes away.
func (w *discordWorld) livesWithout(begin func() (end func())) {
	w.Helper()
	const wrong = "Something went wrong here, and nothing was stored"
	ana, carla := w.as("ana"), w.as("carla")

	// Both pages of a form are sent without a store, and a command is typed meanwhile.
	w.longForm(ana, "The store is away")
	end := begin()
	first := w.inTime(func() discordfake.Answer { return w.sendsPage(ana, "location", "3.14", "problem", "jam") })
	kept := w.says(first, "Page 1 of 2 is kept")
	w.inTime(func() discordfake.Answer { return w.presses(ana, kept, "Continue (2/2)") })
	last := w.inTime(func() discordfake.Answer { return w.sendsPage(ana, "description", "A long and careful description") })
	again := w.says(last, wrong)
	w.says(w.inTime(func() discordfake.Answer {
		return w.told(w.user(ana).Command(w.Context(), w.channel("ana", "general"), "ticket", "new", nil))
	}), wrong)
	page := w.inTime(func() discordfake.Answer { return w.presses(ana, again, "Try again") }).Form
	if page == nil || page.Field("description").Value[0] != "A long and careful description" {
		w.Fatalf("the page opens again as %+v", page)
	}
	end()
	key := keyIn(w.says(w.sendsPage(ana), "Your ticket is", "HD-").Content)
	mine := ana.sees(direct, "", key+" · ")
	card := carla.sees("ict-triage", "", key+" · The store is away", "A long and careful description", "Where is it?: 3.14",
		"Paper jam")
	entered := map[string][]string{"description": {"A long and careful description"}}
	w.says(w.told(w.user(ana).ForgeForm(w.Context(), page, entered)), key) // the same form again is the same ticket

	// A button, and a form of one page.
	end = begin()
	w.says(w.inTime(func() discordfake.Answer { return w.presses(carla, w.raw(card), "Claim") }), wrong)
	end()
	carla.reads(carla.clicks(card, "Claim"), "is yours")
	ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
	w.presses(carla, w.raw(card), "Reply")
	end = begin()
	again = w.says(w.inTime(func() discordfake.Answer { return w.sendsPage(carla, "text", "On my way") }), wrong)
	end()
	if page = w.presses(carla, again, "Try again").Form; page == nil || page.Field("text").Value[0] != "On my way" {
		w.Fatalf("the reply opens again as %+v", page)
	}
	w.sendsPage(carla)
	ana.sees(direct, mine.ID, "Carla Jansen: On my way")
	carla.sees("ict-triage", card.ID, "On my way")
	w.settled()
	carla.inOrder("ict-triage", "", "The store is away")
	carla.inOrder("ict-triage", card.ID, "On my way")
	ana.inOrder(direct, mine.ID, "On my way")
	if told := w.log.take("could not be handled"); len(told) != 5 { // two pages, a command, a button, a reply
		w.Errorf("the log says %d times that something could not be handled: %q", len(told), told)
	}
}

// TestDiscordStoreLate has the store keep a ticket, and tell so when Discord waits no more: who tries the form again has the
// same ticket, and no second one.
func TestDiscordStoreLate(t *testing.T) {
	for _, by := range discordTransports {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			w := onDiscordBy(t, by, discordfake.Options{}, nil)
			s := w.onForgetful()
			ana, carla := w.as("ana"), w.as("carla")
			ana.starts("general", "/ticket The clock is late", "type", "question", "category", "other")
			s.late.Store(true)
			late := w.inTime(func() discordfake.Answer { return w.sendsPage(ana, "description", "By an hour") })
			again := w.says(late, "That did not work just now")
			s.late.Store(false)
			page := w.presses(ana, again, "Try again").Form
			if page == nil || page.Field("description").Value[0] != "By an hour" {
				t.Fatalf("the page opens again as %+v", page)
			}
			w.says(w.sendsPage(ana), "Your ticket is", "HD-00001")
			ana.sees(direct, "", "Here you follow", "HD-00001")
			carla.sees("ict-triage", "", "HD-00001 · The clock is late", "By an hour")
			w.settled()
			carla.inOrder("ict-triage", "", "The clock is late")
		})
	}
}
