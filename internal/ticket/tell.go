package ticket

import (
	"slices"
	"unicode/utf8"
)

// CardText is how many characters of a description fit on a card. A longer one is posted under it as well.
const CardText = 600

// The ids of the rooms that every ticket has. A follower's room is named after the follower.
const (
	TriageID       = "triage" // the team's
	conversationID = "conversation"
)

func followerRoom(person string) string { return "follower:" + person }

// tell lets every room know of the entry whose audience may see it and that has use for it, except the one that it was
// typed in.
func (w *work) tell(e Entry) {
	for _, r := range w.t.Rooms {
		if r.ID == e.Origin.Room || !r.Audience.sees(e.Audience) || !w.wants(r, e) {
			continue
		}
		w.effects = append(w.effects, Effect{Kind: EffectEntry, Room: r.ID, Entry: e.N, Mention: w.mention(r, e)})
	}
}

// wants says whether the entry is posted in the room. What a room's card shows anyway is not posted under it.
func (w *work) wants(r Room, e Entry) bool {
	triage := r.Kind == TriageRoom
	switch e.Kind {
	case EntryOpened:
		return (triage || r.InChannel()) && (len(e.Files) > 0 || utf8.RuneCountInString(e.Text) > CardText)
	case EntryMessage, EntryReply, EntryAsk, EntryNote, EntryResolved, EntryReopened, EntryClosed:
		return true
	case EntryQuote:
		return triage
	case EntryUndelivered:
		return triage && e.From != r.ID // what can't be told there would go the same way
	case EntryAssigned:
		return !triage || e.To != e.By
	case EntryPriority, EntryStatus, EntryShared:
		return !triage
	case EntryFollowed, EntryUnfollowed:
		return r.Kind == ConversationRoom
	}
	return false
}

// mention are the people to notify of the entry in the room.
func (w *work) mention(r Room, e Entry) []string {
	if r.Kind == ConversationRoom && r.InChannel() {
		return w.mentionRequester(e)
	}
	if r.Kind != TriageRoom {
		return nil
	}
	switch e.Kind {
	case EntryAssigned:
		if e.To != "" && e.To != e.By {
			return []string{e.To}
		}
	case EntryMessage, EntryReopened, EntryClosed:
		if w.t.Assignee != "" && w.t.Assignee != e.By {
			return []string{w.t.Assignee}
		}
	case EntryOpened, EntryReply, EntryAsk, EntryNote, EntryQuote, EntryPriority, EntryStatus, EntryFollowed,
		EntryUnfollowed, EntryShared, EntryResolved, EntryUndelivered:
	}
	return nil
}

// mentionRequester is who asked, if the entry is for them: in a channel nobody reads everything.
func (w *work) mentionRequester(e Entry) []string {
	if e.By == w.t.Requester {
		return nil
	}
	switch e.Kind {
	case EntryReply, EntryAsk, EntryResolved:
		return []string{w.t.Requester}
	case EntryOpened, EntryMessage, EntryNote, EntryQuote, EntryAssigned, EntryPriority, EntryStatus, EntryFollowed, EntryUnfollowed,
		EntryShared, EntryReopened, EntryClosed, EntryUndelivered:
	}
	return nil
}

// refresh brings the cards up to date that show something which changed.
func (w *work) refresh() {
	if w.was.ID == "" {
		return // open has posted them
	}
	shown := w.was.Status != w.t.Status || w.was.Priority != w.t.Priority || w.was.Assignee != w.t.Assignee
	team := shown || w.was.Share != w.t.Share || !slices.Equal(w.was.Followers, w.t.Followers)
	for _, r := range w.t.Rooms {
		card := Effect{Kind: EffectCard, Room: r.ID}
		if (shown || team && r.Kind == TriageRoom) && !slices.ContainsFunc(w.effects, func(e Effect) bool {
			return e.Kind == card.Kind && e.Room == card.Room
		}) {
			w.effects = append(w.effects, card)
		}
	}
}

// fetch has the entry's files stored, before anything that shows them.
func (w *work) fetch(e Entry) {
	if len(e.Files) > 0 {
		w.effects = append(w.effects, Effect{Kind: EffectFetch, Entry: e.N})
	}
}
