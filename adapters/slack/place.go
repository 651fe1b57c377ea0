package slack

import (
	"context"
	"errors"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// workspaceOf is the workspace that a request or a reference names. enterprise is set only where the organization
// installed the app (is_enterprise_install). Every error is a *chat.SendError.
func (s *Slack) workspaceOf(ctx context.Context, team, enterprise string) (*workspace, error) {
	if team == "" && enterprise == "" {
		return s.ws.at(ctx, chat.Place{})
	}
	return s.ws.of(ctx, team, enterprise)
}

// place is the workspace of a place, which the policy does not always name: it is the only one, or else the one that sees
// the channel or the person. Every error is a *chat.SendError.
func (s *Slack) place(ctx context.Context, to chat.Place) (*workspace, error) {
	return s.ws.at(ctx, to)
}

// uninstalled takes in that the app was removed from a workspace.
func (s *Slack) uninstalled(ctx context.Context, team, enterprise string) error {
	return s.ws.uninstalled(ctx, team, enterprise)
}

// revoked takes in that tokens were revoked; bots are the users of those that were a bot's.
func (s *Slack) revoked(ctx context.Context, team, enterprise string, bots []string) error {
	return s.ws.revoked(ctx, team, enterprise, bots)
}

// ready learns what is installed, as far as it is not known yet.
func (w *workspaces) ready(ctx context.Context) error {
	if w.opts.BotToken != "" && !w.isMet() {
		short, cancel := context.WithTimeout(ctx, handlerWait)
		err := w.meet(short)
		cancel()
		if err != nil {
			return sendError("find out whose the bot's token is", err)
		}
	}
	w.mu.Lock()
	listed := w.listed
	w.mu.Unlock()
	if listed {
		return nil
	}
	_, err := shared(ctx, w, "list", func(ctx context.Context) (struct{}, error) { return struct{}{}, w.list(ctx) })
	if err != nil {
		return &chat.SendError{Retry: upstream.DownWait, Err: &failure{"look for installations", err}}
	}
	return nil
}

// at is the workspace of a place.
func (w *workspaces) at(ctx context.Context, to chat.Place) (*workspace, error) {
	if to.Workspace != "" {
		return w.of(ctx, to.Workspace, "")
	}
	if err := w.ready(ctx); err != nil {
		return nil, err
	}
	all := w.inUse()
	switch {
	case len(all) == 0:
		return nil, w.unknown(nil, nil)
	case len(all) == 1 && !all[0].OrgWide:
		return w.of(ctx, all[0].key(), "")
	}
	what := to.Channel
	if what == "" {
		what = to.Person
	}
	if what == "" {
		return nil, &chat.SendError{Refused: "it names neither a workspace nor a channel", Err: errNoWorkspace}
	}
	if id, ok := w.seen.Get(what); ok {
		return w.of(ctx, id, "")
	}
	return w.seek(ctx, all, to)
}

// seek asks each workspace for a channel or a person.
func (w *workspaces) seek(ctx context.Context, all []*tenant, to chat.Place) (*workspace, error) {
	var last, other error
	for _, t := range all {
		if why := t.broken.Load(); why != nil {
			last = &chat.SendError{Blocked: *why, Err: errNoWorkspace}
			continue
		}
		v := w.view(t, "")
		id, err := v.sees(ctx, to)
		if err == nil {
			w.seen.Add(to.Channel+to.Person, id)
			return w.of(ctx, id, "")
		}
		e := v.sendError("look for a channel or a person", err)
		if !elsewhere(err) {
			other = e
		}
		last = e
	}
	if other != nil { // it may be there
		return nil, other
	}
	return nil, last
}

// elsewhere says that an error means that a channel, a person or a group is not of the workspace that was asked.
func elsewhere(err error) bool {
	switch slackCode(err) {
	case "channel_not_found", "user_not_found", "users_not_found", "user_not_visible", "no_such_subteam", "subteam_not_found":
		return true
	}
	return false
}

// sees gives the id of the workspace where a channel or a person is, if this installation sees it.
func (w *workspace) sees(ctx context.Context, to chat.Place) (string, error) {
	id, team := w.id, ""
	if to.Channel != "" {
		c, err := w.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: to.Channel})
		if err != nil {
			return "", err
		}
		team = c.ContextTeamID
	} else {
		u, err := w.api.GetUserInfoContext(ctx, to.Person)
		if err != nil {
			return "", err
		}
		if team = u.TeamID; team != w.id && !w.orgWide {
			return "", slackapi.SlackErrorResponse{Err: "user_not_found"} // it sees people of other workspaces, too
		}
	}
	if w.orgWide && team != "" {
		id = team
	}
	return id, nil
}

// Workspaces are those that the app is installed in; one without a name if none is known, so that whoever asks about it
// reads why.
func (s *Slack) Workspaces() []string {
	ctx, cancel := context.WithTimeout(s.ws.ctx, callMost)
	defer cancel()
	ids, err := s.ws.ids(ctx)
	if err != nil {
		s.log.WithError(err).Debug("slack: not all workspaces are known")
	}
	if len(ids) == 0 {
		return []string{""}
	}
	return ids
}

// ids are the workspaces of all installations, those of organizations included.
func (w *workspaces) ids(ctx context.Context) ([]string, error) {
	errs := []error{w.ready(ctx)}
	var ids []string
	seen := map[string]bool{}
	for _, t := range w.inUse() {
		of := []string{t.key()}
		if t.OrgWide {
			l, err := w.teamsOf(ctx, t, teamsFor)
			errs = append(errs, err)
			if l != nil {
				of = l.ids
				for _, id := range of {
					w.belongs(id, t.Enterprise)
				}
			}
		}
		for _, id := range of {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids, errors.Join(errs...)
}
