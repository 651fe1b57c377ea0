package mattermost

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/internal/chat"
)

// What tokens are for. One for another purpose is no token.
const (
	forButton = "mattermost button"
	forForm   = "mattermost form"
)

// How long what only one person sees can be used. Buttons of a card last as long as the card.
const (
	privateLife = 7 * 24 * time.Hour
	formLife    = 24 * time.Hour
)

// contextToken is the key under which a button carries its token. The server keeps it from clients.
const contextToken = "t"

// press is what a button's token says.
type press struct {
	Value   chat.Value `json:"v"`
	Channel string     `json:"c"`
	Thread  string     `json:"r,omitempty"`
	At      int64      `json:"a"`           // when it was rendered: pressing one rendering twice is one event
	Choices []string   `json:"o,omitempty"` // of a menu

	private bool // it is for one person alone
}

// spot is where buttons are shown, and to whom: a holder is the only one who may press them.
type spot struct {
	channel, thread, holder string
}

// buttonsAt makes the buttons of a post that stands there.
func (m *Mattermost) buttonsAt(s spot) func(chat.Button) *model.PostAction {
	return func(b chat.Button) *model.PostAction {
		p := press{Value: b.Value, Channel: s.channel, Thread: s.thread, At: m.opts.Now().UnixMilli()}
		a := &model.PostAction{
			Id: actionID(b.Value), Type: model.PostActionTypeButton, Name: chat.Cut(b.Label, labelMax),
			Integration: &model.PostActionIntegration{URL: m.hooks + actionPath},
		}
		switch b.Style {
		case chat.Primary:
			a.Style = "primary"
		case chat.Danger:
			a.Style = "danger"
		case chat.Plain:
		}
		if len(b.Options) > 0 {
			a.Type, a.Style = model.PostActionTypeSelect, ""
			for _, o := range b.Options {
				p.Choices = append(p.Choices, o.Value)
				label := chat.Cut(o.Label, labelMax)
				if label == "" {
					label = o.Value
				}
				a.Options = append(a.Options, &model.PostActionOptions{Text: label, Value: o.Value})
			}
		}
		var expires time.Time
		if s.holder != "" {
			expires = m.opts.Now().Add(privateLife)
		}
		a.Integration.Context = map[string]any{contextToken: m.sealer.Seal(forButton, s.holder, expires, encode(p))}
		return a
	}
}

// actionID names a button after what it does: who presses one while the card changes must not press another one. Servers
// take no other signs in it than letters and digits.
func actionID(v chat.Value) string { return "b" + hashID(v.Verb, v.Ticket, v.Arg) }

// pressed opens a button's token for whoever pressed it there.
func (m *Mattermost) pressed(token, user, channel string) (press, error) {
	var p press
	body, err := m.sealer.Open(forButton, user, token, m.opts.Now())
	private := err == nil
	if errors.Is(err, chat.ErrForged) { // it may be for everybody
		body, err = m.sealer.Open(forButton, "", token, m.opts.Now())
	}
	if err != nil {
		return p, err
	}
	if json.Unmarshal(body, &p) != nil || p.Channel != channel {
		return p, chat.ErrForged
	}
	p.private = private
	return p, nil
}

// state is what an open form's token says.
type state struct {
	Form    chat.Value  `json:"v"`
	Channel string      `json:"c"`
	Thread  string      `json:"r,omitempty"`
	Nonce   string      `json:"n"` // the same for as long as the form is open: sending it twice is one event
	Fixed   chat.Values `json:"x,omitempty"`
	Asked   []asked     `json:"q"`
}

// asked is a question of the form.
type asked struct {
	ID      string         `json:"i"`
	Kind    chat.FieldKind `json:"k"`
	Refresh bool           `json:"r,omitempty"` // a change of it changes the form
}

func (m *Mattermost) sealState(s state, user string) string {
	return m.sealer.Seal(forForm, user, m.opts.Now().Add(formLife), encode(s))
}

// opened opens the state of a form that the person sent from there.
func (m *Mattermost) opened(token, user, channel string) (state, error) {
	var s state
	body, err := m.sealer.Open(forForm, user, token, m.opts.Now())
	if err != nil {
		return s, err
	}
	if json.Unmarshal(body, &s) != nil || s.Channel != channel {
		return s, chat.ErrForged
	}
	return s, nil
}

// encode makes JSON of a struct that always has one.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}

// hashID is a short id that follows from the parts.
func hashID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// offers says whether the choice is one of the menu's.
func (p press) offers(choice string) bool { return slices.Contains(p.Choices, choice) }
