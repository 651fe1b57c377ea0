package mattermost

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/internal/chat"
)

// failedProp marks the answer to a command that was not carried out.
const failedProp = "balie_failed"

// phrases are what the adapter says by itself.
type phrases struct{ tooOld, noForm, noPost, noFiles, inDirect string }

// words are the phrases in a person's language.
func words(locale string) phrases {
	if strings.HasPrefix(locale, "nl") {
		return phrases{
			tooOld:   "Dit is te oud om nog te gebruiken. Begin opnieuw met /ticket.",
			noForm:   "Het formulier kon niet worden geopend. Probeer het zo nog eens.",
			noPost:   "Ik kon hier niets plaatsen. Voeg me toe aan dit kanaal en probeer het nog eens.",
			noFiles:  "De bestanden konden niet worden gelezen. Probeer het nog eens, of zet ze later in het gesprek van de melding.",
			inDirect: "Je leest het antwoord in onze directe berichten.",
		}
	}
	return phrases{
		tooOld:   "This is too old to be used. Please start afresh with /ticket.",
		noForm:   "The form could not be opened. Please try again in a moment.",
		noPost:   "I could not post here. Please add me to this channel and try again.",
		noFiles:  "The files could not be read. Please try again, or add them in the ticket's thread later.",
		inDirect: "The answer is in our direct messages.",
	}
}

// answerCommand is the private answer to a command; a form opens besides.
func (m *Mattermost) answerCommand(ctx context.Context, e chat.Event, said chat.Reply, failed error, trigger, later string) model.CommandResponse {
	out := model.CommandResponse{ResponseType: model.CommandResponseTypeEphemeral, SkipSlackParsing: true}
	if said.Form != nil && failed == nil {
		if err := m.open(ctx, e, said.Form, trigger, later); err != nil {
			said.Text, failed = words(e.Person.Locale).noForm, err
		}
	}
	if said.Public != nil && failed == nil {
		if err := m.announce(ctx, e, *said.Public); err != nil {
			said.Text, failed = words(e.Person.Locale).noPost, err
		}
	}
	out.Text, out.Attachments = m.private(said, spot{channel: e.Channel, thread: e.Thread, holder: e.Person.ID})
	if failed != nil {
		out.Props = model.StringInterface{failedProp: true}
	}
	return out
}

// announce posts for everybody where the event happened.
func (m *Mattermost) announce(ctx context.Context, e chat.Event, p chat.Post) error {
	p.To = chat.Place{Platform: Name, Channel: e.Channel, Thread: e.Thread}
	_, err := m.Send(ctx, p)
	if err != nil {
		m.log.WithError(err).Warn("mattermost: what was to be said to everybody could not be posted")
	}
	return err
}

// open opens a form. What is said when it was sent goes to later, the command's response URL, if nothing better is allowed.
func (m *Mattermost) open(ctx context.Context, e chat.Event, f *chat.Form, trigger, later string) error {
	s := state{Channel: e.Channel, Thread: e.Thread, Nonce: strings.ToLower(rand.Text())}
	d := m.dialog(f, s, e.Person.ID)
	if err := d.IsValid(); err != nil { // the server would only log it, and the client show something odd
		m.log.WithError(err).Error("mattermost: a form is not as the server wants it")
	}
	resp, err := m.api.OpenInteractiveDialog(ctx, model.OpenDialogRequest{TriggerId: trigger, URL: m.hooks + dialogPath, Dialog: d})
	if err != nil {
		sent := m.sendError("open a form", resp, err)
		m.log.WithError(sent).Warn("mattermost: a form could not be opened")
		return sent
	}
	if later != "" {
		m.answers.Add(s.Nonce, later)
	}
	return nil
}

// answerAction is the private answer to a click. The server takes no more than a text in it; buttons and cards are
// whispered.
func (m *Mattermost) answerAction(ctx context.Context, e chat.Event, said chat.Reply, trigger string) model.PostActionIntegrationResponse {
	out := model.PostActionIntegrationResponse{SkipSlackParsing: true}
	if said.Form != nil {
		if m.open(ctx, e, said.Form, trigger, "") != nil {
			out.EphemeralText = words(e.Person.Locale).noForm
			return out
		}
	}
	if said.Public != nil && m.announce(ctx, e, *said.Public) != nil {
		out.EphemeralText = words(e.Person.Locale).noPost
		return out
	}
	if len(said.Posts) == 0 && len(said.Buttons) == 0 {
		if said.Text != "" {
			out.EphemeralText = outbound(said.Text, messageMax)
		}
		return out
	}
	e.ID += "|" + triggerName(trigger, nil) // who asks again is answered again
	direct, err := m.whisper(ctx, e, said, "", false)
	switch {
	case err != nil:
		out.EphemeralText = outbound(said.Text, messageMax)
	case direct && !e.Direct:
		out.EphemeralText = words(e.Person.Locale).inDirect
	}
	return out
}

// answerForm is the answer to a form that was sent, changed or closed.
func (m *Mattermost) answerForm(ctx context.Context, e chat.Event, s state, said chat.Reply, failed error) model.SubmitDialogResponse {
	if len(said.Errors) > 0 || failed != nil {
		out := s.errorsFor(said.Errors)
		if len(said.Errors) == 0 {
			out.Error = said.Text
		}
		return out
	}
	if said.Form != nil {
		d := m.dialog(said.Form, s, e.Person.ID)
		if err := d.IsValid(); err != nil {
			m.log.WithError(err).Error("mattermost: a form is not as the server wants it")
		}
		return model.SubmitDialogResponse{Type: string(model.SubmitDialogResponseTypeForm), Form: &d}
	}
	if said.Public != nil {
		if err := m.announce(ctx, e, *said.Public); err != nil {
			return model.SubmitDialogResponse{Error: words(e.Person.Locale).noPost}
		}
	}
	later, _ := m.answers.Get(s.Nonce)
	// What was asked for is stored: that the answer can't be shown is no reason to say anything else.
	if _, err := m.whisper(ctx, e, said, later, false); err != nil {
		m.log.WithError(err).Warn("mattermost: the answer to a form could not be shown")
	}
	return model.SubmitDialogResponse{}
}

// private is a reply as one message that only one person sees.
func (m *Mattermost) private(said chat.Reply, at spot) (string, []*model.MessageAttachment) {
	button := m.buttonsAt(at)
	text, attachments := m.render(chat.Post{Text: said.Text, Buttons: said.Buttons}, nil, button)
	var cards []*model.MessageAttachment
	for _, p := range said.Posts {
		t, a := m.render(p, nil, button)
		switch {
		case t == "":
		case text == "" && len(said.Posts) == 1:
			text = t
		case len(a) > 0:
			a[0].Pretext = t
		default:
			a = []*model.MessageAttachment{{Text: t}}
		}
		cards = append(cards, a...)
	}
	return text, append(cards, attachments...)
}

// whisper tells the person alone: by a message that only they see where the server allows that, else by the response URL
// of the command that it began with, else in the direct conversation, where it is an ordinary message. It says whether it
// went there. One event is answered once there; late says that it may have been answered before.
func (m *Mattermost) whisper(ctx context.Context, e chat.Event, said chat.Reply, later string, late bool) (direct bool, err error) {
	if said.Text == "" && len(said.Posts) == 0 && len(said.Buttons) == 0 {
		return false, nil
	}
	if !e.Direct {
		at := spot{channel: e.Channel, thread: e.Thread, holder: e.Person.ID}
		if m.mayWhisper() {
			text, attachments := m.private(said, at)
			if err := m.ephemeral(ctx, e, text, attachments); err == nil {
				return false, nil
			}
		}
		if later != "" {
			text, attachments := m.private(said, at)
			if err := m.respond(ctx, later, text, attachments); err == nil {
				return false, nil
			}
		}
	}
	to := chat.Place{Platform: Name, Person: e.Person.ID}
	if e.Direct {
		to = chat.Place{Platform: Name, Channel: e.Channel, Thread: e.Thread}
	}
	channel, err := m.destination(ctx, to)
	if err != nil {
		return true, err
	}
	text, attachments := m.private(said, spot{channel: channel, thread: to.Thread, holder: e.Person.ID})
	c := creation{key: "answer|" + e.ID, channel: channel, thread: to.Thread, message: text, attachments: attachments}
	if late {
		c.again = e.At
	}
	_, err = m.create(ctx, c)
	return true, err
}

// quietFor is how long a server that forbade ephemeral posts is not asked again.
const quietFor = 10 * time.Minute

func (m *Mattermost) mayWhisper() bool { return time.Now().UnixNano() > m.muted.Load() }

// ephemeral posts what only the person sees. The server allows that to whom it gave the right.
func (m *Mattermost) ephemeral(ctx context.Context, e chat.Event, text string, attachments []*model.MessageAttachment) error {
	p := &model.Post{ChannelId: e.Channel, RootId: e.Thread, Message: text}
	setAttachments(p, attachments)
	_, resp, err := m.api.CreatePostEphemeral(ctx, &model.PostEphemeral{UserID: e.Person.ID, Post: p})
	if err == nil {
		return nil
	}
	if resp != nil && resp.StatusCode == http.StatusForbidden {
		m.muted.Store(time.Now().Add(quietFor).UnixNano())
	}
	return m.sendError("tell somebody in private", resp, err)
}

// respond posts to a command's response URL, which servers take five times in half an hour.
func (m *Mattermost) respond(ctx context.Context, to, text string, attachments []*model.MessageAttachment) error {
	if !strings.HasPrefix(to, m.opts.URL+"/hooks/") {
		return errors.New("the response URL is not the server's")
	}
	body := encode(model.CommandResponse{ResponseType: model.CommandResponseTypeEphemeral, Text: text, Attachments: attachments, SkipSlackParsing: true})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(string(body)))
	if err != nil {
		return fmt.Errorf("answer a command later: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := m.api.HTTPClient.Do(r)
	if err != nil {
		return fmt.Errorf("answer a command later: %w", err)
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("answer a command later: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answer a command later: status %d", resp.StatusCode)
	}
	return nil
}

// hear tells the bot what was heard, and answers the person in private. An error means that it has to be told again: late
// says that this is, or may be, such a time.
func (m *Mattermost) hear(ctx context.Context, h chat.Handler, e chat.Event, late bool) error {
	said, err := m.ask(ctx, h, e)
	if err != nil {
		return err
	}
	said.Form = nil // there is nothing to open it with
	_, err = m.whisper(ctx, e, said, "", late)
	if sent, ok := errors.AsType[*chat.SendError](err); ok && (sent.Gone || sent.Refused != "") {
		// They left, or can't be written to: what they said is stored, and telling it again would change nothing.
		m.log.WithError(err).WithField("person", e.Person.ID).Warn("mattermost: somebody could not be answered")
		return nil
	}
	return err
}
