package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/callback"
	"balie/internal/chat"
)

// slash is a slash command, as HTTP and sockets bring it.
type slash struct {
	Command     string `json:"command"`
	Text        string `json:"text"`
	User        string `json:"user_id"`
	UserName    string `json:"user_name"`
	Channel     string `json:"channel_id"`
	Team        string `json:"team_id"`
	Enterprise  string `json:"enterprise_id"`
	OrgWide     string `json:"is_enterprise_install"` // "true" or "false"
	Trigger     string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
}

// interaction is what comes of a button, a form or a shortcut. Nothing in it is trusted to be there.
// https://docs.slack.dev/reference/interaction-payloads
type interaction struct {
	Type        string    `json:"type"`
	Team        *named    `json:"team"`
	Enterprise  *named    `json:"enterprise"`
	OrgWide     bool      `json:"is_enterprise_install"`
	User        actor     `json:"user"`
	Channel     *named    `json:"channel"`
	Trigger     string    `json:"trigger_id"`
	ResponseURL string    `json:"response_url"`
	CallbackID  string    `json:"callback_id"`
	Actions     []pressed `json:"actions"`
	View        *view     `json:"view"`
	Message     *message  `json:"message"`
	Container   struct {
		Type    string `json:"type"`
		Channel string `json:"channel_id"`
		Message string `json:"message_ts"`
		Thread  string `json:"thread_ts"`
	} `json:"container"`
	// Of a question for options.
	ActionID string `json:"action_id"`
	BlockID  string `json:"block_id"`
	Value    string `json:"value"`
}

type named struct {
	ID string `json:"id"`
}

type actor struct {
	ID       string `json:"id"`
	UserName string `json:"username"`
	Name     string `json:"name"`
	Team     string `json:"team_id"`
}

// pressed is a button that was pressed, or an answer that changed.
type pressed struct {
	Type     string  `json:"type"`
	ActionID string  `json:"action_id"`
	BlockID  string  `json:"block_id"`
	Value    string  `json:"value"`
	At       string  `json:"action_ts"`
	Selected *choice `json:"selected_option"`
}

type choice struct {
	Value string `json:"value"`
}

// interactive answers an interaction, and says of which kind it was.
func (s *Slack) interactive(ctx context.Context, h chat.Handler, payload []byte) (string, any, error) {
	var in interaction
	if json.Unmarshal(payload, &in) != nil || in.User.ID == "" {
		return "", nil, callback.ErrGarbage
	}
	w, err := s.workspaceOf(ctx, in.team(), of(in.OrgWide, in.Enterprise.id()))
	if err != nil {
		return "", nil, s.stranger(err)
	}
	a := asked{Slack: s, w: w, h: h, in: in}
	switch in.Type {
	case "block_actions":
		switch {
		case len(in.Actions) == 0:
			return "", nil, callback.ErrGarbage
		case in.View != nil && in.View.CallbackID == formCallback:
			return "form_changed", nil, a.changed(ctx)
		}
		return "click", nil, a.click(ctx)
	case "view_submission":
		if in.View == nil || in.View.CallbackID != formCallback {
			return "", nil, s.odd("a form that is none of ours")
		}
		answer, err := a.submit(ctx)
		return "submit", answer, err
	case "view_closed":
		if in.View == nil || in.View.CallbackID != formCallback {
			return "", nil, nil
		}
		return "form_closed", nil, a.closed(ctx)
	case "block_suggestion":
		answer, err := a.suggest(ctx)
		return "query", answer, err
	case "shortcut", "message_action":
		return "shortcut", nil, a.shortcut(ctx)
	}
	return "", nil, s.odd("an interaction of the unknown type " + chat.Cut(in.Type, 40))
}

// odd logs once what makes no sense, and acknowledges it: Slack would only repeat it.
func (s *Slack) odd(what string) error {
	if s.once.First(what) {
		s.log.Warn("slack: " + what + " was ignored")
	}
	return nil
}

// stranger is what to answer to a request for a workspace that is not connected.
func (s *Slack) stranger(err error) error {
	if s.once.First(err.Error()) {
		s.log.WithError(err).Warn("slack: a request for a workspace that is not connected was ignored")
	}
	return nil
}

// team is the workspace that it happened in: for a stranger in a shared channel, that of the app.
func (in interaction) team() string {
	if in.View != nil && in.View.AppTeam != "" {
		return in.View.AppTeam
	}
	if in.Team.id() != "" {
		return in.Team.id()
	}
	return in.User.Team
}

// of is the enterprise that installed the app as a whole, if it did.
func of(orgWide bool, enterprise string) string {
	if orgWide {
		return enterprise
	}
	return ""
}

func (n *named) id() string {
	if n == nil {
		return ""
	}
	return n.ID
}

// asked is an interaction being answered.
type asked struct {
	*Slack
	w  *workspace
	h  chat.Handler
	in interaction
}

// event is what somebody did just now.
func (a *asked) event(id string) chat.Event {
	handle := a.in.User.UserName
	if handle == "" {
		handle = a.in.User.Name
	}
	e := a.Slack.event(a.w, id, a.in.Channel.id(), "")
	a.person(&e, a.w, a.in.User.ID, handle)
	e.Direct = a.isDirect(a.w, e.Channel, a.in.User.ID)
	return e
}

// person says who did it: at once as far as that is known, and more of it after the form has opened.
func (s *Slack) person(e *chat.Event, w *workspace, id, handle string) {
	known, ok := s.people.known.Peek(personKey(w, id))
	p := known.Person
	if !ok || p.ID == "" {
		p = chat.Person{ID: id, Handle: handle, Name: handle}
		e.Describe = func(ctx context.Context) chat.Person { return s.people.quickly(ctx, w, id, handle) }
	}
	e.Person = p
}

func (s *Slack) event(w *workspace, id, channel, thread string) chat.Event {
	return chat.Event{ID: id, Platform: Name, Workspace: w.id, Channel: channel, Thread: thread, At: time.Now().UTC()}
}

// ask has the bot answer within the time there is.
func (s *Slack) ask(ctx context.Context, h chat.Handler, e chat.Event) (chat.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.AnswerWithin)
	defer cancel()
	return h(ctx, e)
}

// command answers a slash command.
func (s *Slack) command(ctx context.Context, h chat.Handler, in slash) (any, error) {
	if in.User == "" || in.Channel == "" || in.Trigger == "" {
		return nil, callback.ErrGarbage
	}
	w, err := s.workspaceOf(ctx, in.Team, of(in.OrgWide == "true", in.Enterprise))
	if err != nil {
		return confidence{Type: slackapi.ResponseTypeEphemeral, Text: words("").notHere}, s.stranger(err)
	}
	e := s.event(w, "command|"+in.Trigger, in.Channel, "")
	s.person(&e, w, in.User, in.UserName)
	e.Direct = s.isDirect(w, in.Channel, in.User)
	e.Command = &chat.Command{Name: strings.TrimPrefix(in.Command, "/"), Text: s.inbound(ctx, w, in.Text)}
	o := s.opener(ctx, w, in.Trigger, state{Channel: in.Channel, Later: in.ResponseURL}, false)
	e.Early = o.early
	said, failed := s.ask(ctx, h, e)
	return s.answerCommand(ctx, h, w, e, o, said, failed, in.ResponseURL), nil
}

// shortcut answers a shortcut of a message, or of Slack's own menu.
func (a *asked) shortcut(ctx context.Context) error {
	in := a.in
	e := a.event("shortcut|" + in.Trigger)
	e.Shortcut = &chat.Shortcut{Name: in.CallbackID}
	if in.Type == "message_action" {
		if in.Message == nil || in.Message.TS == "" || e.Channel == "" {
			return callback.ErrGarbage
		}
		m := *in.Message
		e.Thread = m.thread()
		author := a.people.quickly(ctx, a.w, m.By.id(), "")
		e.Shortcut.Message = *a.said(ctx, a.w, m, author)
		e.Shortcut.Ref = chat.Ref{Platform: Name, Workspace: a.w.id, Channel: e.Channel, Thread: e.Thread, Message: m.TS}
	}
	o := a.opener(ctx, a.w, in.Trigger, state{Channel: e.Channel, Thread: e.Thread, Later: in.ResponseURL}, false)
	e.Early = o.early
	said, failed := a.ask(ctx, a.h, e)
	a.answerPressed(ctx, e, o, said, failed)
	return nil
}

// click answers a pressed button, or a choice from a menu.
func (a *asked) click(ctx context.Context) error {
	in, act := a.in, a.in.Actions[0]
	value, choice, ok := carried(act)
	if !ok {
		return a.odd("a button that is none of ours")
	}
	place := in.Channel.id()
	if place == "" {
		place = in.Container.Channel
	}
	ts := in.Container.Message
	edited := ""
	if m := in.Message; m != nil {
		if ts == "" {
			ts = m.TS
		}
		if m.Edited != nil {
			edited = m.Edited.TS
		}
	}
	st := state{Channel: place, Later: in.ResponseURL}
	view := ""
	if in.View != nil {
		view = in.View.ID
		before := in.View.state()
		st.Channel, st.Thread, st.Home = before.Channel, before.Thread, before.Home || in.View.Type == "home"
		if place == "" {
			place = before.Channel
		}
	}
	e := a.event("click|" + hashID(place, ts, edited, view, in.View.hash(), in.User.ID, act.ActionID, act.Value, choice))
	e.Channel, e.Home = place, st.Home
	e.Direct = a.isDirect(a.w, place, in.User.ID)
	e.Click = &chat.Click{Value: value.Value}
	if choice != "" {
		e.Click.Choice = []string{choice}
	}
	if in.Message != nil || in.Container.Type == "message" {
		e.Thread = in.Container.Thread
		if e.Thread == "" && in.Message != nil {
			e.Thread = in.Message.thread()
		}
		if e.Thread == ts {
			e.Thread = ""
		}
		st.Thread = e.Thread
		e.Click.Message = chat.Ref{Platform: Name, Workspace: a.w.id, Channel: place, Thread: e.Thread, Message: ts}
	}
	o := a.opener(ctx, a.w, in.Trigger, st, in.View != nil && in.View.Type == "modal")
	e.Early = o.early
	if value.Workspace != "" && value.Workspace != a.w.id {
		a.answerPressed(ctx, e, o, chat.Reply{Text: words(e.Person.Locale).elsewhere}, nil)
		return nil
	}
	said, failed := a.ask(ctx, a.h, e)
	a.answerPressed(ctx, e, o, said, failed)
	return nil
}

// hashID is a short id that follows from the parts.
func hashID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// isDirect says whether the channel is the person's direct conversation with the bot, as far as that is known: people have
// direct conversations with each other, too, whose ids look alike.
func (s *Slack) isDirect(w *workspace, channel, person string) bool {
	if !strings.HasPrefix(channel, "D") {
		return false
	}
	ours, ok := s.direct.Get(w.id + "/" + person)
	return ok && ours == channel
}
