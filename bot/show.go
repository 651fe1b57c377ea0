package bot

import (
	"context"
	"fmt"
	"strings"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// pageSize is how many tickets a list shows at once.
const pageSize = 10

// The lists that a button can lead on in, before the cursor.
const (
	listMine   = "mine"
	listClosed = "closed"
	listQueue  = "queue"
)

func (t *turn) listClick(ctx context.Context, c chat.Click) (chat.Reply, error) {
	list, after, _ := strings.Cut(c.Value.Arg, " ")
	switch list {
	case listMine:
		return t.mine(ctx, true, after)
	case listClosed:
		return t.mine(ctx, false, after)
	case listQueue:
		return t.queue(ctx, after)
	}
	return chat.Reply{Text: t.say.Say("old_button")}, nil
}

func (t *turn) mine(ctx context.Context, open bool, after string) (chat.Reply, error) {
	page, err := t.desk.Mine(ctx, t.by, open, after, pageSize)
	if err != nil {
		return chat.Reply{}, err
	}
	name, other := listMine, chat.Button{Label: t.say.Say("button_closed"), Value: chat.Value{Verb: verbList, Arg: listClosed}}
	if !open {
		name, other = listClosed, chat.Button{Label: t.say.Say("button_mine"), Value: chat.Value{Verb: verbList, Arg: listMine}}
	}
	r := t.list(ctx, t.say.Say("list_"+name), t.say.Say("empty_"+name), page.Tickets, name, page.Next)
	r.Buttons = append(r.Buttons, other)
	return r, nil
}

func (t *turn) queue(ctx context.Context, after string) (chat.Reply, error) {
	page, err := t.desk.Queue(ctx, t.by, after, pageSize)
	if err != nil {
		return chat.Reply{}, err
	}
	return t.list(ctx, t.say.Say("list_queue"), t.say.Say("empty_queue"), page.Tickets, listQueue, page.Next), nil
}

func (t *turn) search(ctx context.Context, text string) (chat.Reply, error) {
	if len(store.Tokens(text)) == 0 {
		return chat.Reply{Text: t.say.Say("search_what")}, nil
	}
	found, err := t.desk.Search(ctx, t.by, text, pageSize)
	if err != nil {
		return chat.Reply{}, err
	}
	words := escape(ticket.Cut(text, 80))
	return t.list(ctx, t.say.Say("list_search", "words", words), t.say.Say("empty_search", "words", words), found, "", ""), nil
}

// list shows tickets as small cards with a button each.
func (t *turn) list(ctx context.Context, head, empty string, tickets []store.Summary, name, next string) chat.Reply {
	if len(tickets) == 0 {
		return chat.Reply{Text: empty}
	}
	r := chat.Reply{Text: "**" + head + "**"}
	for _, s := range tickets {
		status, _ := t.policy.Status(s.Status)
		priority, _ := t.policy.Priority(s.Priority)
		line := []string{t.called(status.Label, s.Status, t.say), t.called(priority.Label, s.Priority, t.say)}
		if s.Assignee != "" {
			line = append(line, t.plainName(ctx, s.Assignee))
		}
		r.Posts = append(r.Posts, chat.Post{
			Card:    &chat.Card{Title: s.Key + " · " + s.Summary, Footer: strings.Join(line, " · "), Tone: status.Tone},
			Buttons: []chat.Button{{Label: t.say.Say("button_show"), Value: chat.Value{Verb: verbShow, Ticket: s.ID}}},
		})
	}
	if next != "" {
		r.Buttons = append(r.Buttons, chat.Button{Label: t.say.Say("button_next"), Value: chat.Value{Verb: verbList, Arg: name + " " + next}})
	}
	return r
}

func (t *turn) show(ctx context.Context, key string) (chat.Reply, error) {
	tk, err := t.desk.Ticket(ctx, key, t.by)
	if err != nil {
		return chat.Reply{}, err
	}
	return t.showTicket(ctx, tk), nil
}

func (t *turn) showClick(ctx context.Context, c chat.Click) (chat.Reply, error) {
	tk, err := t.desk.TicketByID(ctx, c.Value.Ticket, t.by)
	if err != nil {
		return chat.Reply{}, err
	}
	return t.showTicket(ctx, tk), nil
}

// showTicket is the ticket's card as the person may see it, with the newest part of its timeline.
func (t *turn) showTicket(ctx context.Context, tk ticket.Ticket) chat.Reply {
	team := tk.SeesNotes(t.by)
	v := view{Bot: t.Bot, say: t.say, platform: t.e.Platform}
	card := v.card(ctx, tk, team)
	const newest = 15
	var lines []string
	for _, e := range tk.Entries {
		if e.Kind == ticket.EntryOpened || e.Audience == ticket.TeamOnly && !team {
			continue
		}
		if line := v.storyLine(ctx, e); line != "" {
			lines = append(lines, line)
		}
	}
	if more := len(lines) - newest; more > 0 {
		lines = append([]string{t.say.Say("story_more", "n", more)}, lines[more:]...)
	}
	return chat.Reply{Posts: []chat.Post{{Card: &card, Text: strings.Join(lines, "\n\n"), Buttons: t.buttons(tk, t.by)}}}
}

// more does what was chosen from a card's menu.
func (t *turn) more(ctx context.Context, c chat.Click) (chat.Reply, error) {
	if len(c.Choice) != 1 || c.Choice[0] == verbMore {
		return chat.Reply{Text: t.say.Say("old_button")}, nil
	}
	v, ok := verbs[c.Choice[0]]
	if !ok || v.click == nil {
		return chat.Reply{Text: t.say.Say("old_button")}, nil
	}
	c.Value.Verb = c.Choice[0]
	return v.click(t, ctx, c)
}

// plainName is how a person is called where Markdown means nothing.
func (b *Bot) plainName(ctx context.Context, id string) string {
	p, err := b.desk.Person(ctx, id)
	if err != nil {
		b.log.WithError(fmt.Errorf("look up a name: %w", err)).Warn("a person is shown by id")
		return id
	}
	return p.Name
}
