package bot_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/ticket"
)

// homely is the platform "one" with a home for each person.
type homely struct {
	one

	hmu   sync.Mutex
	wrong map[string]error // what showing a person's home gives
	shown []string         // whose home, in order
	homes map[string]chat.Home
	tries map[string]int
}

func newHomely() *homely {
	return &homely{one: one{caps: chat.Caps{Home: true, FormRefresh: true}}, wrong: map[string]error{}, homes: map[string]chat.Home{},
		tries: map[string]int{}}
}

func (h *homely) ShowHome(_ context.Context, workspace, person string, home chat.Home) error {
	h.hmu.Lock()
	defer h.hmu.Unlock()
	h.tries[person]++
	if err := h.wrong[person]; err != nil {
		return err
	}
	h.shown = append(h.shown, workspace+"/"+person)
	h.homes[person] = home
	return nil
}

func (h *homely) Workspaces() []string { return []string{"w"} }

func (h *homely) Person(_ context.Context, _, id string) (chat.Person, error) {
	return chat.Person{ID: id, Name: strings.ToUpper(id[:1]) + id[1:]}, nil
}

// Members are the agents, whatever the channel.
func (h *homely) Members(ctx context.Context, workspace, _ string) (all []chat.Person, err error) {
	for _, id := range []string{"bram", "carla"} {
		p, err := h.Person(ctx, workspace, id)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func (h *homely) fail(person string, err error) {
	h.hmu.Lock()
	defer h.hmu.Unlock()
	h.wrong[person] = err
}

func (h *homely) tried(person string) int {
	h.hmu.Lock()
	defer h.hmu.Unlock()
	return h.tries[person]
}

func (h *homely) home(person string) chat.Home {
	h.hmu.Lock()
	defer h.hmu.Unlock()
	return h.homes[person]
}

// homeSetup is a bot with a home, whose time stands still until it is moved on. Bram and Carla are agents of ict.
type homeSetup struct {
	*setup
	on  *homely
	bot *bot.Bot

	mu    sync.Mutex
	at    time.Time
	looks int // at the time, since it was moved on
	n     int
}

func newHomeSetup(t *testing.T) *homeSetup {
	h := &homeSetup{setup: newSetup(t), on: newHomely(), at: time.Now().UTC().Truncate(time.Millisecond)}
	h.now = func() time.Time {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.looks++
		return h.at
	}
	h.bot = h.make(h.on, bot.Pace{Home: time.Millisecond, HomeEvery: 10 * time.Second, Roster: time.Hour})
	if err := h.bot.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *homeSetup) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at, h.looks = h.at.Add(d), 0
}

// intime is eventually for what a round does that has to wait: time goes on meanwhile. It moves on again and again, since
// the round before may still be reading it, but not ahead of rounds that take long.
func (h *homeSetup) intime(what string, f func() bool) {
	h.Helper()
	const enough = 10 // looks at the time, for a round that began since
	h.later(10 * time.Second)
	h.eventually(what, func() bool {
		h.mu.Lock()
		looks := h.looks
		h.mu.Unlock()
		if looks >= enough {
			h.later(10 * time.Second)
		}
		return f()
	})
}

// does is the reply to what somebody does in their home, or to opening it.
func (h *homeSetup) does(person string, f func(*chat.Event)) chat.Reply {
	h.Helper()
	h.n++
	e := chat.Event{ID: fmt.Sprint("home", h.n), Platform: "one", Workspace: "w", Home: true, Person: chat.Person{ID: person}, At: h.now()}
	f(&e)
	return handled(h.T, h.bot, e)
}

func (h *homeSetup) opens(person string) chat.Home {
	h.Helper()
	r := h.does(person, func(e *chat.Event) { e.HomeOpened = &chat.HomeOpened{} })
	if r.Home == nil {
		h.Fatalf("%s has no home: %+v", person, r)
	}
	return *r.Home
}

// presses is the reply to a button in the home.
func (h *homeSetup) presses(person string, b chat.Button) chat.Reply {
	h.Helper()
	r := h.does(person, func(e *chat.Event) { e.Click = &chat.Click{Value: b.Value} })
	if r.Home == nil && r.Form == nil {
		h.Fatalf("after %q %s has no home: %+v", b.Label, person, r)
	}
	return r
}

// ticket is a new one of Ana's, a minute after the one before.
func (h *homeSetup) ticket(summary string) ticket.Ticket {
	h.Helper()
	h.later(time.Minute)
	tk, err := h.desk.Open(h.Context(), h.actor("ana"), ticket.Open{Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: "ana",
		Type: "question", Category: "other", Summary: summary})
	if err != nil {
		h.Fatal(err)
	}
	return tk
}

func (h *homeSetup) actor(person string) ticket.Actor {
	h.Helper()
	who, err := h.desk.Identify(h.Context(), chat.Identity{Platform: "one", Workspace: "w", ID: person}, chat.Person{ID: person})
	if err != nil {
		h.Fatal(err)
	}
	return ticket.Actor{Person: who.ID, Teams: h.desk.TeamsOf(who)}
}

func (h *homeSetup) act(tk ticket.Ticket, person string, a ticket.Action) {
	h.Helper()
	h.later(time.Second)
	if _, err := h.desk.Act(h.Context(), tk.ID, h.actor(person), a); err != nil {
		h.Fatal(err)
	}
}

func labels(buttons []chat.Button) string {
	var out []string
	for _, b := range buttons {
		out = append(out, b.Label)
	}
	return strings.Join(out, ", ")
}

func labelled(t *testing.T, buttons []chat.Button, label string) chat.Button {
	t.Helper()
	for _, b := range buttons {
		if b.Label == label {
			return b
		}
	}
	t.Fatalf("no button %q among %s", label, labels(buttons))
	return chat.Button{}
}

// summaries are what the tickets of a section are about.
func summaries(s chat.Section) string {
	var out []string
	for _, p := range s.Posts {
		_, summary, _ := strings.Cut(p.Card.Title, " · ")
		out = append(out, summary)
	}
	return strings.Join(out, " ")
}

func facts(p chat.Post) string {
	var out []string
	for _, f := range p.Card.Facts {
		out = append(out, f.Label+" "+f.Value)
	}
	return strings.Join(out, ", ")
}

// reads is everything that can be read in the sections.
func reads(sections []chat.Section) string {
	var b strings.Builder
	for _, s := range sections {
		fmt.Fprintln(&b, s.Title, s.Text)
		for _, p := range s.Posts {
			fmt.Fprintln(&b, p.Card.Title, p.Card.Text, facts(p))
		}
	}
	return b.String()
}

func wantSection(t *testing.T, s chat.Section, tickets, buttons string) {
	t.Helper()
	if summaries(s) != tickets || labels(s.Buttons) != buttons || (s.Text != "") != (tickets == "") {
		t.Errorf("%s: %q (%q) with %q, want %q with %q", s.Title, summaries(s), s.Text, labels(s.Buttons), tickets, buttons)
	}
}

func TestHomeOfARequester(t *testing.T) {
	h := newHomeSetup(t)
	home := h.opens("ana")
	if len(home.Sections) != 2 || labels(home.Buttons) != "New ticket" {
		t.Fatalf("an empty home: %+v", home)
	}
	wantSection(t, home.Sections[0], "", "")
	wantSection(t, home.Sections[1], "", "")
	if r := h.presses("ana", home.Buttons[0]); r.Form == nil || r.Home != nil {
		t.Errorf("a new ticket: %+v", r)
	}
	var all []ticket.Ticket
	for i := range 14 {
		all = append(all, h.ticket(fmt.Sprint("t", i)))
	}
	h.act(all[0], "bram", ticket.Resolve{Text: "restarted"})
	h.act(all[13], "bram", ticket.Reply{Text: "on my way,\n**at once**"})
	h.act(all[13], "bram", ticket.Note{Text: "a difficult person"})
	home = h.opens("ana")
	wantSection(t, home.Sections[0], "t13 t12 t11 t10 t9", "Next")
	wantSection(t, home.Sections[1], "t0", "")
	p := home.Sections[0].Posts[0]
	if p.Card.Text != "**Bram**: on my way, **at once**" || labels(p.Buttons) != "Show" || strings.Contains(reads(home.Sections), "difficult") {
		t.Errorf("what was said last: %+v", p.Card)
	}
	if got := facts(p); !strings.HasPrefix(got, "Status In progress, Priority ") || !strings.Contains(got, ", Assignee Bram, Last word ") {
		t.Errorf("the facts are %s", got)
	}

	home = *h.presses("ana", labelled(t, home.Sections[0].Buttons, "Next")).Home
	wantSection(t, home.Sections[0], "t8 t7 t6 t5 t4", "Previous, Next")
	home = *h.presses("ana", labelled(t, home.Sections[0].Buttons, "Next")).Home
	wantSection(t, home.Sections[0], "t3 t2 t1", "Previous")
	if r := h.presses("ana", home.Sections[0].Posts[0].Buttons[0]); len(r.Posts) != 1 || summaries(r.Home.Sections[0]) != "t3 t2 t1" {
		t.Errorf("shown: %+v", r)
	}
	home = *h.presses("ana", labelled(t, home.Sections[0].Buttons, "Previous")).Home
	wantSection(t, home.Sections[0], "t8 t7 t6 t5 t4", "Previous, Next")
	home = *h.presses("ana", labelled(t, home.Sections[0].Buttons, "Next")).Home
	for _, tk := range all[1:4] { // the last page is gone
		h.act(tk, "ana", ticket.Close{})
	}
	home = *h.presses("ana", home.Sections[0].Posts[0].Buttons[0]).Home
	wantSection(t, home.Sections[0], "t13 t12 t11 t10 t9", "Next")
	wantSection(t, home.Sections[1], "t3 t2 t1 t0", "")
	for _, arg := range []string{"mine open nonsense", "mine", "", "nothing of ours", "team:ict waiting"} {
		r := h.presses("ana", chat.Button{Value: chat.Value{Verb: "home", Arg: arg}})
		wantSection(t, r.Home.Sections[0], "t13 t12 t11 t10 t9", "Next")
	}
}

func TestHomeOfAnAgent(t *testing.T) {
	h := newHomeSetup(t)
	for i := range 7 {
		h.ticket(fmt.Sprint("t", i))
	}
	home := h.opens("bram")
	team, _ := h.policy.Team("ict")
	tab := team.Label.In("en", h.policy.Languages...)
	if got, want := labels(home.Buttons), "New ticket, My tickets, Assigned to me, "+tab; got != want {
		t.Fatalf("the tabs are %s, want %s", got, want)
	}
	wantSection(t, home.Sections[0], "", "")
	home = *h.presses("bram", labelled(t, home.Buttons, tab)).Home
	wantSection(t, home.Sections[0], "t0 t1 t2 t3 t4", "Next")
	wantSection(t, home.Sections[1], "t0 t1 t2 t3 t4", "Next")

	r := h.presses("bram", labelled(t, home.Sections[0].Posts[1].Buttons, "Claim"))
	if !strings.Contains(r.Text, "is yours") {
		t.Errorf("claiming says %q", r.Text)
	}
	wantSection(t, r.Home.Sections[0], "t0 t2 t3 t4 t5", "Next")
	wantSection(t, r.Home.Sections[1], "t0 t1 t2 t3 t4", "Next")
	r = h.presses("carla", home.Sections[0].Posts[1].Buttons[0]) // of a home that she looked at before
	if !strings.Contains(r.Text, "Bram was faster") {
		t.Errorf("claiming too late says %q", r.Text)
	}
	tk, err := h.desk.TicketByID(t.Context(), home.Sections[0].Posts[0].Buttons[0].Value.Ticket, ticket.Balie)
	if err != nil {
		t.Fatal(err)
	}
	h.act(tk, "carla", ticket.Reply{Text: "which one?", Ask: true})
	h.act(tk, "carla", ticket.Note{Text: "the old one, I guess"})
	home = h.opens("bram")
	wantSection(t, home.Sections[0], "t2 t3 t4 t5 t6", "")
	wantSection(t, home.Sections[1], "t1 t2 t3 t4 t5", "Next")
	home = *h.presses("bram", labelled(t, home.Sections[1].Buttons, "Next")).Home
	wantSection(t, home.Sections[0], "t2 t3 t4 t5 t6", "")
	wantSection(t, home.Sections[1], "t6", "Previous")

	home = *h.presses("carla", labelled(t, h.opens("carla").Buttons, "Assigned to me")).Home
	wantSection(t, home.Sections[0], "t0", "")
	if got := home.Sections[0].Posts[0].Card.Text; got != "**Carla** · *Note for the team*: the old one, I guess" {
		t.Errorf("what was said last: %q", got)
	}
	if len(home.Sections) != 1 || home.Buttons[2].Style != chat.Primary || home.Buttons[0].Style != chat.Plain {
		t.Errorf("the tab does not stand out: %+v", home)
	}

	// Whoever is no agent any more has a home like everybody.
	if err := h.desk.SetAgents(t.Context(), "ict", nil); err != nil {
		t.Fatal(err)
	}
	for _, person := range []string{"bram", "carla"} {
		if home := h.opens(person); labels(home.Buttons) != "New ticket" || len(home.Sections) != 2 || len(home.Sections[0].Posts) > 0 {
			t.Errorf("%s still sees %+v", person, home)
		}
	}
	r = h.presses("carla", chat.Button{Value: chat.Value{Verb: "home", Arg: "team:ict unassigned"}})
	if len(r.Home.Sections) != 2 || len(r.Home.Sections[0].Posts) > 0 {
		t.Errorf("an old button shows %+v", r.Home)
	}
}

// TestNoHomes costs nothing where no platform has a home.
func TestNoHomes(t *testing.T) {
	s := newSetup(t)
	s.make(&one{}, bot.Pace{})
	if s.desk.Watch != nil {
		t.Error("somebody watches every change")
	}
}

func TestHelpTellsOfTheHome(t *testing.T) {
	for has, want := range map[bool]int{true: 1, false: 0} {
		s := newSetup(t)
		b := s.make(&one{caps: chat.Caps{Home: has}}, bot.Pace{})
		e := event("help")
		e.Command = &chat.Command{Name: "ticket", Text: "help"}
		if n := strings.Count(handled(t, b, e).Text, "home tab"); n != want {
			t.Errorf("with a home: %v, the help tells of it %d times", has, n)
		}
	}
}
