package bot

import (
	"context"
	"strings"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// entry is a timeline entry as a post in a room's thread.
func (v view) entry(ctx context.Context, tk ticket.Ticket, r ticket.Room, e ticket.Entry) chat.Post {
	p := chat.Post{At: e.At, Text: v.sentence(ctx, e, r)}
	switch e.Kind {
	case ticket.EntryMessage, ticket.EntryReply, ticket.EntryAsk, ticket.EntryNote, ticket.EntryQuote, ticket.EntryResolved, ticket.EntryOpened:
		if who, err := v.desk.Person(ctx, e.By); err == nil && e.By != "" {
			p.Author = &chat.Author{Name: who.Name, Avatar: who.Avatar}
		}
	case ticket.EntryAssigned, ticket.EntryPriority, ticket.EntryStatus, ticket.EntryFollowed, ticket.EntryUnfollowed,
		ticket.EntryShared, ticket.EntryReopened, ticket.EntryClosed, ticket.EntryUndelivered:
	}
	if e.Kind == ticket.EntryResolved && r.Kind == ticket.ConversationRoom && tk.Phase == ticket.Resolved {
		p.Buttons = v.requesterButtons(tk, r)
		return p
	}
	if v.caps().Deaf && tk.Phase != ticket.Closed {
		p.Buttons = v.answers(tk, e, r)
	}
	return p
}

// sentence is what an entry's post says in a room.
func (v view) sentence(ctx context.Context, e ticket.Entry, r ticket.Room) string {
	triage := r.Kind == ticket.TriageRoom
	switch e.Kind {
	case ticket.EntryMessage, ticket.EntryOpened:
		return e.Text
	case ticket.EntryQuote:
		return "*" + v.say.Say("quote_head") + "*\n" + e.Text
	case ticket.EntryNote:
		return "*" + v.say.Say("note_head") + "*\n" + e.Text
	case ticket.EntryReply, ticket.EntryAsk:
		if triage {
			return "*" + v.say.Say(string(e.Kind)+"_head") + "*\n" + e.Text
		}
		return e.Text
	case ticket.EntryResolved:
		return "*" + v.line(ctx, e) + "*\n" + e.Text
	case ticket.EntryPriority, ticket.EntryStatus, ticket.EntryReopened, ticket.EntryClosed:
		if e.Text != "" {
			return "*" + v.line(ctx, e) + "*\n" + quote(e.Text)
		}
	case ticket.EntryAssigned, ticket.EntryFollowed, ticket.EntryUnfollowed, ticket.EntryShared, ticket.EntryUndelivered:
	}
	return "*" + v.line(ctx, e) + "*"
}

// line tells a change in one sentence.
func (v view) line(ctx context.Context, e ticket.Entry) string {
	by := v.name(ctx, e.By)
	label := func(id string) string {
		if e.Kind == ticket.EntryPriority {
			p, _ := v.policy.Priority(id)
			return escape(v.called(p.Label, id, v.say))
		}
		s, _ := v.policy.Status(id)
		return escape(v.called(s.Label, id, v.say))
	}
	switch e.Kind {
	case ticket.EntryAssigned:
		switch {
		case e.To == "":
			return v.say.Say("line_unassigned", "by", by)
		case e.To == e.By:
			return v.say.Say("line_claimed", "by", by)
		}
		return v.say.Say("line_assigned", "by", by, "to", v.name(ctx, e.To))
	case ticket.EntryPriority, ticket.EntryStatus:
		return v.say.Say("line_"+string(e.Kind), "by", by, "from", label(e.From), "to", label(e.To))
	case ticket.EntryResolved, ticket.EntryClosed:
		if e.By == "" {
			return v.say.Say("line_"+string(e.Kind)+"_itself", "from", label(e.From))
		}
		return v.say.Say("line_"+string(e.Kind), "by", by)
	case ticket.EntryFollowed, ticket.EntryUnfollowed:
		if e.To == e.By {
			return v.say.Say("line_"+string(e.Kind)+"_self", "by", by)
		}
		return v.say.Say("line_"+string(e.Kind), "by", by, "to", v.name(ctx, e.To))
	case ticket.EntryShared:
		if e.To == string(ticket.ShareNobody) {
			return v.say.Say("line_unshared", "by", by)
		}
		return v.say.Say("line_shared", "by", by)
	case ticket.EntryUndelivered:
		return v.say.Say("line_undelivered", "room", v.roomName(ctx, e.From), "why", escape(e.Text))
	case ticket.EntryReopened:
		return v.say.Say("line_reopened", "by", by)
	case ticket.EntryOpened, ticket.EntryMessage, ticket.EntryReply, ticket.EntryAsk, ticket.EntryNote, ticket.EntryQuote:
	}
	return v.say.Say("line_said", "by", by)
}

// roomName is how a room is called in a sentence. What was to be fetched belongs to no room.
func (v view) roomName(ctx context.Context, id string) string {
	if person, ok := strings.CutPrefix(id, "follower:"); ok {
		return v.name(ctx, person)
	}
	switch id {
	case "":
		return v.say.Say("room_none")
	case ticket.TriageID:
		return v.say.Say("room_triage")
	}
	return v.say.Say("room_conversation")
}

// storyLine is an entry in a summary of what happened so far.
func (v view) storyLine(ctx context.Context, e ticket.Entry) string {
	if e.Deleted {
		return ""
	}
	when := e.At.UTC().Format("2006-01-02 15:04 UTC")
	switch e.Kind {
	case ticket.EntryMessage, ticket.EntryReply, ticket.EntryAsk, ticket.EntryQuote, ticket.EntryNote, ticket.EntryOpened:
		text := e.Text
		if len(e.Files) > 0 {
			text = strings.TrimSpace(text + "\n" + v.say.Say("story_files", "files", escape(fileNames(e.Files))))
		}
		if text == "" {
			return ""
		}
		head := "**" + v.name(ctx, e.By) + "** · " + when
		if e.Kind == ticket.EntryNote {
			head += " · *" + v.say.Say("note_head") + "*"
		}
		return head + "\n" + quote(text)
	case ticket.EntryResolved, ticket.EntryClosed, ticket.EntryPriority, ticket.EntryStatus, ticket.EntryReopened:
		if e.Text != "" {
			return "*" + v.line(ctx, e) + "* · " + when + "\n" + quote(e.Text)
		}
	case ticket.EntryAssigned, ticket.EntryFollowed, ticket.EntryUnfollowed, ticket.EntryShared, ticket.EntryUndelivered:
	}
	return "*" + v.line(ctx, e) + "* · " + when
}

// story is what happened so far, for somebody who joins: every public entry up to the one with number last.
func (v view) story(ctx context.Context, entries []ticket.Entry, last int) chat.Post {
	var lines []string
	for _, e := range entries {
		if e.N >= last || e.Audience == ticket.TeamOnly {
			continue
		}
		if line := v.storyLine(ctx, e); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return chat.Post{Text: v.say.Say("story_empty")}
	}
	return chat.Post{Text: v.say.Say("story_head") + "\n\n" + strings.Join(lines, "\n\n")}
}

// quote makes Markdown a quotation.
func quote(text string) string { return "> " + strings.ReplaceAll(text, "\n", "\n> ") }

// answers are the buttons to answer what was said with, where typing is not heard.
func (v view) answers(tk ticket.Ticket, e ticket.Entry, r ticket.Room) []chat.Button {
	triage := r.Kind == ticket.TriageRoom
	switch e.Kind {
	case ticket.EntryMessage:
		if triage {
			return []chat.Button{button(v.say, tk, verbReply)}
		}
	case ticket.EntryReply, ticket.EntryAsk:
		if !triage {
			return []chat.Button{button(v.say, tk, verbAdd)}
		}
	case ticket.EntryOpened, ticket.EntryNote, ticket.EntryQuote, ticket.EntryResolved, ticket.EntryAssigned, ticket.EntryPriority,
		ticket.EntryStatus, ticket.EntryFollowed, ticket.EntryUnfollowed, ticket.EntryShared, ticket.EntryReopened, ticket.EntryClosed,
		ticket.EntryUndelivered:
	}
	return nil
}
