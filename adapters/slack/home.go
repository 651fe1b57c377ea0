package slack

import (
	"context"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// ShowHome replaces what the person's home shows.
func (s *Slack) ShowHome(ctx context.Context, workspace, person string, h chat.Home) error {
	w, err := s.place(ctx, chat.Place{Platform: Name, Workspace: workspace, Person: person})
	if err != nil {
		return err
	}
	if err := s.publish(ctx, w, person, h); err != nil {
		return w.sendError("show a home", err)
	}
	return nil
}

func (s *Slack) publish(ctx context.Context, w *workspace, person string, h chat.Home) error {
	return s.pace.call(w.id+"|views.publish", func() error {
		_, err := w.api.PublishViewContext(ctx, slackapi.PublishViewContextRequest{UserID: person, View: slackapi.HomeTabViewRequest{
			Type: slackapi.VTHomeTab, Blocks: slackapi.Blocks{BlockSet: renderHome(h, buttonsIn(w.id))}}})
		return err
	})
}

// showHome shows the home that an answer has. That it can't be shown is no reason not to answer: it is shown again when
// the person opens it.
func (s *Slack) showHome(ctx context.Context, w *workspace, person string, h chat.Home) {
	if err := s.publish(ctx, w, person, h); err != nil {
		s.log.WithError(w.sendError("show a home", err)).Warn("slack: a home could not be shown")
	}
}
