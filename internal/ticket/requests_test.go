package ticket_test

import (
	"strings"
	"testing"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// inChannel is a ticket whose team has its conversations in a channel.
func inChannel(t *testing.T) *life {
	l := &life{T: t, p: policy(), now: at}
	l.p.Teams[0].Requests = []ticket.Channel{{Platform: "one", ID: "help"}}
	l.do(order(), ana)
	return l
}

// TestRequestsFollowTheSource has a conversation in a channel only where the requester is.
func TestRequestsFollowTheSource(t *testing.T) {
	person := func(platform, workspace string) chat.Place {
		return chat.Place{Platform: platform, Workspace: workspace, Person: "U1"}
	}
	channel := func(platform, workspace, id string) chat.Place {
		return chat.Place{Platform: platform, Workspace: workspace, Channel: id}
	}
	for name, c := range map[string]struct {
		requests []ticket.Channel
		source   chat.Ref
		want     chat.Place
	}{
		"none":               {nil, chat.Ref{Platform: "one", Workspace: "w"}, person("one", "w")},
		"of the platform":    {[]ticket.Channel{{Platform: "one", ID: "help"}}, chat.Ref{Platform: "one", Workspace: "w"}, channel("one", "w", "help")},
		"of the workspace":   {[]ticket.Channel{{Platform: "one", Workspace: "v", ID: "h"}, {Platform: "one", Workspace: "w", ID: "help"}}, chat.Ref{Platform: "one", Workspace: "w"}, channel("one", "w", "help")},
		"another platform's": {[]ticket.Channel{{Platform: "two", ID: "help"}}, chat.Ref{Platform: "one", Workspace: "w"}, person("one", "w")},
		"another workspace's": {[]ticket.Channel{{Platform: "one", Workspace: "v", ID: "help"}}, chat.Ref{Platform: "one", Workspace: "w"},
			person("one", "w")},
		"from a thread in it": {[]ticket.Channel{{Platform: "one", ID: "help"}}, chat.Ref{Platform: "one", Workspace: "w", Channel: "help", Thread: "m"},
			channel("one", "w", "help")},
	} {
		t.Run(name, func(t *testing.T) {
			p, o := policy(), order()
			p.Teams[0].Requests, o.Source = c.requests, c.source
			got, err := p.Apply(ticket.Ticket{}, o, ana, at)
			if err != nil {
				t.Fatal(err)
			}
			room, _ := got.Ticket.Room("conversation")
			if room.Place != c.want || room.Audience != ticket.Public || room.Person != "ana" || room.InChannel() != (c.want.Channel != "") {
				t.Errorf("the room is %+v, want it at %+v", room, c.want)
			}
			if triage, _ := got.Ticket.Room(ticket.TriageID); triage.InChannel() {
				t.Error("the team's channel is taken for one of everybody's")
			}
		})
	}
}

// TestConversationInChannel tells everybody there what is public, and nobody a note; the requester is called for what is
// meant for them.
func TestConversationInChannel(t *testing.T) {
	l := inChannel(t)
	l.told("card triage", "card conversation")
	l.do(ticket.Reply{Text: "Have you tried?"}, bram).told("entry triage", "entry conversation!ana", "card triage", "card conversation")
	l.do(ticket.Reply{Text: "Which one?", Ask: true}, from("conversation", "m1", bram))
	l.do(ticket.Message{Text: "the left"}, from("conversation", "m2", ana)).told("entry triage!bram", "card triage", "card conversation")
	l.do(ticket.Note{Text: "a lie"}, from("triage", "m3", carla)).told()
	l.do(ticket.Note{Text: "really"}, bram).told("entry triage")
	l.do(ticket.Edit{Text: "the right"}, from("conversation", "m2", ana)).told("update triage")
	l.do(ticket.Delete{}, from("conversation", "m2", ana)).told("remove triage")
	l.do(ticket.Follow{Person: "david", Account: chat.Identity{Platform: "one", ID: "U4"}}, bram).
		told("entry conversation", "card follower:david", "story follower:david", "card triage")
	l.do(ticket.Message{Text: "me too"}, from("conversation", "m4", david)).told("entry triage!bram", "entry follower:david")
	l.do(ticket.Resolve{Text: "New toner."}, bram).
		told("entry triage", "entry conversation!ana", "entry follower:david", "card triage", "card conversation", "card follower:david")
}

// TestBystanders keeps out of a ticket whom it does not concern, even if they can read it.
func TestBystanders(t *testing.T) {
	l := inChannel(t)
	l.refuse(ticket.NotFound, ticket.Message{Text: "me too"}, from("conversation", "m1", david))
	l.refuse(ticket.NotFound, ticket.Close{}, david)
	l.do(ticket.SetShare{To: ticket.ShareEveryone}, bram)
	l.refuse(ticket.NotAllowed, ticket.Message{Text: "me too"}, from("conversation", "m1", david))
}

// TestLongRequestInChannel has the whole description read where the card only has its beginning.
func TestLongRequestInChannel(t *testing.T) {
	l := &life{T: t, p: policy(), now: at}
	l.p.Teams[0].Requests = []ticket.Channel{{Platform: "one", ID: "help"}}
	o := order()
	o.Description = strings.Repeat("x", ticket.CardText+1)
	l.do(o, ana).told("card triage", "card conversation", "entry triage", "entry conversation")
}
