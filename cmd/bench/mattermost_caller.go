package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// caller calls the program's hooks as a Mattermost server does when people do something.
type caller struct {
	*standIn
	hooks   string
	token   string // of the command
	general string
	team    string
	times   *timings
	http    http.Client
}

func newCaller(s *standIn, addr string, people int, times *timings) *caller {
	return &caller{standIn: s, hooks: "http://" + addr + "/hooks/mattermost", token: model.NewId(), general: model.NewId(),
		team: model.NewId(), times: times, http: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * people}}}
}

// environment is what connects the program to the stand-in.
func (c *caller) environment() []string {
	return []string{"MATTERMOST_URL=" + c.URL, "MATTERMOST_TOKEN=" + model.NewId(), "MATTERMOST_COMMAND_TOKENS=" + c.token}
}

// written is a form as the server has it.
type written struct {
	model.Dialog
	channel string
	values  map[string]any // that were sent by now
}

func (w *written) element(name string) *model.DialogElement {
	i := slices.IndexFunc(w.Elements, func(e model.DialogElement) bool { return e.Name == name })
	if i < 0 {
		return nil
	}
	return &w.Elements[i]
}

func (w *written) asks(field string) bool { return w.element(field) != nil }

func (w *written) refreshes(field string) bool {
	e := w.element(field)
	return e != nil && e.Refresh
}

// trigger is what lets the program open a dialog, and shows that somebody did something.
func (c *caller) trigger(name string) (string, error) {
	_, trigger, refused := model.GenerateTriggerId(c.ids[name], c.key)
	if refused != nil {
		return "", fmt.Errorf("sign what %s did: %w", name, refused)
	}
	return trigger, nil
}

func (c *caller) command(ctx context.Context, name, line string) (sheet, time.Duration, error) {
	word, text, _ := strings.Cut(line, " ")
	trigger, err := c.trigger(name)
	if err != nil {
		return nil, 0, err
	}
	form := url.Values{
		"channel_id": {c.general}, "channel_name": {"general"}, "command": {word}, "text": {text}, "token": {c.token},
		"response_url": {c.URL + "/hooks/commands/" + model.NewId()}, "team_domain": {"team"}, "team_id": {c.team},
		"trigger_id": {trigger}, "user_id": {c.ids[name]}, "user_name": {name},
	}
	var answer model.CommandResponse
	took, err := c.call(ctx, "/command", "application/x-www-form-urlencoded", []byte(form.Encode()), &answer)
	if err != nil {
		return nil, took, err
	}
	return c.form(trigger, c.general, answer.Text, took)
}

// form is the one that was opened for the trigger, if there is one.
func (c *caller) form(trigger, channel, said string, took time.Duration) (sheet, time.Duration, error) {
	d, ok := c.opened(trigger)
	switch {
	case ok:
		return &written{Dialog: d, channel: channel, values: map[string]any{}}, took, nil
	case said != "":
		return nil, took, fmt.Errorf("the program said: %s", said)
	}
	return nil, took, nil
}

func (c *caller) click(ctx context.Context, name string, button *message, label string) (sheet, time.Duration, error) {
	on, err := postOf(button)
	if err != nil {
		return nil, 0, err
	}
	a := actionOf(on, label)
	if a == nil || a.Integration == nil {
		return nil, 0, fmt.Errorf("the post has no button %q", label)
	}
	trigger, err := c.trigger(name)
	if err != nil {
		return nil, 0, err
	}
	body, err := json.Marshal(model.PostActionIntegrationRequest{
		UserId: c.ids[name], UserName: name, ChannelId: on.ChannelId, ChannelName: triageChannel, TeamId: c.team, PostId: on.Id,
		TriggerId: trigger, Type: model.PostActionTypeButton, Context: a.Integration.Context,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("press a button: %w", err)
	}
	var answer model.PostActionIntegrationResponse
	took, err := c.call(ctx, "/action", "application/json", body, &answer)
	if err != nil {
		return nil, took, err
	}
	return c.form(trigger, on.ChannelId, "", took)
}

func (c *caller) change(ctx context.Context, name string, s sheet, field string, values map[string]string) (sheet, time.Duration, error) {
	all := submission(values)
	all["selected_field"] = field
	next, took, err := c.fill(ctx, name, s, "refresh", all)
	if next == nil {
		return nil, took, err
	}
	return next, took, err
}

func (c *caller) submit(ctx context.Context, name string, s sheet, values map[string]string) (time.Duration, error) {
	_, took, err := c.fill(ctx, name, s, "dialog_submission", submission(values))
	return took, err
}

// fill sends a form with what it shows and what somebody put into it, and gives how it looks then.
func (c *caller) fill(ctx context.Context, name string, s sheet, kind string, values map[string]any) (*written, time.Duration, error) {
	w, ok := s.(*written)
	if !ok {
		return nil, 0, errOther
	}
	all := maps.Clone(w.values)
	for _, e := range w.Elements {
		if e.Default != "" {
			all[e.Name] = e.Default
		}
	}
	maps.Copy(all, values)
	body, err := json.Marshal(model.SubmitDialogRequest{Type: kind, CallbackId: w.CallbackId, State: w.State, UserId: c.ids[name],
		ChannelId: w.channel, TeamId: c.team, Submission: all})
	if err != nil {
		return nil, 0, fmt.Errorf("fill in a form: %w", err)
	}
	var answer model.SubmitDialogResponse
	took, err := c.call(ctx, "/dialog", "application/json", body, &answer)
	switch {
	case err != nil:
		return nil, took, err
	case answer.Error != "" || len(answer.Errors) > 0:
		return nil, took, fmt.Errorf("the form stays open: %s %v", answer.Error, answer.Errors)
	case answer.Form == nil:
		return nil, took, nil
	}
	return &written{Dialog: *answer.Form, channel: w.channel, values: all}, took, nil
}

// call sends a request to a hook, and times the answer.
func (c *caller) call(ctx context.Context, path, kind string, body []byte, into any) (took time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.hooks+path, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("call the program: %w", err)
	}
	r.Header.Set("Content-Type", kind)
	if path == "/command" {
		r.Header.Set("Authorization", "Token "+c.token)
	}
	began := time.Now()
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, fmt.Errorf("call the program: %w", err)
	}
	answer, err := io.ReadAll(resp.Body)
	took = time.Since(began)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return took, fmt.Errorf("read the program's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return took, fmt.Errorf("the program answers %s: %.300s", resp.Status, answer)
	}
	c.times.answered(kindOf(path, body), took, resp.Header.Get(serverTiming))
	if err := json.Unmarshal(answer, into); err != nil {
		return took, fmt.Errorf("understand the program's answer: %w", err)
	}
	return took, nil
}

// callbacks has people live tickets' lives through the hooks alone.
func (b *bench) callbacks(ctx context.Context) (err error) {
	at, err := b.place("hooks")
	if err != nil {
		return err
	}
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	s, err := startStandIn(b.people)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	times := newTimings()
	c := newCaller(s, addr, b.people, times)
	defer c.http.CloseIdleConnections()
	people := newCrew(c, b.people, []string{s.triage}, times)
	s.tell = people.tell
	h := &household{crew: people, quiet: func() error { return nil }, log: logOf(at)}
	if h.server, err = b.program.serve(ctx, at, addr, helpdesk("mattermost", s.triage), append(c.environment(), "BALIE_URL=http://"+addr)); err != nil {
		return errors.Join(err, tail(h.log))
	}
	defer func() { err = errors.Join(err, h.leave()) }()
	before, err := h.server.used()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := people.play(ctx, b.warm, b.measured); err != nil {
		return errors.Join(err, tail(h.log))
	}
	took := time.Since(began)
	after, err := h.server.used()
	if err != nil {
		return err
	}
	taken := times.taken()
	b.begin(fmt.Sprintf("Mattermost's hooks, called by %d people at once with no server in between: from the request to the answer, "+
		"tokens and signatures checked", b.people), "step\tp50\tp95\tp99\ttarget\t")
	var all []string
	for _, kind := range kinds {
		all = append(all, kind+partAnswer)
		b.latencies(kind, taken.of(kind+partAnswer))
	}
	b.latencies("all of them", taken.of(all...))
	b.begin("Besides", "what\tfigure\ttarget\t")
	b.figure("lives a second", number(float64(people.lives.Load())/b.measured.Seconds()))
	b.figure("processors that the program kept busy", ratio((after-before).Seconds()/took.Seconds()))
	b.figure("processor time of the program for a life", ms((after-before)/time.Duration(max(1, people.lived.Load()))))
	return b.end()
}
