package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/internal/chat"
)

// open opens a form: at once or, where Discord does not let one follow another, with a button.
func (a *asked) open(ctx context.Context, f chat.Form) answer {
	s := newState(f, a.e)
	a.save(ctx, &s)
	if a.in.Type == formInteraction {
		return a.prompt(ctx, a.say.formReady, a.bag(a.e.Workspace), a.pageButton(s, 0, a.say.openForm))
	}
	return answer{Type: answerModal, Data: s.modal(a.values, 0, a.say)}
}

func (a *asked) save(ctx context.Context, s *formState) {
	ctx, cancel := a.shortly(ctx)
	defer cancel()
	a.forms.save(ctx, s)
}

// pageButton opens a page of a form.
func (a *asked) pageButton(s formState, page int, label string) discordgo.MessageComponent {
	return discordgo.Button{Label: oneLine(label, buttonMax), Style: discordgo.PrimaryButton, CustomID: a.values.pageID(pageMark, s.Nonce, page)}
}

// filled is the form that somebody fills in; not ok, with the answer, if it is none of theirs or can't be found.
func (a *asked) filled(ctx context.Context, nonce string, page int) (s formState, out answer, ok bool) {
	s, err := a.forms.load(ctx, nonce)
	switch {
	case errors.Is(err, errExpired):
		return s, a.tell(ctx, a.say.oldForm), false
	case err != nil:
		return s, a.lost(ctx, err), false
	case s.Person != a.who.ID:
		a.replaces = false
		return s, a.tell(ctx, a.say.notYours), false
	case page >= len(pagesOf(s.Form)):
		a.odd("a page that a form does not have")
		return s, a.tell(ctx, a.say.oldForm), false
	}
	return s, answer{}, true
}

// openPage opens a page of a form that is being filled in.
func (a *asked) openPage(ctx context.Context, nonce string, page int) answer {
	a.replaces = a.in.replaceable()
	s, out, ok := a.filled(ctx, nonce, page)
	if !ok {
		return out
	}
	return answer{Type: answerModal, Data: s.modal(a.values, page, a.say)}
}

// submitted answers a page of a form that was sent.
func (a *asked) submitted(ctx context.Context) answer {
	a.replaces = a.in.replaceable()
	nonce, page, err := a.values.page(formMark, a.in.Data.CustomID)
	if err != nil {
		a.odd("a form that is none of ours")
		return a.tell(ctx, a.say.oldForm)
	}
	s, out, ok := a.filled(ctx, nonce, page)
	if !ok {
		return out
	}
	fields := pagesOf(s.Form)[page]
	values, files := a.in.sent(fields)
	s = s.with(page, fields, values, files)
	a.did("form|"+s.Nonce, s.Guild)
	a.e.Channel, a.e.Thread, a.e.Direct = s.Channel, s.Thread, s.Direct
	all := s.Form.Fixed.Clone()
	maps.Copy(all, s.Values)
	if next, more := s.next(); more {
		return a.turned(ctx, s, all, page, next)
	}
	if s, old := s.withoutOld(a.api.theirs(time.Now()).Add(linkLeast)); len(old) > 0 {
		return a.wrong(ctx, s, page, a.say.uploadAgain(old))
	}
	a.e.Submit = &chat.Submit{Form: s.Form.Value, Values: all, Files: maps.Clone(s.Files)}
	said, err := a.ask(ctx)
	switch {
	case err != nil:
		s.Errors = nil
		a.save(ctx, &s)
		return a.prompt(ctx, cmp.Or(said.Text, a.say.slow), a.bag(s.Guild), a.pageButton(s, page, a.say.again))
	case len(said.Errors) > 0:
		return a.wrong(ctx, s, page, said.Errors)
	}
	a.forms.arrived(s.Nonce)
	return a.show(ctx, said, nil)
}

// wrong keeps a form that is not right, and tells what is wrong with it.
func (a *asked) wrong(ctx context.Context, s formState, page int, errors map[string]string) answer {
	s.Errors = errors
	a.save(ctx, &s)
	return a.prompt(ctx, s.complaints(a.say), a.bag(s.Guild), a.pageButton(s, s.wrongPage(page), a.say.correct))
}

// turned keeps a page that is not the last one, and offers the next. The bot keeps a draft of it, for who gets lost.
func (a *asked) turned(ctx context.Context, s formState, all chat.Values, page, next int) answer {
	text := fmt.Sprintf(a.say.pageKept, page+1, len(pagesOf(s.Form)))
	button := a.pageButton(s, next, fmt.Sprintf(a.say.next, next+1, len(pagesOf(s.Form))))
	a.e.Submit = &chat.Submit{Form: s.Form.Value, Values: all, Closed: true}
	var both sync.WaitGroup
	both.Go(func() { a.save(ctx, &s) })
	if _, err := a.ask(ctx); err != nil {
		a.log.WithError(err).Warn("discord: a draft of a form could not be kept; the form itself is")
	}
	both.Wait()
	return a.prompt(ctx, text, a.bag(s.Guild), button)
}

// complaints are what is wrong in a form, as Markdown: what is about all of it first, and then in the order of the questions.
func (s formState) complaints(say phrases) string {
	lines := []string{say.wrong}
	at := func(id string) int {
		return slices.IndexFunc(s.Form.Fields, func(f chat.Field) bool { return wrongIn(map[string]string{id: "x"}, f.ID) != "" })
	}
	ids := slices.SortedFunc(maps.Keys(s.Errors), func(x, y string) int { return cmp.Or(cmp.Compare(at(x), at(y)), cmp.Compare(x, y)) })
	for _, id := range ids {
		line := "- "
		if i := at(id); i >= 0 {
			line += "**" + markless(cmp.Or(oneLine(s.Form.Fields[i].Label, titleMax), id)) + "**: "
		}
		lines = append(lines, line+strings.ReplaceAll(s.Errors[id], "\n", " "))
	}
	return strings.Join(lines, "\n")
}
