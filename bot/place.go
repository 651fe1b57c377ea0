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
	if sent, ok := errors.AsType[*chat.SendError](err); ok && sent.Gone && root.To.Channel != "" {
		to, found, missing := s.successor(ctx)
		switch {
		case missing != nil:
			return missing
		case !found:
			return &chat.SendError{Blocked: fmt.Sprintf("the channel %s of team %s is not there any more: name another one in the policy",
				root.To.Channel, s.Ticket.Team), Err: err}
		}
		root.Key += "|" + cmp.Or(to.Channel, to.Person)
		root.To = to
		ref, err = s.platform.Send(ctx, root)
	}
	if err == nil {
		s.keep(s.room.ID, ref)
	}
	return err
}

// successor is where the policy has the room by now, if its channel is gone. Without a channel for conversations they are direct.
func (s sending) successor(ctx context.Context) (to chat.Place, found bool, err error) {
	was := s.room.Place
	team, _ := s.policy.Team(s.Ticket.Team)
	list, direct := team.Triage, false
	if s.room.Kind == ticket.ConversationRoom {
		list, direct = team.Requests, true
	}
	here := func(c ticket.Channel) bool {
		return c.Platform == was.Platform && (c.Workspace == "" || c.Workspace == was.Workspace)
	}
	for _, c := range list {
		if here(c) && c.ID != was.Channel {
			return chat.Place{Platform: was.Platform, Workspace: was.Workspace, Channel: c.ID}, true, nil
		}
	}
	if !direct || slices.ContainsFunc(list, here) {
		return chat.Place{}, false, nil
	}
	who, err := s.desk.Person(ctx, s.room.Person)
	if err != nil {
		return chat.Place{}, false, err
	}
	account, known := s.view.account(who, was.Workspace)
	return chat.Place{Platform: was.Platform, Workspace: was.Workspace, Person: account}, known, nil
}
