package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// The tabs of a home. A team's is called after the team.
const (
	tabMine     = "mine"
	tabAssigned = "assigned"
	tabTeam     = "team:"
)

// The sections of a home that have pages.
const (
	sectionOpen       = "open"
	sectionDone       = "done"
	sectionAssigned   = "assigned"
	sectionUnassigned = "unassigned"
	sectionWaiting    = "waiting"
)

const (
	homeSpace = "home"        // where it is kept whose home is open, and what it shows
	homeFresh = 8 * time.Hour // for how long after its person did something a home is brought up to date
	homePage  = 5             // tickets in a section
	homeSaid  = 200           // characters of what was said last
	homePages = 50            // that there is a way back through
)

// home is somebody's home, as it is kept.
type home struct {
	Account chat.Identity       `json:"account"`
	Person  string              `json:"person"`
	At      time.Time           `json:"at"` // when they last opened it or did something there
	Tab     string              `json:"tab"`
	Pages   map[string][]string `json:"pages,omitempty"` // by section, the cursors that led to the page that it shows; none for the first
}

// record is the home as the store keeps it: with the others of its platform, the one used last first.
func (h home) record() (store.Record, error) {
	body, err := json.Marshal(h)
	if err != nil {
		return store.Record{}, fmt.Errorf("write a home: %w", err)
	}
	return store.Record{Space: homeSpace, ID: h.Account.Key(), Group: h.Account.Platform, Order: homeOrder(h.At) + "." + h.Account.Key(), Body: body}, nil
}

func homeOrder(at time.Time) string { return fmt.Sprintf("%015d", at.UnixMilli()) }

// homeOf is the home of the account as it is kept, or a new one.
func (b *Bot) homeOf(ctx context.Context, account chat.Identity) (home, error) {
	r, err := b.desk.Store.Record(ctx, homeSpace, account.Key())
	if errors.Is(err, store.ErrNotFound) {
		return home{Account: account, Tab: tabMine}, nil
	}
	if err != nil {
		return home{}, fmt.Errorf("read a home: %w", err)
	}
	var h home
	if err := json.Unmarshal(r.Body, &h); err != nil {
		return home{}, fmt.Errorf("read the home of %s: %w", account.Key(), err)
	}
	return h, nil
}

// turnTo makes the home show a tab or, with a section, the page of it that the cursor leads to.
func (h *home) turnTo(tab, section, cursor string) {
	if tab != h.Tab {
		h.Tab, h.Pages = tab, nil
	}
	if section == "" {
		h.Pages = nil
		return
	}
	way := h.Pages[section]
	if cursor == "" {
		way = nil
	} else if i := slices.Index(way, cursor); i >= 0 {
		way = way[:i+1]
	} else {
		way = append(way, cursor)
	}
	if h.Pages == nil {
		h.Pages = map[string][]string{}
	}
	h.Pages[section] = way[max(0, len(way)-homePages):]
}

// homeOpened shows the home of whoever opened it, on the tab where they left it.
func (t *turn) homeOpened(ctx context.Context) (chat.Reply, error) {
	return t.replyHome(ctx, func(h *home) { h.Pages = nil })
}

// homeClick turns to another tab or page.
func (t *turn) homeClick(ctx context.Context, c chat.Click) (chat.Reply, error) {
	at := append(strings.SplitN(c.Value.Arg, " ", 3), "", "")
	return t.replyHome(ctx, func(h *home) { h.turnTo(at[0], at[1], at[2]) })
}

// replyHome is the person's home after f, which it keeps.
func (t *turn) replyHome(ctx context.Context, f func(*home)) (chat.Reply, error) {
	change := t.homes[t.e.Platform].known()
	h, err := t.homeOf(ctx, t.e.Identity())
	if err != nil {
		return chat.Reply{}, err
	}
	f(&h)
	h.Person, h.At = t.who.ID, t.now().UTC()
	shown, err := t.home(ctx, &h)
	if err != nil {
		return chat.Reply{}, err
	}
	r, err := h.record()
	if err == nil {
		err = t.desk.Store.PutRecord(ctx, r)
	}
	if err != nil {
		return chat.Reply{}, fmt.Errorf("keep a home: %w", err)
	}
	t.homes[t.e.Platform].answered(h.Account, change)
	return chat.Reply{Home: shown}, nil
}

// withHome adds the home to the reply to what was done there, as it is now. What opens a form changes nothing yet.
func (t *turn) withHome(ctx context.Context, r chat.Reply, err error) (chat.Reply, error) {
	e := t.e
	if !e.Home || err != nil || r.Home != nil || r.Form != nil || len(r.Errors) > 0 || e.Query != nil ||
		e.Submit != nil && (e.Submit.Closed || e.Submit.Changed != "") {
		return r, err
	}
	now, err := t.replyHome(ctx, func(*home) {})
	if err != nil {
		t.log.WithError(err).WithField("platform", e.Platform).Warn("a home stays as it was") // what was asked for is done
	}
	r.Home = now.Home
	return r, nil
}

// home is what the person's home shows. What can't be shown any more, h does not have afterwards.
func (t *turn) home(ctx context.Context, h *home) (*chat.Home, error) {
	team := strings.TrimPrefix(h.Tab, tabTeam)
	switch {
	case h.Tab == tabMine:
	case h.Tab == tabAssigned && len(t.by.Teams) > 0:
	case team != h.Tab && t.by.Agent(team):
	default: // of another time, when they were an agent
		h.turnTo(tabMine, "", "")
	}
	out := &chat.Home{Buttons: t.tabs(h.Tab)}
	var err error
	add := func(s chat.Section, wrong error) {
		out.Sections = append(out.Sections, s)
		err = errors.Join(err, wrong)
	}
	switch h.Tab {
	case tabMine:
		add(t.section(ctx, h, section{name: sectionOpen, title: t.say.Say("list_mine"), empty: t.say.Say("empty_mine"),
			find: func(after string) (store.Page, error) { return t.desk.Mine(ctx, t.by, true, after, homePage) }}))
		add(t.section(ctx, h, section{name: sectionDone, title: t.say.Say("list_closed"), empty: t.say.Say("empty_closed"),
			find: func(after string) (store.Page, error) { return t.desk.Mine(ctx, t.by, false, after, homePage) }}))
	case tabAssigned:
		add(t.section(ctx, h, section{name: sectionAssigned, title: t.say.Say("home_assigned"), empty: t.say.Say("home_assigned_empty"),
			find: func(after string) (store.Page, error) { return t.desk.Assigned(ctx, t.by, after, homePage) }}))
	default:
		add(t.section(ctx, h, section{name: sectionUnassigned, title: t.say.Say("home_unassigned"), empty: t.say.Say("home_unassigned_empty"),
			find: func(after string) (store.Page, error) { return t.desk.Unassigned(ctx, t.by, team, after, homePage) }}))
		add(t.section(ctx, h, section{name: sectionWaiting, title: t.say.Say("home_waiting"), empty: t.say.Say("home_waiting_empty"),
			find: func(after string) (store.Page, error) { return t.desk.Waiting(ctx, t.by, team, after, homePage) }}))
	}
	return out, err
}

// tabs are the buttons above everything: a new ticket and, for agents, what else the home can show.
func (t *turn) tabs(current string) []chat.Button {
	open := chat.Button{Label: t.say.Say("button_open"), Value: openArg{}.value(), Style: chat.Primary}
	if len(t.by.Teams) == 0 {
		return []chat.Button{open}
	}
	open.Style = chat.Plain // the tab that is shown stands out
	buttons := []chat.Button{open}
	tab := func(name, label string) {
		b := chat.Button{Label: label, Value: chat.Value{Verb: verbHome, Arg: name}}
		if name == current {
			b.Style = chat.Primary
		}
		buttons = append(buttons, b)
	}
	tab(tabMine, t.say.Say("home_tab_mine"))
	tab(tabAssigned, t.say.Say("home_tab_assigned"))
	for _, id := range t.by.Teams {
		team, _ := t.policy.Team(id)
		tab(tabTeam+id, t.called(team.Label, id, t.say))
	}
	return buttons
}

// section is a list of tickets in a home, a page at a time.
type section struct {
	name, title, empty string
	find               func(after string) (store.Page, error)
}

func (t *turn) section(ctx context.Context, h *home, s section) (chat.Section, error) {
	out := chat.Section{Title: s.title}
	way := h.Pages[s.name]
	var page store.Page
	var err error
	if len(way) > 0 {
		page, err = s.find(way[len(way)-1])
	}
	if len(page.Tickets) == 0 { // the first page, or all that was there is gone, or the cursor is another store's
		way = nil
		delete(h.Pages, s.name)
		page, err = s.find("")
	}
	if err != nil {
		return out, err
	}
	for _, found := range page.Tickets {
		p, err := t.homePost(ctx, found.ID, s.name)
		if _, gone := errors.AsType[*ticket.Problem](err); gone {
			continue
		}
		if err != nil {
			return out, err
		}
		out.Posts = append(out.Posts, p)
	}
	if len(out.Posts) == 0 {
		out.Text = s.empty
	}
	turn := func(label, cursor string) {
		out.Buttons = append(out.Buttons, chat.Button{Label: label,
			Value: chat.Value{Verb: verbHome, Arg: strings.TrimSpace(h.Tab + " " + s.name + " " + cursor)}})
	}
	switch {
	case len(way) == 1:
		turn(t.say.Say("button_previous"), "")
	case len(way) > 1:
		turn(t.say.Say("button_previous"), way[len(way)-2])
	}
	if page.Next != "" {
		turn(t.say.Say("button_next"), page.Next)
	}
	return out, nil
}

// homePost is a ticket in a home: what it is about, where it stands and what was said last.
func (t *turn) homePost(ctx context.Context, id, section string) (chat.Post, error) {
	tk, err := t.desk.TicketByID(ctx, id, t.by)
	if err != nil {
		return chat.Post{}, err
	}
	status, _ := t.policy.Status(tk.Status)
	priority, _ := t.policy.Priority(tk.Priority)
	assignee := t.say.Say("nobody")
	if tk.Assignee != "" {
		assignee = t.plainName(ctx, tk.Assignee)
	}
	card := &chat.Card{Title: tk.Key + " · " + tk.Summary, Tone: status.Tone, Facts: []chat.Fact{
		{Label: t.say.Say("fact_status"), Value: t.called(status.Label, tk.Status, t.say)},
		{Label: t.say.Say("fact_priority"), Value: t.called(priority.Label, tk.Priority, t.say)},
		{Label: t.say.Say("fact_assignee"), Value: assignee},
	}}
	said := t.lastSaid(ctx, tk, card)
	if since := tk.WaitsSince(); section == sectionWaiting && !since.IsZero() && !since.Equal(said) {
		card.Facts = append(card.Facts, ago(t.say.Say("fact_waits"), since))
	}
	p := chat.Post{Card: card}
	if section == sectionUnassigned && tk.Assignee == "" {
		p.Buttons = append(p.Buttons, t.button(tk, verbClaim))
	}
	p.Buttons = append(p.Buttons, t.button(tk, verbShow))
	return p, nil
}

// lastSaid puts on the card what was said last that the person may read, by whom and when.
func (t *turn) lastSaid(ctx context.Context, tk ticket.Ticket, card *chat.Card) time.Time {
	notes := tk.SeesNotes(t.by)
	for _, e := range slices.Backward(tk.Entries) {
		if e.Deleted || e.Text == "" && len(e.Files) == 0 || e.Audience == ticket.TeamOnly && !notes || e.Kind == ticket.EntryQuote ||
			e.Kind == ticket.EntryUndelivered {
			continue
		}
		text := e.Text
		if text == "" {
			text = t.say.Say("story_files", "files", escape(fileNames(e.Files)))
		}
		who := "**" + t.name(ctx, e.By) + "**"
		if e.Audience == ticket.TeamOnly {
			who += " · *" + t.say.Say("note_head") + "*"
		}
		card.Text = who + ": " + ticket.Cut(ticket.Line(text), homeSaid)
		card.Facts = append(card.Facts, ago(t.say.Say("fact_said"), e.At))
		return e.At
	}
	card.Facts = append(card.Facts, ago(t.say.Say("fact_opened"), tk.Opened))
	return tk.Opened
}

func ago(label string, at time.Time) chat.Fact {
	return chat.Fact{Label: label, Value: at.Format(time.RFC3339), Since: at}
}
