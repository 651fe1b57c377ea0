package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// messageOf is a post, of which the text is all of it as JSON, with the bot's user id.
func messageOf(p *model.Post, text, bot string) *message {
	key, _ := p.GetProp("balie_key").(string)
	return &message{id: p.Id, root: p.RootId, channel: p.ChannelId, by: p.UserId, posted: p.UserId == bot && !strings.HasPrefix(key, "answer|"),
		said: p.Message, all: text, offers: func(label string) bool { return actionOf(p, label) != nil }, of: p}
}

func postOf(m *message) (*model.Post, error) {
	p, ok := m.of.(*model.Post)
	if !ok {
		return nil, errors.New("not a post of a Mattermost server")
	}
	return p, nil
}

func actionOf(p *model.Post, label string) *model.PostAction {
	for _, a := range p.Attachments() {
		if i := slices.IndexFunc(a.Actions, func(b *model.PostAction) bool { return b.Name == label }); i >= 0 {
			return a.Actions[i]
		}
	}
	return nil
}

// submission is what a client sends of a form.
func submission(values map[string]string) map[string]any {
	all := map[string]any{}
	for name, value := range values {
		all[name] = value
	}
	return all
}

// kindOf is what a callback is about.
func kindOf(path string, body []byte) string {
	switch {
	case strings.HasSuffix(path, "/command"):
		return kindCommand
	case strings.HasSuffix(path, "/action"):
		return kindClick
	case bytes.Contains(body, []byte(`"type":"refresh"`)):
		return kindChange
	}
	return kindSubmit
}
