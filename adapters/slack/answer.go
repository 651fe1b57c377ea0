package slack

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// phrases are what the adapter says by itself.
type phrases struct{ noForm, noPost, elsewhere, notHere string }

// words are the phrases in a person's language.
func words(locale string) phrases {
	if strings.HasPrefix(locale, "nl") {
		return phrases{
			noForm:    "Het formulier kon niet worden geopend. Probeer het zo nog eens.",
			noPost:    "Ik kon hier niets plaatsen. Voeg me met /invite toe aan dit kanaal en probeer het nog eens.",
			elsewhere: "Deze knop hoort bij een andere werkruimte. Begin opnieuw met /ticket.",
			notHere:   "Balie is hier niet verbonden, of nog niet. Probeer het zo nog eens, of vraag je beheerder.",
		}
	}
	return phrases{
		noForm:    "The form could not be opened. Please try again in a moment.",
		noPost:    "I could not post here. Please add me to this channel with /invite and try again.",
		elsewhere: "This button belongs to another workspace. Please start afresh with /ticket.",
		notHere:   "Balie is not connected here, or not yet. Please try again in a moment, or ask your administrator.",
	}
}

// opener opens what an event asks for with its trigger, which works once and for three seconds.
type opener struct {
	*Slack
	ctx     context.Context
	w       *workspace
	trigger string
	st      state
	inModal bool // a modal is open already, so that the next one goes on top of it

	opened chan struct{} // closed when it was tried; nil before
	view   *slackapi.ViewResponse
	err    error
	was    string // what was opened
	now    *standing
}

func (s *Slack) opener(ctx context.Context, w *workspace, trigger string, st state, inModal bool) *opener {
	return &opener{Slack: s, ctx: ctx, w: w, trigger: trigger, st: st, inModal: inModal}
}

// early opens a form while the bot still thinks.
func (o *opener) early(f chat.Form) {
	if o.opened == nil && o.trigger != "" {
		o.opened = make(chan struct{})
		o.st.Nonce = strings.ToLower(rand.Text())
		v, now := modal(&f, o.st, nil)
		o.was, o.now = encode(v), now
		go func() {
			defer close(o.opened)
			o.view, o.err = o.send(o.ctx, v)
		}()
	}
}

func (o *opener) send(ctx context.Context, v slackapi.ModalViewRequest) (view *slackapi.ViewResponse, err error) {
	if o.inModal {
		err = o.pace.call(o.w.id+"|views.push", func() error {
			view, err = o.w.api.PushViewContext(ctx, o.trigger, v)
			return err
		})
		return view, err
	}
	err = o.pace.call(o.w.id+"|views.open", func() error {
		view, err = o.w.api.OpenViewContext(ctx, o.trigger, v)
		return err
	})
	return view, err
}

// form shows a form: as a new modal, or in place of the one that was opened early if it is another one.
func (o *opener) form(ctx context.Context, f *chat.Form) error {
	if o.opened == nil {
		o.st.Nonce = strings.ToLower(rand.Text())
		v, _ := modal(f, o.st, nil)
		_, err := o.send(ctx, v)
		return o.failed("open a form", err)
	}
	<-o.opened
	if o.err != nil {
		return o.failed("open a form", o.err)
	}
	v, _ := modal(o.typedInto(f), o.st, o.now)
	if encode(v) == o.was {
		return nil
	}
	err := o.updateView(ctx, o.w, v, o.view.ID, o.view.Hash)
	switch slackCode(err) {
	case "hash_conflict", "not_found": // somebody was faster than the draft, or closed it
		return nil
	}
	if err != nil { // a form is open all the same
		o.log.WithError(o.w.sendError("bring a form up to date", err)).Warn("slack: a form opened without what was typed before")
	}
	return nil
}

// typedInto is the form with what the person has typed into the one that was opened early: that goes before a draft.
func (o *opener) typedInto(f *chat.Form) *chat.Form {
	open, ok := o.views.Peek(o.view.ID)
	if !ok {
		return f
	}
	open.mu.Lock()
	defer open.mu.Unlock()
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i, field := range out.Fields {
		typed := open.last[field.ID]
		if len(typed) > 0 && !slices.Equal(typed, o.now.values[field.ID]) { // and not what it began with
			out.Fields[i].Value, o.now.values[field.ID] = typed, typed
		}
	}
	return &out
}

// settled waits until what was opened early is open, and says whether there is such a form.
func (o *opener) settled() (open bool, err error) {
	if o.opened == nil {
		return false, nil
	}
	<-o.opened
	return o.err == nil, o.failed("open a form", o.err)
}

func (o *opener) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	sent := o.w.sendError(doing, err)
	o.log.WithError(sent).Warn("slack: a form could not be opened")
	return sent
}

// instead shows a text in place of a form that was opened early, and is not to be filled in after all.
func (o *opener) instead(ctx context.Context, said chat.Reply) error {
	return o.updateView(ctx, o.w, o.reply(said), o.view.ID, o.view.Hash)
}

// reply is a private answer as a modal.
func (o *opener) reply(said chat.Reply) slackapi.ModalViewRequest {
	return slackapi.ModalViewRequest{Type: slackapi.VTModal, CallbackID: replyCallback, PrivateMetadata: o.st.encoded(),
		Title: text("Balie"), Blocks: slackapi.Blocks{BlockSet: renderPrivate(said, buttonsIn(o.w.id)).blocks}}
}

// answerCommand is the private answer to a command; a form opens besides. What is too large for the answer follows it.
func (s *Slack) answerCommand(ctx context.Context, h chat.Handler, w *workspace, e chat.Event, o *opener, said chat.Reply, failed error, later string) any {
	said, _ = s.opening(ctx, h, w, e, o, said, failed)
	if said.Text == "" && len(said.Posts) == 0 && len(said.Buttons) == 0 {
		return nil
	}
	out := private(e, renderPrivate(said, buttonsIn(w.id)))
	if len(encode(out)) < ackMax {
		return out
	}
	if err := s.respond(ctx, later, out); err != nil {
		s.log.WithError(err).Warn("slack: the answer to a command could not be shown")
	}
	return nil
}

// opening opens the form of an answer, or lets be seen why there is none, and posts what is for everybody. What is left of
// the answer is for the person alone.
func (s *Slack) opening(ctx context.Context, h chat.Handler, w *workspace, e chat.Event, o *opener, said chat.Reply, failed error) (chat.Reply, error) {
	if said.Form != nil && failed == nil {
		if err := o.form(ctx, said.Form); err != nil {
			return chat.Reply{Text: words(e.Person.Locale).noForm}, err
		}
		said.Form = nil
	} else if open, err := o.settled(); err != nil {
		if said.Text == "" {
			said.Text = words(e.Person.Locale).noForm
		}
	} else if open && failed != nil {
		// It can be filled in: whether it can be stored is seen when it is sent.
		s.later.Do(func() { s.catchForm(context.WithoutCancel(ctx), h, e, o) })
		return chat.Reply{}, failed
	} else if open {
		if err := o.instead(ctx, said); err == nil {
			return chat.Reply{Home: said.Home}, nil
		}
	}
	if said.Public != nil && failed == nil {
		if err := s.announce(ctx, w, e, *said.Public); err != nil {
			return chat.Reply{Text: words(e.Person.Locale).noPost}, err
		}
		said.Public = nil
	}
	return said, failed
}

// catchFor is how long a form that is open already waits for what the store has to say about it.
const catchFor = 30 * time.Second

// catchForm brings a form up to date that was opened early, when the bot can tell what stands in it.
func (s *Slack) catchForm(ctx context.Context, h chat.Handler, e chat.Event, o *opener) {
	ctx, cancel := context.WithTimeout(ctx, catchFor)
	defer cancel()
	e.Early = nil
	for wait := s.opts.RetryAfter; ; wait *= 2 {
		select {
		case <-ctx.Done():
			return
		case <-s.ended:
			return
		case <-time.After(wait):
		}
		said, err := s.ask(ctx, h, e)
		if err != nil {
			continue
		}
		if said.Form != nil {
			if err := o.form(ctx, said.Form); err != nil {
				s.log.WithError(err).Warn("slack: a form stays without what was typed before")
			}
		}
		return
	}
}

// announce posts for everybody where the event happened.
func (s *Slack) announce(ctx context.Context, w *workspace, e chat.Event, p chat.Post) error {
	p.To = chat.Place{Platform: Name, Workspace: w.id, Channel: e.Channel, Thread: e.Thread}
	_, err := s.Send(ctx, p)
	if err != nil {
		s.log.WithError(err).Warn("slack: what was to be said to everybody could not be posted")
	}
	return err
}

// answerPressed is the answer to a pressed button or a shortcut. In a modal or the home it is shown there.
func (a *asked) answerPressed(ctx context.Context, e chat.Event, o *opener, said chat.Reply, failed error) {
	said, _ = a.opening(ctx, a.h, a.w, e, o, said, failed)
	if said.Home != nil {
		a.showHome(ctx, a.w, e.Person.ID, *said.Home)
	}
	if said.Text == "" && len(said.Posts) == 0 && len(said.Buttons) == 0 {
		return
	}
	var err error
	switch v := a.in.View; {
	case v != nil && v.Type == "modal":
		err = a.updateView(ctx, a.w, o.reply(said), v.ID, "")
	case v != nil && o.opened == nil && a.in.Trigger != "":
		_, err = o.send(ctx, o.reply(said))
	default:
		a.soon(ctx, func(ctx context.Context) {
			if err := a.whisper(ctx, a.w, e, said, a.in.ResponseURL, false); err != nil {
				a.log.WithError(err).Warn("slack: an answer could not be shown")
			}
		})
	}
	if err != nil {
		a.log.WithError(err).Warn("slack: an answer could not be shown")
	}
}

// What is said besides an answer holds that up for no longer than soonWithin, and goes on for soonLimit.
const (
	soonWithin = 500 * time.Millisecond
	soonLimit  = 10 * time.Second
)

// soon does something besides an answer: before it, if that takes no longer than it should.
func (s *Slack) soon(ctx context.Context, do func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), soonLimit)
	done := make(chan struct{})
	s.later.Do(func() {
		defer close(done)
		defer cancel()
		do(ctx)
	})
	select {
	case <-done:
	case <-time.After(soonWithin):
	}
}

// confidence is a message that only one person sees, as an answer. https://docs.slack.dev/interactivity/handling-user-interaction
type confidence struct {
	Type    string           `json:"response_type"`
	Replace bool             `json:"replace_original"`
	Thread  string           `json:"thread_ts,omitempty"`
	Text    string           `json:"text"`
	Blocks  []slackapi.Block `json:"blocks,omitempty"`
}

func private(e chat.Event, r rendering) confidence {
	return confidence{Type: slackapi.ResponseTypeEphemeral, Thread: e.Thread, Text: r.text, Blocks: r.blocks}
}

// whisper tells the person alone: by the response URL of what they did, else by a message that only they see, else in the
// direct conversation, where it is an ordinary message. One event is answered once there; late says that it may have been
// answered before.
func (s *Slack) whisper(ctx context.Context, w *workspace, e chat.Event, said chat.Reply, later string, late bool) error {
	if said.Text == "" && len(said.Posts) == 0 && len(said.Buttons) == 0 {
		return nil
	}
	r := renderPrivate(said, buttonsIn(w.id))
	if later != "" {
		if err := s.respond(ctx, later, private(e, r)); err == nil {
			return nil
		}
	}
	if e.Channel != "" && !e.Direct {
		err := s.ephemeral(ctx, w, e, r)
		switch slackCode(err) {
		case "user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived", "messages_tab_disabled":
		default:
			if err == nil {
				return nil
			}
			return w.sendError("tell somebody in private", err)
		}
	}
	to := chat.Place{Platform: Name, Workspace: w.id, Person: e.Person.ID}
	if e.Direct {
		to = chat.Place{Platform: Name, Workspace: w.id, Channel: e.Channel, Thread: e.Thread}
	}
	c := creation{key: "answer|" + e.ID, w: w, thread: to.Thread, rendering: r}
	if late {
		c.again = e.At
	}
	var err error
	if c.channel, err = s.destination(ctx, w, to); err != nil {
		return err
	}
	_, err = s.create(ctx, c)
	return err
}

// ephemeral posts what only the person sees.
func (s *Slack) ephemeral(ctx context.Context, w *workspace, e chat.Event, r rendering) error {
	opts := []slackapi.MsgOption{slackapi.MsgOptionText(r.text, false), slackapi.MsgOptionBlocks(r.blocks...)}
	if e.Thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(e.Thread))
	}
	return s.pace.call(w.id+"|chat.postEphemeral", func() error {
		_, err := w.api.PostEphemeralContext(ctx, e.Channel, e.Person.ID, opts...)
		return err
	})
}

// respond posts to a response URL, which Slack takes five times in half an hour.
func (s *Slack) respond(ctx context.Context, to string, m confidence) error {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || !s.trusted(u) {
		return errors.New("the response URL is not Slack's")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader([]byte(encode(m))))
	if err != nil {
		return fmt.Errorf("answer later: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.ws.http.Do(r)
	if err != nil {
		return fmt.Errorf("answer later: %w", scrubbed(err))
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("answer later: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answer later: status %d", resp.StatusCode)
	}
	return nil
}

// scrubbed is a network error without the URL, which is a secret of its own.
func scrubbed(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// trusted says whether Slack is at the URL: its own domain, or where the Web API was said to be.
func (s *Slack) trusted(u *url.URL) bool {
	api, err := url.Parse(s.opts.APIURL)
	return err == nil && u.Host == api.Host && u.Scheme == api.Scheme ||
		u.Scheme == "https" && (u.Host == "slack.com" || strings.HasSuffix(u.Host, ".slack.com"))
}

// ackMax is how large an answer may be: what comes over a socket may have no more than 20 kB.
const ackMax = 20_000 - 200

// hear tells the bot what was heard, and answers the person in private. An error means that it has to be told again.
func (s *Slack) hear(ctx context.Context, h chat.Handler, w *workspace, e chat.Event, late bool) error {
	said, err := s.ask(ctx, h, e)
	if err != nil {
		return err
	}
	said.Form = nil // there is nothing to open it with
	if said.Home != nil {
		s.showHome(ctx, w, e.Person.ID, *said.Home)
	}
	err = s.whisper(ctx, w, e, said, "", late)
	if sent, ok := errors.AsType[*chat.SendError](err); ok && (sent.Gone || sent.Refused != "" || sent.Blocked != "") {
		// They left, or can't be written to: what they said is stored, and telling it again would change nothing.
		s.log.WithError(err).WithField("person", e.Person.ID).Warn("slack: somebody could not be answered")
		return nil
	}
	return err
}
