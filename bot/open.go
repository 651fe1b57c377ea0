package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"balie/internal/chat"
	"balie/internal/i18n"
	"balie/internal/store"
	"balie/internal/ticket"
)

// formOpen is the name under which the drafts of the open form are kept.
const formOpen = "open"

// openArg is what an open form needs to know beyond its answers.
type openArg struct {
	Draft  bool        `json:"d,omitempty"` // a draft is kept, to be forgotten when the ticket is made
	Gather chat.Ref    `json:"g,omitzero"`  // the message, or the thread, that the ticket is made from
	Picked chat.Values `json:"p,omitempty"` // what was asked before the form, where it can't change once it is open
}

func (a openArg) value() chat.Value {
	v := chat.Value{Verb: verbOpen}
	if a.Draft || a.Gather != (chat.Ref{}) || len(a.Picked) > 0 {
		body, err := json.Marshal(a)
		if err != nil {
			panic(err) // a struct of strings
		}
		v.Arg = string(body)
	}
	return v
}

func openArgOf(v chat.Value) (a openArg) {
	if v.Arg != "" && json.Unmarshal([]byte(v.Arg), &a) != nil {
		return openArg{}
	}
	return a
}

// offerForm opens the form, with the draft if there is one; what is given now goes before it.
func (t *turn) offerForm(ctx context.Context, arg openArg, given chat.Values) (chat.Reply, error) {
	d, err := t.desk.Store.Draft(ctx, t.who.ID, formOpen)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return chat.Reply{}, fmt.Errorf("read the draft: %w", err)
	}
	values := chat.Values{}
	intro := ""
	if err == nil {
		values = d.Values.Clone()
		if !arg.Draft {
			intro = t.say.Say("form_draft")
		}
		arg.Draft = true
	}
	maps.Copy(values, given)
	if t.caps.FormRefresh {
		f := t.openForm(arg, values)
		f.Intro = intro
		return chat.Reply{Form: f}, nil
	}
	return t.askFirst(ctx, arg, values, intro)
}

// openEarly opens the form for a new ticket before anything is looked up, where the platform asks for that: without the
// draft, which follows if there is one.
func (b *Bot) openEarly(e chat.Event) {
	t := b.stranger(e)
	if e.Early == nil || !t.caps.FormRefresh {
		return
	}
	var arg openArg
	var given chat.Values
	ok := false
	switch {
	case e.Command != nil && e.Thread == "":
		word, _ := subcommand(e.Command.Text)
		ok = word == ""
		arg, given = t.ofCommand(*e.Command)
	case e.Click != nil && e.Click.Value.Verb == verbOpen:
		arg, ok = openArgOf(e.Click.Value), true
	case e.Shortcut != nil:
		arg, given, ok = t.ofShortcut(*e.Shortcut)
	}
	if ok {
		e.Early(chat.Fit(*t.openForm(arg, given), t.caps))
	}
}

// askFirst asks one by one what changes the form, and then opens it, where a form can't change while it is filled in.
func (t *turn) askFirst(ctx context.Context, arg openArg, values chat.Values, intro string) (chat.Reply, error) {
	for _, field := range t.openForm(arg, values).Fields { // of an older draft: who starts again may want another category
		if _, picked := arg.Picked[field.ID]; field.Refresh && !picked {
			delete(values, field.ID)
		}
	}
	maps.Copy(values, arg.Picked)
	arg.Picked = arg.Picked.Clone()
	f, q := t.firstQuestion(arg, values)
	if q == nil {
		f.Intro = t.picked(f, intro)
		return chat.Reply{Form: f}, nil
	}
	if worthKeeping(values) {
		if err := t.desk.Store.SaveDraft(ctx, store.Draft{Person: t.who.ID, Form: formOpen, Values: values, At: t.now().UTC()}); err != nil {
			return chat.Reply{}, fmt.Errorf("keep the draft: %w", err)
		}
		arg.Draft = true
	}
	ask := pickArg{Open: arg, Field: q.ID}
	menu := chat.Button{Label: q.Label, Value: ask.value(), Options: q.Options}
	if !q.Required {
		menu.Options = append([]chat.Option{{Value: pickNothing, Label: t.say.Say("pick_nothing")}}, menu.Options...)
	}
	return chat.Reply{Text: strings.TrimPrefix(intro+"\n\n"+t.say.Say("pick_first", "question", escape(q.Label)), "\n\n"),
		Buttons: []chat.Button{menu}}, nil
}

// firstQuestion is the form, and the first question that has to be asked before it opens; nil if there is none. What was
// picked already is taken back, and asked again, if it is not offered beside the answers to the questions before it.
func (t *turn) firstQuestion(arg openArg, values chat.Values) (*chat.Form, *chat.Field) {
	for {
		f := t.openForm(arg, values)
		q := chat.AskFirst(*f, t.caps, arg.Picked)
		i := slices.IndexFunc(f.Fields, func(field chat.Field) bool {
			return q != nil && field.ID == q.ID || !offersAll(field.Options, arg.Picked[field.ID])
		})
		if i < 0 || q != nil && f.Fields[i].ID == q.ID {
			return f, q
		}
		delete(arg.Picked, f.Fields[i].ID)
		delete(values, f.Fields[i].ID)
	}
}

func offersAll(options []chat.Option, values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool {
		return !slices.ContainsFunc(options, func(o chat.Option) bool { return o.Value == v })
	})
}

// picked tells above the form what was asked before it.
func (t *turn) picked(f *chat.Form, intro string) string {
	var lines []string
	for _, field := range f.Fields {
		for _, o := range field.Options {
			if field.Refresh && slices.Contains(field.Value, o.Value) {
				lines = append(lines, escape(field.Label)+": **"+escape(o.Label)+"**")
			}
		}
	}
	return strings.Trim(intro+"\n\n"+strings.Join(lines, "\n"), "\n")
}

// pickArg is what the menu of a question before the form carries.
type pickArg struct {
	Open  openArg `json:"o"`
	Field string  `json:"f"`
}

// pickNothing is the choice to leave a question open. No option has such an id.
const pickNothing = "_"

func (a pickArg) value() chat.Value {
	body, err := json.Marshal(a)
	if err != nil {
		panic(err) // a struct of strings
	}
	return chat.Value{Verb: verbPick, Arg: string(body)}
}

// pick takes the answer to a question before the form, and goes on with the next one or with the form.
func (t *turn) pick(ctx context.Context, c chat.Click) (chat.Reply, error) {
	var a pickArg
	if json.Unmarshal([]byte(c.Value.Arg), &a) != nil || len(c.Choice) != 1 {
		return chat.Reply{Text: t.say.Say("old_button")}, nil
	}
	a.Open.Picked = a.Open.Picked.Clone()
	a.Open.Picked[a.Field] = c.Choice
	if c.Choice[0] == pickNothing {
		a.Open.Picked[a.Field] = []string{}
	}
	return t.offerForm(ctx, a.Open, nil)
}

// openForm is the form as it should look with the answers so far.
func (t *turn) openForm(arg openArg, values chat.Values) *chat.Form {
	p := t.policy
	typ, program := values.Get(ticket.FieldType), values.Get(ticket.FieldProgram)
	var categories []chat.Option
	for _, c := range p.Categories {
		if p.Offers(c, typ, program) || typ == "" && len(c.Programs) == 0 {
			categories = append(categories, chat.Option{Value: c.ID, Label: t.text(c.Label), Hint: t.text(c.Description)})
		}
	}
	chosen := values.Get(ticket.FieldCategory)
	if !slices.ContainsFunc(categories, func(o chat.Option) bool { return o.Value == chosen }) {
		chosen = ""
		if len(categories) == 1 {
			chosen = categories[0].Value
		}
	}
	category, _ := p.Category(chosen)

	f := &chat.Form{Value: arg.value(), Title: t.say.Say("form_open_title"), Submit: t.say.Say("form_open_submit")}
	add := func(field chat.Field) {
		if field.Value == nil {
			field.Value = values[field.ID]
		}
		f.Fields = append(f.Fields, field)
	}
	add(chat.Field{ID: ticket.FieldSummary, Kind: chat.TextField, Required: true, Max: p.Limits.Summary,
		Label: t.say.Say("field_summary"), Placeholder: t.say.Say("field_summary_placeholder")})
	if len(p.Types) > 0 {
		add(chat.Field{ID: ticket.FieldType, Kind: chat.SelectField, Required: true, Refresh: true,
			Label: t.say.Say("field_type"), Options: t.choices(p.Types)})
	}
	if len(p.Programs) > 0 {
		add(chat.Field{ID: ticket.FieldProgram, Kind: chat.SelectField, Required: true, Refresh: true,
			Label: t.say.Say("field_program"), Options: t.choices(p.Programs)})
	}
	add(chat.Field{ID: ticket.FieldCategory, Kind: chat.SelectField, Required: true, Refresh: true,
		Label: t.say.Say("field_category"), Options: categories, Value: one(chosen)})
	for _, q := range category.Fields {
		if field, ok := t.question(category, q, typ, program, values); ok {
			add(field)
		}
	}
	add(chat.Field{ID: ticket.FieldDescription, Kind: chat.LongTextField, Max: p.Limits.Text,
		Label: t.say.Say("field_description"), Hint: t.say.Say("field_description_hint")})
	priority := values.Get(ticket.FieldPriority)
	if priority == "" {
		priority = p.ProposedPriority(category)
	}
	add(chat.Field{ID: ticket.FieldPriority, Kind: chat.SelectField, Required: true,
		Label: t.say.Say("field_priority"), Options: t.priorities(), Value: one(priority)})
	add(chat.Field{ID: ticket.FieldFiles, Kind: chat.FileField, Max: p.Limits.Files, Label: t.say.Say("field_files"),
		Instead: t.say.Say("files_later")})
	return f
}

// question is a category's question as a field; not ok if it is not asked beside the other answers.
func (t *turn) question(c ticket.Category, q ticket.Field, typ, program string, values chat.Values) (chat.Field, bool) {
	field := chat.Field{ID: q.ID, Kind: q.Kind, Required: q.Required, Max: q.Max, Label: t.text(q.Label), Hint: t.text(q.Hint),
		Dependent: q.DependsOn != "",
		Refresh:   slices.ContainsFunc(c.Fields, func(o ticket.Field) bool { return o.DependsOn == q.ID })}
	if q.Kind == chat.FileField {
		field.Instead = t.say.Say("file_later", "question", escape(field.Label))
	}
	if q.Kind == chat.TextField || q.Kind == chat.LongTextField {
		if field.Max == 0 {
			field.Max = t.policy.Limits.Text
		}
		return field, true
	}
	if q.Kind != chat.SelectField && q.Kind != chat.MultiField {
		return field, true
	}
	for _, o := range t.policy.OptionsOf(q, typ, program, values) {
		field.Options = append(field.Options, chat.Option{Value: o.ID, Label: t.text(o.Label)})
	}
	for _, v := range values[q.ID] { // what is not offered any more is not chosen any more
		if slices.ContainsFunc(field.Options, func(o chat.Option) bool { return o.Value == v }) {
			field.Value = append(field.Value, v)
		}
	}
	if field.Value == nil {
		field.Value = []string{}
	}
	return field, len(field.Options) > 0
}

func (t *turn) openClick(ctx context.Context, c chat.Click) (chat.Reply, error) {
	return t.offerForm(ctx, openArgOf(c.Value), nil)
}

func (t *turn) openSubmit(ctx context.Context, s chat.Submit) (chat.Reply, error) {
	arg := openArgOf(s.Form)
	if s.Closed || s.Changed != "" {
		if s.Closed && !worthKeeping(s.Values) {
			return chat.Reply{}, nil
		}
		d := store.Draft{Person: t.who.ID, Form: formOpen, Values: s.Values, At: t.now().UTC()}
		if err := t.desk.Store.SaveDraft(ctx, d); err != nil {
			return chat.Reply{}, fmt.Errorf("keep the draft: %w", err)
		}
		if s.Closed {
			return chat.Reply{Text: t.say.Say("draft_kept")}, nil
		}
		arg.Draft = true
		return chat.Reply{Form: t.openForm(arg, s.Values)}, nil
	}

	if err := onlyOne(s.Values); err != nil {
		return chat.Reply{}, err
	}
	fields, err := t.people(ctx, s)
	if err != nil {
		return chat.Reply{}, err
	}
	o := ticket.Open{
		Source: t.e.Place(), Account: t.e.Person.ID,
		Type: s.Values.Get(ticket.FieldType), Program: s.Values.Get(ticket.FieldProgram),
		Category: s.Values.Get(ticket.FieldCategory), Requested: s.Values.Get(ticket.FieldPriority),
		Summary: s.Values.Get(ticket.FieldSummary), Description: s.Values.Get(ticket.FieldDescription),
		Fields: fields, Gather: arg.Gather, FilesLater: !t.caps.FormFiles,
	}
	for _, field := range sortedKeys(s.Files) {
		o.Files = append(o.Files, t.files(s.Files[field])...)
	}
	tk, err := t.desk.Open(ctx, t.by, o)
	if err != nil {
		return chat.Reply{}, err
	}
	if arg.Draft || t.caps.FormTyped {
		if err := t.desk.Store.DeleteDraft(ctx, t.who.ID, formOpen); err != nil {
			// The ticket is made; a draft that lingers is offered once more, which loses nothing.
			t.log.WithError(err).Warn("a draft could not be deleted")
		}
	}
	return chat.Reply{Text: t.whereTo(tk),
		Buttons: []chat.Button{t.button(tk, verbShow)}}, nil
}

// onlyOne are the problems of choices of one that came with several: a list that is too long is in several lists (see
// chat.Fit), and each of them may have an answer. The category's questions are checked with the ticket.
func onlyOne(v chat.Values) error {
	var wrong ticket.Problems
	for _, field := range []string{ticket.FieldType, ticket.FieldProgram, ticket.FieldCategory, ticket.FieldPriority, ticket.FieldStatus} {
		if given := slices.Compact(slices.Sorted(slices.Values(v[field]))); len(given) > 1 {
			wrong = append(wrong, &ticket.Problem{Code: ticket.OneChoice, Field: field})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// people are the form's answers with accounts replaced by people, and the names of files under their fields.
func (t *turn) people(ctx context.Context, s chat.Submit) (chat.Values, error) {
	values := s.Values.Clone()
	for field, list := range s.Files {
		for _, f := range list {
			values[field] = append(values[field], ticket.FileName(f.Name))
		}
	}
	category, _ := t.policy.Category(values.Get(ticket.FieldCategory))
	for _, f := range category.Fields {
		if f.Kind != chat.PersonField {
			continue
		}
		for i, account := range values[f.ID] {
			who, err := t.person(ctx, account)
			if err != nil {
				return nil, err
			}
			values[f.ID][i] = who.ID
		}
	}
	return values, nil
}

// person is who has the account on the platform of this turn.
func (t *turn) person(ctx context.Context, account string) (store.Person, error) {
	return t.desk.Identify(ctx, chat.Identity{Platform: t.e.Platform, Workspace: t.e.Workspace, ID: account}, chat.Person{ID: account})
}

// worthKeeping says whether somebody typed something that they would miss.
func worthKeeping(v chat.Values) bool {
	return strings.TrimSpace(v.Get(ticket.FieldSummary)+v.Get(ticket.FieldDescription)) != ""
}

func (t *turn) text(x ticket.Text) string { return t.label(x, t.say) }

// label is a policy's text in the voice's language.
func (b *Bot) label(x ticket.Text, say i18n.Voice) string {
	return x.In(say.Lang, b.policy.Languages...)
}

// called is the label of a status and the like, or its id where the policy has it no more.
func (b *Bot) called(x ticket.Text, id string, say i18n.Voice) string {
	return cmp.Or(b.label(x, say), id)
}

func (t *turn) choices(list []ticket.Choice) []chat.Option {
	out := make([]chat.Option, len(list))
	for i, c := range list {
		out[i] = chat.Option{Value: c.ID, Label: t.text(c.Label), Hint: t.text(c.Hint)}
	}
	return out
}

func (t *turn) priorities() []chat.Option {
	out := make([]chat.Option, len(t.policy.Priorities))
	for i, c := range t.policy.Priorities {
		out[i] = chat.Option{Value: c.ID, Label: t.text(c.Label), Hint: t.text(c.Hint)}
	}
	return out
}

// one is a list of the value, or an empty list for none.
func one(v string) []string {
	if v == "" {
		return []string{}
	}
	return []string{v}
}

// files are the platform's files as attachments.
func (t *turn) files(list []chat.File) []ticket.File {
	out := make([]ticket.File, len(list))
	for i, f := range list {
		out[i] = ticket.File{Name: f.Name, Type: f.Type, Size: f.Size, Platform: t.e.Platform, Source: f}
	}
	return out
}
