package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"balie/adapters/discord/discordfake"
)

// kindPage is that a page of a form is sent that is not the last one.
const kindPage = "page sent"

// paper is what somebody has before them who fills in a form: the menu of a question that comes before it, a page of it, or
// the message between two pages.
type paper struct {
	menu *discordfake.Message
	form *discordfake.Form
	next *discordfake.Message
}

// asks says that everything may be asked: what does not stand on this page may stand on the next one.
func (p *paper) asks(string) bool { return true }

// refreshes says that a question comes before the form.
func (p *paper) refreshes(string) bool { return p.menu != nil }

var pageNumber = regexp.MustCompile(`\((\d+)/(\d+)\)$`)

// last says whether this page is the last one.
func (p *paper) last() bool {
	if p.form == nil {
		return false
	}
	n := pageNumber.FindStringSubmatch(p.form.Title)
	return n == nil || n[1] == n[2]
}

// answers are the values for which the page has a field.
func (p *paper) answers(values map[string]string) map[string][]string {
	all := map[string][]string{}
	for id, value := range values {
		if p.form.Field(id) != nil {
			all[id] = []string{value}
		}
	}
	return all
}

var errNoPage = errors.New("no page of a form is open")

// command types the command, with what it is about and whatever the line says.
func (t *discordTown) command(ctx context.Context, name, line string) (sheet, time.Duration, error) {
	u := t.As(name)
	options := map[string]string{"summary": strings.TrimPrefix(line, "/ticket "), "category": t.about[name]}
	a, err := u.Command(ctx, t.general, "ticket", "new", options)
	return t.seen(u, a, err)
}

func (t *discordTown) click(ctx context.Context, name string, on *message, label string) (sheet, time.Duration, error) {
	m, ok := on.of.(discordfake.Message)
	if !ok {
		return nil, 0, errors.New("not a message on Discord")
	}
	u := t.As(name)
	a, err := u.Click(ctx, m, label)
	return t.seen(u, a, err)
}

// change answers the question that stands there, whichever that is.
func (t *discordTown) change(ctx context.Context, name string, s sheet, _ string, values map[string]string) (sheet, time.Duration, error) {
	p, ok := s.(*paper)
	if !ok || p.menu == nil {
		return nil, 0, errOther
	}
	for _, menu := range p.menu.Menus() {
		for _, value := range values {
			if !slices.ContainsFunc(menu.Options, func(o discordfake.Option) bool { return o.Value == value }) {
				continue
			}
			u := t.As(name)
			a, err := u.Choose(ctx, *p.menu, menu.CustomID, value)
			return t.seen(u, a, err)
		}
	}
	return nil, 0, fmt.Errorf("no answer to the question %q", p.menu.Plain())
}

// submit sends the last page.
func (t *discordTown) submit(ctx context.Context, name string, s sheet, values map[string]string) (time.Duration, error) {
	got, took, err := t.hand(ctx, name, s, values)
	if err == nil && got != nil {
		err = errors.New("the form was not taken")
	}
	return took, err
}

func (t *discordTown) hand(ctx context.Context, name string, s sheet, values map[string]string) (sheet, time.Duration, error) {
	p, ok := s.(*paper)
	if !ok || p.form == nil {
		return nil, 0, errNoPage
	}
	u := t.As(name)
	a, err := u.Submit(ctx, p.form, p.answers(values), nil)
	return t.seen(u, a, err)
}

// pages sends all pages of a form but the last one.
func (t *discordTown) pages(ctx context.Context, e *errand, s sheet, values map[string]string) error {
	p, ok := s.(*paper)
	if !ok {
		return errOther
	}
	for !p.last() {
		err := e.do(ctx, kindPage, func(ctx context.Context) (time.Duration, error) {
			got, took, err := t.hand(ctx, e.requester, p, values)
			if between, ok := got.(*paper); ok && err == nil {
				p.next = between.next
			}
			if err == nil && p.next == nil {
				err = errors.New("no button for the next page")
			}
			return took, err
		})
		if err != nil {
			return err
		}
		err = e.do(ctx, kindClick, func(ctx context.Context) (time.Duration, error) {
			u := t.As(e.requester)
			a, err := u.Click(ctx, *p.next, goesOn(*p.next))
			got, took, err := t.seen(u, a, err)
			page, ok := got.(*paper)
			if err == nil && (!ok || page.form == nil) {
				return took, errNoForm
			}
			if err == nil {
				p.form = page.form
			}
			return took, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// goesOn is the button of a message that opens the next page of a form; empty if it has none.
func goesOn(m discordfake.Message) string {
	for _, b := range m.Buttons() {
		if strings.HasPrefix(b.Label, "Continue (") {
			return b.Label
		}
	}
	return ""
}

// seen is what somebody sees of what they did, and how long they waited for that.
func (t *discordTown) seen(u *discordfake.User, a discordfake.Answer, err error) (sheet, time.Duration, error) {
	switch {
	case err != nil:
		return nil, 0, err
	case a.Refused != "":
		return nil, 0, errors.New("refused by Discord: " + a.Refused)
	case len(a.Errors) > 0:
		return nil, 0, fmt.Errorf("the form stays open: %v", a.Errors)
	}
	took := t.latest(u)
	if a.Form != nil {
		return &paper{form: a.Form}, took, nil
	}
	for _, m := range slices.Backward(a.Private) {
		switch {
		case len(m.Menus()) > 0:
			return &paper{menu: &m}, took, nil
		case goesOn(m) != "":
			return &paper{next: &m}, took, nil
		case slices.ContainsFunc(m.Buttons(), func(b discordfake.Button) bool { return b.Label == "Correct" || b.Label == "Try again" }):
			return nil, took, fmt.Errorf("it was not taken: %s", m.Plain())
		}
	}
	return nil, took, nil
}
