package playground

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// What tokens are for. One of one purpose is no good for another.
const (
	forButton  = "playground button"
	forPrivate = "playground private button"
	forForm    = "playground form"
)

const (
	formLife    = 24 * time.Hour
	privateLife = 7 * 24 * time.Hour
)

// stamp is what a token says: what the bot put there, and where it stood.
type stamp struct {
	Value   chat.Value `json:"b"`
	Channel string     `json:"c"`
	Thread  string     `json:"h,omitempty"`
	Message string     `json:"m,omitempty"` // that a button stands on
	Form    string     `json:"f,omitempty"` // the form's instance
	Choices []string   `json:"o,omitempty"` // of a menu
}

func (p *Playground) seal(purpose, holder string, life time.Duration, s stamp) string {
	payload, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("playground: encode a stamp: %v", err)) // strings only
	}
	var expires time.Time
	if life > 0 {
		expires = p.now().Add(life)
	}
	return p.sealer.Seal(purpose, holder, expires, payload)
}

// unseal reads a token that the person sent. A button on a post is for everybody who sees it; the rest for one person.
func (p *Playground) unseal(who *Persona, token string, purposes ...string) (s stamp, purpose string, err error) {
	for _, purpose = range purposes {
		holder := who.ID
		if purpose == forButton {
			holder = ""
		}
		var payload []byte
		if payload, err = p.sealer.Open(purpose, holder, token, p.now()); err == nil {
			if err := json.Unmarshal(payload, &s); err != nil {
				return stamp{}, "", fmt.Errorf("playground: decode a stamp: %w", err)
			}
			return s, purpose, nil
		}
		if errors.Is(err, chat.ErrExpired) {
			return stamp{}, "", &problem{status: 410, Code: "expired", Message: "This has been open for too long. Please start again."}
		}
	}
	return stamp{}, "", &problem{status: 403, Code: "forged", Message: "This button or form is not one that you were given."}
}

// buttons are the buttons as they are shown at a place; private ones are for the holder only.
func (p *Playground) buttons(list []chat.Button, holder string, at stamp) []wire.Button {
	out := make([]wire.Button, 0, len(list))
	for _, b := range list {
		purpose, life := forButton, time.Duration(0)
		if holder != "" {
			purpose, life = forPrivate, privateLife
		}
		s := at
		s.Value = b.Value
		shown := wire.Button{Label: chat.Cut(b.Label, labelMax), Style: b.Style, Confirm: chat.Clean(b.Confirm)}
		for _, o := range b.Options {
			s.Choices = append(s.Choices, o.Value)
			shown.Options = append(shown.Options, option(o))
		}
		shown.Token = p.seal(purpose, holder, life, s)
		out = append(out, shown)
	}
	return slices.Clip(out)
}

func option(o chat.Option) chat.Option {
	return chat.Option{Value: o.Value, Label: chat.Cut(o.Label, labelMax), Hint: chat.Clean(o.Hint)}
}

// form is a form as it is shown to the person.
func (p *Playground) form(f *chat.Form, who *Persona, at stamp) *wire.Form {
	at.Value = f.Value
	out := &wire.Form{
		Token: p.seal(forForm, who.ID, formLife, at), Title: chat.Cut(f.Title, labelMax), Intro: chat.Cut(f.Intro, messageMax),
		Submit: chat.Cut(f.Submit, labelMax), Fields: make([]chat.Field, 0, len(f.Fields)),
	}
	for _, field := range f.Fields {
		field.Label, field.Hint, field.Placeholder = chat.Cut(field.Label, labelMax), chat.Clean(field.Hint), chat.Clean(field.Placeholder)
		options := make([]chat.Option, 0, len(field.Options))
		for _, o := range field.Options {
			options = append(options, option(o))
		}
		field.Options = options
		out.Fields = append(out.Fields, field)
	}
	return out
}
