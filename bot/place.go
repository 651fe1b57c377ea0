package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// begin makes the room's first post. Where the channel that the ticket was opened for is gone it stands in the one that the policy
// names by now; until there is one it waits for an admin, since everything about the ticket would be lost.
func (s sending) begin(ctx context.Context, root chat.Post) error {
	ref, err := s.platform.Send(ctx, root)
	if noChannel(err) && root.To.Channel != "" {
		places, missing := s.successors(ctx)
		if missing != nil {
			return missing
		}
		gone, key := err, root.Key
		for _, to := range places {
			root.Key, root.To = key+"|"+cmp.Or(to.Channel, to.Person), to
			if ref, err = s.platform.Send(ctx, root); !noChannel(err) || to.Channel == "" {
				break
			}
		}
		if len(places) == 0 || noChannel(err) && root.To.Channel != "" {
			err = &chat.SendError{Blocked: fmt.Sprintf("the channel %s of team %s is not there any more: name another one in the policy",
				s.room.Place.Channel, s.Ticket.Team), Err: gone}
		}
	}
	if err == nil {
		s.keep(s.room.ID, ref)
	}
	return err
}

// noChannel says whether the error of a first post is that its channel is gone, and not the person whom it is for.
func noChannel(err error) bool {
	sent, ok := errors.AsType[*chat.SendError](err)
	return ok && sent.Gone && !errors.Is(err, chat.ErrUnknownPerson)
}

// successors are where the policy may have the room by now, if its channel is gone. Without a channel for conversations they are
// direct.
func (s sending) successors(ctx context.Context) (places []chat.Place, err error) {
	was := s.room.Place
	list := s.channelsOf(s.Ticket.Team, s.room.Kind)
	here := func(c ticket.Channel) bool {
		return c.Platform == was.Platform && (c.Workspace == "" || c.Workspace == was.Workspace)
	}
	for _, c := range list {
		if here(c) && c.ID != was.Channel {
			places = append(places, chat.Place{Platform: was.Platform, Workspace: was.Workspace, Channel: c.ID})
		}
	}
	if s.room.Kind != ticket.ConversationRoom || slices.ContainsFunc(list, here) {
		return places, nil
	}
	who, err := s.desk.Person(ctx, s.room.Person)
	if err != nil {
		return nil, err
	}
	if account, known := s.view.account(who, was.Workspace); known {
		places = append(places, chat.Place{Platform: was.Platform, Workspace: was.Workspace, Person: account})
	}
	return places, nil
}

// channelsOf are the channels that the policy names for the rooms of a kind.
func (b *Bot) channelsOf(team string, kind ticket.RoomKind) []ticket.Channel {
	t, _ := b.policy.Team(team)
	if kind == ticket.ConversationRoom {
		return t.Requests
	}
	return t.Triage
}
