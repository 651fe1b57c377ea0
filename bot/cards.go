package bot

import (
	"context"
	"strings"
	"time"

	"balie/internal/chat"
	"balie/internal/i18n"
	"balie/internal/store"
	"balie/internal/ticket"
)

// view renders tickets for one reader: the one place where a ticket becomes cards and posts.
type view struct {
	*Bot
	say      i18n.Voice
	platform string
}

// card is a ticket's card: the team's, or the requester's side's.
func (v view) card(ctx context.Context, tk ticket.Ticket, team bool) chat.Card {
	status, _ := v.policy.Status(tk.Status)
	requested, _ := v.policy.Priority(tk.Requested)
	given, _ := v.policy.Priority(tk.Priority)
	category, _ := v.policy.Category(tk.Category)
	who, err := v.desk.Person(ctx, tk.Requester)
	if err != nil {
		v.log.WithError(err).Warn("a card is shown without its requester")
	}
	c := chat.Card{Title: tk.Key + " · " + tk.Summary, Tone: status.Tone, Text: ticket.Cut(tk.Description, ticket.CardText)}
	if team {
		c.Author = &chat.Author{Name: who.Name, Avatar: who.Avatar}
	}
	fact := func(id, value string) {
		if value != "" {
			c.Facts = append(c.Facts, chat.Fact{Label: v.say.Say(id), Value: value})
		}
	}
	fact("fact_status", v.called(status.Label, tk.Status, v.say))
	if tk.Assignee == "" {
		fact("fact_assignee", v.say.Say("nobody"))
	} else {
		fact("fact_assignee", v.plainName(ctx, tk.Assignee))
	}
	fact("fact_priority", v.called(given.Label, tk.Priority, v.say))
	if team || tk.Requested != tk.Priority {
		fact("fact_requested", v.called(requested.Label, tk.Requested, v.say))
	}
	fact("fact_category", v.called(category.Label, tk.Category, v.say))
	c.Facts = append(c.Facts, chat.Fact{Label: v.say.Say("fact_opened"), Value: tk.Opened.Format(time.RFC3339), Since: tk.Opened})
	for _, f := range category.Fields {
		if value := v.answer(ctx, f, tk.Fields[f.ID]); value != "" {
			c.Facts = append(c.Facts, chat.Fact{Label: v.label(f.Label, v.say), Value: ticket.Cut(value, 200)})
		}
	}
	var followers []string
	for _, f := range tk.Followers {
		followers = append(followers, v.plainName(ctx, f))
	}
	fact("fact_followers", strings.Join(followers, ", "))
	if tk.Share == ticket.ShareEveryone {
		fact("fact_share", v.say.Say("share_everyone"))
	}
	if n := len(tk.Entries); n > 0 && len(tk.Entries[0].Files) > 0 && tk.Entries[0].Kind == ticket.EntryOpened {
		fact("fact_files", fileNames(tk.Entries[0].Files))
	}
	return c
}

// answer is what somebody answered to a question, as people read it.
func (v view) answer(ctx context.Context, f ticket.Field, values []string) string {
	var out []string
	for _, value := range values {
		switch f.Kind {
		case chat.SelectField, chat.MultiField:
			for _, o := range f.Options {
				if o.ID == value {
					value = v.label(o.Label, v.say)
					break
				}
			}
		case chat.PersonField:
			value = v.plainName(ctx, value)
		case chat.CheckboxField:
			value = v.say.Say("yes")
		case chat.DateField:
			if d, err := time.Parse(time.DateOnly, value); err == nil {
				value = v.day(d)
			}
		case chat.TextField, chat.LongTextField, chat.FileField:
			value = ticket.Line(value)
		}
		out = append(out, value)
	}
	return strings.Join(out, ", ")
}

// day is a date as it is written in the voice's language.
func (v view) day(d time.Time) string {
	return v.say.Say("date", "day", d.Day(), "month", v.say.Say("month_"+strings.ToLower(d.Month().String())), "year", d.Year())
}

// button is a verb's button on a ticket.
func (t *turn) button(tk ticket.Ticket, verb string) chat.Button { return button(t.say, tk, verb) }

func button(say i18n.Voice, tk ticket.Ticket, verb string) chat.Button {
	b := chat.Button{Label: say.Say("button_" + verb), Value: chat.Value{Verb: verb, Ticket: tk.ID}}
	if verb == verbClaim || verb == verbReopen {
		b.Style = chat.Primary
	}
	return b
}

// buttons are what the actor can do with the ticket.
func (t *turn) buttons(tk ticket.Ticket, by ticket.Actor) []chat.Button {
	if by.Agent(tk.Team) {
		return teamButtons(t.say, tk)
	}
	if tk.Requester != by.Person {
		return nil
	}
	out := requesterButtons(t.say, tk)
	if tk.Phase != ticket.Closed && (t.caps.Deaf || t.caps.DirectFlat) { // just typing may not do
		out = append(out, button(t.say, tk, verbAdd))
	}
	return out
}

func teamButtons(say i18n.Voice, tk ticket.Ticket) []chat.Button {
	if tk.Phase == ticket.Closed {
		return []chat.Button{button(say, tk, verbReopen), button(say, tk, verbShow)}
	}
	var verbs []string
	if tk.Assignee == "" {
		verbs = append(verbs, verbClaim)
	}
	verbs = append(verbs, verbReply)
	rest := []string{verbNote, verbAssign, verbPriority, verbStatus, verbFollow, verbShare, verbShow}
	if tk.Phase == ticket.Resolved {
		verbs = append(verbs, verbReopen, verbClose)
	} else {
		verbs = append(verbs, verbAsk, verbResolve)
		rest = append(rest, verbClose)
	}
	var out []chat.Button
	for _, v := range verbs {
		out = append(out, button(say, tk, v))
	}
	menu := button(say, tk, verbMore)
	for _, v := range rest {
		label := say.Say("button_" + v)
		if v == verbShare && tk.Share == ticket.ShareEveryone {
			label = say.Say("button_unshare")
		}
		menu.Options = append(menu.Options, chat.Option{Value: v, Label: label})
	}
	return append(out, menu)
}

func requesterButtons(say i18n.Voice, tk ticket.Ticket) []chat.Button {
	switch {
	case tk.Phase == ticket.Closed:
		return []chat.Button{{Label: say.Say("button_open"), Value: openArg{}.value()}}
	case tk.Phase == ticket.Resolved:
		return []chat.Button{button(say, tk, verbReopen), button(say, tk, verbClose)}
	}
	return []chat.Button{button(say, tk, verbClose), button(say, tk, verbFollow)}
}

// root is a room's first post.
func (v view) root(ctx context.Context, tk ticket.Ticket, r ticket.Room) chat.Post {
	team := r.Kind == ticket.TriageRoom
	card := v.card(ctx, tk, team)
	p := chat.Post{Card: &card, At: tk.Opened}
	switch r.Kind {
	case ticket.TriageRoom:
		p.Buttons = teamButtons(v.say, tk)
	case ticket.ConversationRoom:
		p.Text = v.welcome(tk, r)
		p.Buttons = v.requesterButtons(tk, r)
		card.Footer = v.footer(tk, v.how(r))
		if r.InChannel() {
			v.inChannel(ctx, tk, r, &p)
		}
	case ticket.FollowerRoom:
		p.Text = v.say.Say("following", "key", tk.Key)
		if v.caps().DirectFlat {
			p.Text = v.say.Say("following_flat", "key", tk.Key)
		}
		p.Buttons = v.withAdd(tk, r, []chat.Button{button(v.say, tk, verbUnfollow)})
		card.Footer = v.footer(tk, v.how(r))
	}
	p.Topic = v.topic(ctx, tk, r)
	return p
}

// welcome begins a requester's conversation.
func (v view) welcome(tk ticket.Ticket, r ticket.Room) string {
	switch caps := v.caps(); {
	case !r.InChannel() && caps.DirectFlat:
		return v.say.Say("conversation_flat", "key", tk.Key)
	case caps.Deaf:
		return v.say.Say("conversation_deaf", "key", tk.Key)
	}
	return v.say.Say("conversation", "key", tk.Key)
}

// how tells how to add something to a ticket in a room.
func (v view) how(r ticket.Room) string {
	switch caps := v.caps(); {
	case !r.InChannel() && caps.DirectFlat:
		return v.say.Say("conversation_flat_footer")
	case caps.Deaf:
		return v.say.Say("conversation_deaf_footer")
	}
	return v.say.Say("conversation_footer")
}

// requesterButtons are the buttons under what the requester's side reads.
func (v view) requesterButtons(tk ticket.Ticket, r ticket.Room) []chat.Button {
	return v.withAdd(tk, r, requesterButtons(v.say, tk))
}

// withAdd has a button to add something go first, where just typing does not do. Of a resolved ticket it goes last: what
// matters then is whether it is solved.
func (v view) withAdd(tk ticket.Ticket, r ticket.Room, buttons []chat.Button) []chat.Button {
	caps := v.caps()
	if tk.Phase == ticket.Closed || !caps.Deaf && (r.InChannel() || !caps.DirectFlat) {
		return buttons
	}
	add := button(v.say, tk, verbAdd)
	if tk.Phase == ticket.Resolved {
		return append(buttons, add)
	}
	add.Style = chat.Primary
	return append([]chat.Button{add}, buttons...)
}

// inChannel makes a conversation's first post fit for a channel, where others read it too: it says whose it is, and tells
// the requester that it is there.
func (v view) inChannel(ctx context.Context, tk ticket.Ticket, r ticket.Room, p *chat.Post) {
	if !v.private(r) {
		p.Text = v.say.Say("conversation_channel", "key", tk.Key, "name", v.name(ctx, tk.Requester))
		p.Card.Footer = v.footer(tk, v.say.Say("conversation_channel_footer"))
	}
	who, err := v.desk.Person(ctx, tk.Requester)
	if err != nil {
		v.log.WithError(err).Warn("a requester is not told of a conversation")
		return
	}
	p.Card.Author = &chat.Author{Name: who.Name, Avatar: who.Avatar}
	if account, ok := v.account(who, r.Place.Workspace); ok {
		p.Mention = []string{account}
	}
}

// footer tells the requester's side what the status means or, if the policy does not say it, how to go on.
func (v view) footer(tk ticket.Ticket, otherwise string) string {
	status, _ := v.policy.Status(tk.Status)
	if s := v.label(status.Description, v.say); s != "" {
		return s
	}
	return otherwise
}

// account is how a person is mentioned on the view's platform, if they are there.
func (v view) account(who store.Person, workspace string) (string, bool) {
	for _, i := range who.Identities {
		if i.Platform == v.platform && (workspace == "" || i.Workspace == workspace) {
			return i.ID, true
		}
	}
	return "", false
}

func fileNames(files []ticket.File) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}
