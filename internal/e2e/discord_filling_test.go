package e2e

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
	"balie/internal/i18n"
	"balie/internal/ticket"
)

// discordForm is a form as somebody fills it in who knows Discord well: the questions before it, which are asked one by one,
// and its pages. They look first what comes after the questions, by answering them in any way, and then answer them in
// earnest.
type discordForm struct {
	as    string
	title string
	intro string
	steps []discordStep
	page  *discordfake.Form // that is open
	seen  []chat.Field      // of all pages so far
	known filled            // what was typed, whether it was sent or not

	correct *discordfake.Message // has the button that opens a page again
	last    discordfake.Answer   // to the last page, once all was sent
	sent    *discordfake.Form
	entered map[string][]string // into that
}

// discordStep is a question before a form.
type discordStep struct {
	field  string
	msg    discordfake.Message
	menu   discordfake.Menu
	chosen string
	meant  bool // the choice is what the person wants
}

// begin takes a form, or a question before one, from what a client shows; false if it shows neither.
func (n *discordNetwork) begin(ctx context.Context, d *discordForm, told discordfake.Answer) (bool, error) {
	if !n.take(d, told) {
		return false, nil
	}
	for d.page == nil {
		step := &d.steps[len(d.steps)-1]
		any1 := step.menu.Options[len(step.menu.Options)-1].Value
		next, err := n.choose(ctx, d, len(d.steps)-1, any1)
		if err != nil {
			return false, err
		}
		if !n.take(d, next) {
			return false, fmt.Errorf("after %s comes no form, but %+v", any1, next)
		}
	}
	return true, nil
}

// take takes what comes next on the way to a form.
func (n *discordNetwork) take(d *discordForm, told discordfake.Answer) bool {
	if told.Form != nil {
		n.opened(d, told.Form)
		return true
	}
	for _, m := range everythingTold(told) {
		menus := m.Menus()
		if len(menus) == 0 {
			continue
		}
		if field := n.asks(menus[0]); field != "" {
			n.isStep(m)
			d.steps = append(d.steps, discordStep{field: field, msg: m, menu: menus[0]})
			return true
		}
	}
	return false
}

// everythingTold is all that somebody sees of what they did, wherever it stands.
func everythingTold(told discordfake.Answer) []discordfake.Message {
	all := slices.Concat(told.Private, told.Public)
	if told.Updated != nil {
		all = append(all, *told.Updated)
	}
	return all
}

// asks is the field that a menu asks for before a form; empty if it is another menu.
func (n *discordNetwork) asks(menu discordfake.Menu) string {
	has := func(id string) bool {
		return slices.ContainsFunc(menu.Options, func(o discordfake.Option) bool { return o.Value == id })
	}
	only := func(ids []string) bool {
		return !slices.ContainsFunc(menu.Options, func(o discordfake.Option) bool { return o.Value != "_" && !slices.Contains(ids, o.Value) })
	}
	if ids := idsOf(n.policy.Types); only(ids) {
		return ticket.FieldType
	}
	if ids := idsOf(n.policy.Programs); only(ids) {
		return ticket.FieldProgram
	}
	var categories []string
	for _, c := range n.policy.Categories {
		categories = append(categories, c.ID)
		for _, f := range c.Fields {
			var ids []string
			for _, o := range f.Options {
				ids = append(ids, o.ID)
			}
			if len(ids) > 0 && only(ids) && has(ids[0]) {
				return f.ID
			}
		}
	}
	if only(categories) {
		return ticket.FieldCategory
	}
	return ""
}

func idsOf(choices []ticket.Choice) (ids []string) {
	for _, c := range choices {
		ids = append(ids, c.ID)
	}
	return ids
}

// choose answers a question, with anything. What came after it is forgotten.
func (n *discordNetwork) choose(ctx context.Context, d *discordForm, i int, choice string) (discordfake.Answer, error) {
	step := &d.steps[i]
	told, err := n.guild.As(d.as).Forge(ctx, step.msg, step.menu.CustomID, choice)
	if err != nil {
		return told, err
	}
	n.answered(told)
	if told.Refused == "" && slices.ContainsFunc(step.menu.Options, func(o discordfake.Option) bool { return o.Value == choice }) {
		step.chosen, step.meant = choice, false
		d.steps = d.steps[:i+1]
		d.page, d.correct = nil, nil
	}
	return told, nil
}

var pageNumber = regexp.MustCompile(` \([0-9]+/[0-9]+\)$`)

// opened notes what a page shows.
func (n *discordNetwork) opened(d *discordForm, page *discordfake.Form) {
	d.page, d.title = page, pageNumber.ReplaceAllString(page.Title, "")
	var intro []string
	for _, text := range page.Texts {
		intro = append(intro, n.reading(text))
	}
	d.intro = strings.Join(intro, "\n")
	for _, f := range page.Fields {
		field := chat.Field{ID: f.ID, Kind: discordKinds[f.Kind], Label: f.Label, Hint: f.Description, Required: f.Required,
			Value: slices.Clone(f.Value), Max: f.Max, Placeholder: f.Placeholder}
		if f.Kind == discordfake.SelectField && f.Max > 1 {
			field.Kind = chat.MultiField
		}
		for i, id := range field.Value {
			if field.Kind == chat.PersonField {
				field.Value[i] = n.guild.Name(id)
			}
		}
		for _, o := range f.Options {
			field.Options = append(field.Options, chat.Option{Value: o.Value, Label: o.Label, Hint: o.Description})
		}
		d.seen = append(slices.DeleteFunc(d.seen, func(old chat.Field) bool { return old.ID == f.ID }), field)
	}
}

var discordKinds = map[discordfake.FieldKind]chat.FieldKind{
	discordfake.SelectField: chat.SelectField, discordfake.TextField: chat.TextField, discordfake.UserField: chat.PersonField,
	discordfake.FileField: chat.FileField, discordfake.BoxField: chat.CheckboxField,
}

// form is all that the person knows of the form: the questions before it, what they saw of its pages, and what they mean to
// enter elsewhere. As long as they only looked at it, the choices in it are not theirs.
func (n *discordNetwork) form(d *discordForm) *form {
	f := &form{Title: d.title, Intro: d.intro, raw: d}
	looking := slices.ContainsFunc(d.steps, func(s discordStep) bool { return !s.meant })
	for _, s := range d.steps {
		field := chat.Field{ID: s.field, Kind: chat.SelectField, Label: s.menu.Placeholder, Required: true, Refresh: true}
		if s.meant {
			field.Value = []string{s.chosen}
		}
		for _, o := range s.menu.Options {
			field.Options = append(field.Options, chat.Option{Value: o.Value, Label: o.Label, Hint: o.Description})
		}
		f.Fields = append(f.Fields, field)
	}
	for _, field := range d.seen {
		switch {
		case slices.ContainsFunc(f.Fields, func(o chat.Field) bool { return o.ID == field.ID }):
			continue
		case looking && field.Kind != chat.TextField && field.Kind != chat.FileField:
			continue
		}
		f.Fields = append(f.Fields, field)
	}
	for id, value := range d.known.Values {
		i := slices.IndexFunc(f.Fields, func(o chat.Field) bool { return o.ID == id })
		switch {
		case i < 0:
			f.Fields = append(f.Fields, chat.Field{ID: id, Kind: chat.TextField, Value: value})
		case !f.Fields[i].Refresh:
			f.Fields[i].Value = value
		}
	}
	return f
}

// answering answers the questions before a form, as far as there are answers. What has none, or none that is offered, is in
// the errors, as the program says it elsewhere: here nobody gets on.
func (n *discordNetwork) answering(ctx context.Context, d *discordForm, in filled) (wrong map[string]string, a discordfake.Answer, err error) {
	wrong = map[string]string{}
	say := i18n.In(n.policy.Language(d.locale(n))).Say
	for i := 0; i < len(d.steps); i++ {
		step := &d.steps[i]
		want := chat.Values(in.Values).Get(step.field)
		optional := slices.ContainsFunc(step.menu.Options, func(o discordfake.Option) bool { return o.Value == "_" })
		switch {
		case want == "" && optional && len(in.Values) > 0:
			want = "_"
		case want == "" && step.meant:
			want = step.chosen
		case want == "":
			wrong[step.field] = say("problem_required")
			continue
		}
		if want == step.chosen {
			step.meant = true
			continue
		}
		if a, err = n.choose(ctx, d, i, want); err != nil || a.Refused != "" {
			return wrong, a, err
		}
		if d.steps[i].chosen != want {
			wrong[step.field] = say("problem_bad_choice")
			return wrong, a, n.useless(ctx, d, a, in)
		}
		d.steps[i].meant = true
		if !n.take(d, a) {
			return wrong, a, fmt.Errorf("after %s comes no form, but %+v", want, a)
		}
	}
	return wrong, a, nil
}

// useless makes sure that nobody gets a ticket out of a choice that nobody offered them.
func (n *discordNetwork) useless(ctx context.Context, d *discordForm, told discordfake.Answer, in filled) error {
	if told.Form == nil {
		return nil
	}
	told, _, err := n.send(ctx, n.guild.As(d.as), told.Form, &form{}, in)
	if err != nil {
		return err
	}
	if m, _ := n.prompt(told); m == nil && told.Refused == "" {
		return fmt.Errorf("a choice that is not offered was taken: %+v", told)
	}
	return nil
}

// locale is the person's language.
func (d *discordForm) locale(n *discordNetwork) string {
	if d.as == "bram" || d.as == "david" {
		return "nl"
	}
	return "en"
}

// change remembers what was typed, and answers the questions that there are answers to.
func (n *discordNetwork) change(ctx context.Context, _ string, f *form, _ string, in filled) (answer, error) {
	d := f.raw.(*discordForm)
	d.known = in
	_, told, err := n.answering(ctx, d, in)
	return answer{Refused: told.Refused, Form: n.form(d)}, err
}
