package mattermost

import (
	"context"

	"github.com/mattermost/mattermost/server/public/model"
)

// text is a field of an event's data, "" if it is not there.
func text(data map[string]any, field string) string {
	s, _ := data[field].(string)
	return s
}

// forget makes channels be looked up again.
func (e *ears) forget(channels ...string) {
	for _, id := range channels {
		e.rooms.Remove(id)
	}
}

// userAdded has a channel looked up again, and caught up if it is the bot that was added.
func (e *ears) userAdded(data map[string]any, at *model.WebsocketBroadcast) {
	id := at.ChannelId
	if id == "" {
		id = text(data, "channel_id")
	}
	e.forget(id)
	if self := e.self.Load(); self != nil && (text(data, "user_id") == self.Id || at.UserId == self.Id) {
		e.catchup.joined(id)
	}
}

// userUpdated makes an account be looked up again.
func (e *ears) userUpdated(ctx context.Context, data map[string]any) {
	user, ok := data["user"].(*model.User) // the library makes one of it
	if !ok {
		return
	}
	e.people.known.Remove(user.Id)
	if self := e.self.Load(); self == nil || user.Id != self.Id {
		return
	}
	e.aside(ctx, func(ctx context.Context) { // the name by which it is mentioned may be another one
		if _, err := e.meet(ctx); err != nil {
			e.log.WithError(err).Debug("mattermost: the bot's own account changed and could not be looked up")
		}
	})
}

// userRemoved tells an admin if the bot was taken out of a channel.
func (e *ears) userRemoved(ctx context.Context, data map[string]any, at *model.WebsocketBroadcast) {
	self := e.self.Load()
	if self == nil || at.UserId != self.Id && text(data, "user_id") != self.Id {
		return
	}
	id := text(data, "channel_id")
	if id == "" {
		id = at.ChannelId
	}
	known, ok := e.rooms.Peek(id)
	e.forget(id)
	e.catchup.left(id)
	e.aside(ctx, func(ctx context.Context) {
		if !ok {
			var err error
			if known, _, err = e.api.GetChannel(ctx, id); err != nil { // a private one is not shown any more
				known = &model.Channel{Id: id, Name: id}
			}
		}
		e.log.WithField("channel", known.Name).Warnf(
			"mattermost: the bot was removed from the channel %q and hears nothing there any more; if the helpdesk uses it, "+
				"add the bot to it again: /invite @%s", name(known), self.Username)
	})
}

func name(c *model.Channel) string {
	if c.DisplayName != "" {
		return c.DisplayName
	}
	return c.Name
}

// leftTeam tells an admin if the bot was taken out of a team.
func (e *ears) leftTeam(ctx context.Context, data map[string]any) {
	team, self := text(data, "team_id"), e.self.Load()
	if self == nil || text(data, "user_id") != self.Id {
		return
	}
	for _, id := range e.rooms.Keys() {
		if c, ok := e.rooms.Peek(id); ok && c.TeamId == team {
			e.forget(id)
			e.catchup.left(id)
		}
	}
	e.aside(ctx, func(ctx context.Context) {
		called := team
		if t, _, err := e.api.GetTeam(ctx, team, ""); err == nil { // a private one is not shown any more
			called = t.DisplayName
		}
		e.log.WithField("team", team).Warnf("mattermost: the bot was removed from the team %q and hears nothing there any more; "+
			"if the helpdesk uses it, add @%s to the team and its channels again", called, self.Username)
	})
}
