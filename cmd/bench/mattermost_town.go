package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"balie/adapters/mattermost/mattermosttest"
)

// town is a team on a Mattermost server, with a crew's people at their clients.
type town struct {
	*mattermosttest.Town
	general string
	directs map[string]string // each requester's conversation with the bot, by name
}

const triageChannel = "ict-triage"

// settle makes a town whose command calls the hooks.
func settle(ctx context.Context, site *mattermosttest.Site, people int, hooks string) (*town, error) {
	o := mattermosttest.TownOptions{Command: "ticket", CommandURL: hooks + "/hooks/mattermost/command"}
	var agents []string
	for i := range people {
		o.People = append(o.People, mattermosttest.Person{Name: requester(i), First: "Requester", Last: fmt.Sprint(i)})
		if name := helper(i); !slices.Contains(agents, name) {
			agents = append(agents, name)
			o.People = append(o.People, mattermosttest.Person{Name: name, First: "Agent", Last: fmt.Sprint(i)})
		}
	}
	o.Channels = []mattermosttest.Channel{{Name: "general"}, {Name: triageChannel, Private: true, Members: agents}}
	made, err := mattermosttest.NewTown(ctx, site, o)
	if err != nil {
		return nil, fmt.Errorf("make a town on the Mattermost server: %w", err)
	}
	t := &town{Town: made, general: made.ChannelID("general"), directs: map[string]string{}}
	for _, name := range agents {
		if err := t.As(name).Online(ctx); err != nil {
			t.Close()
			return nil, err
		}
	}
	for i := range people {
		name := requester(i)
		err := t.As(name).Online(ctx)
		if err == nil {
			t.directs[name], err = t.As(name).Direct(ctx, t.BotID)
		}
		if err != nil {
			t.Close()
			return nil, err
		}
	}
	return t, nil
}

// channels are all where the bot posts.
func (t *town) channels() []string {
	all := []string{t.ChannelID(triageChannel)}
	for _, id := range t.directs {
		all = append(all, id)
	}
	return all
}

// environment is what connects the program to the town.
func (t *town) environment() []string {
	return []string{"MATTERMOST_URL=" + t.URL, "MATTERMOST_TOKEN=" + t.BotToken, "MATTERMOST_COMMAND_TOKENS=" + t.CommandToken}
}

// dialog is a form at a client.
type dialog struct{ *mattermosttest.Dialog }

func (d dialog) asks(field string) bool { return d.Element(field) != nil }

func (d dialog) refreshes(field string) bool {
	e := d.Element(field)
	return e != nil && e.Refresh
}

var errOther = errors.New("not a form of this server's")

func (t *town) command(ctx context.Context, name, line string) (sheet, time.Duration, error) {
	a, err := t.As(name).Command(ctx, t.general, "", line)
	return t.answered(a, err)
}

func (t *town) click(ctx context.Context, name string, button *message, label string) (sheet, time.Duration, error) {
	on, err := postOf(button)
	if err != nil {
		return nil, 0, err
	}
	a, err := t.As(name).Click(ctx, on, label, "")
	return t.answered(a, err)
}

func (t *town) change(ctx context.Context, name string, s sheet, field string, values map[string]string) (sheet, time.Duration, error) {
	d, ok := s.(dialog)
	if !ok {
		return nil, 0, errOther
	}
	all := submission(values)
	all["selected_field"] = field // as clients do
	a, err := t.As(name).Refresh(ctx, d.Dialog, field, all)
	return t.answered(a, err)
}

func (t *town) submit(ctx context.Context, name string, s sheet, values map[string]string) (time.Duration, error) {
	d, ok := s.(dialog)
	if !ok {
		return 0, errOther
	}
	a, err := t.As(name).Submit(ctx, d.Dialog, submission(values))
	_, took, err := t.answered(a, err)
	return took, err
}

// answered is what somebody sees of what they did.
func (t *town) answered(a mattermosttest.Answer, err error) (sheet, time.Duration, error) {
	switch {
	case err != nil:
		return nil, 0, err
	case a.Status >= 400:
		return nil, 0, fmt.Errorf("refused with status %d: %s", a.Status, a.Problem)
	case a.Error != "" || len(a.Errors) > 0:
		return nil, 0, fmt.Errorf("the form stays open: %s %v", a.Error, a.Errors)
	case a.Dialog == nil:
		return nil, a.Took, nil
	}
	return dialog{a.Dialog}, a.Took, nil
}

// write posts into somebody's conversation.
func (t *town) write(ctx context.Context, name string, root *message, text string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	_, err := t.As(name).Say(ctx, root.channel, root.id, text, "")
	return err
}
