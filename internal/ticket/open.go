package ticket

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"balie/internal/chat"
)

// The form's own fields, beside those of the category. Policies can't use these ids.
const (
	FieldType        = "type"
	FieldProgram     = "program"
	FieldCategory    = "category"
	FieldPriority    = "priority"
	FieldSummary     = "summary"
	FieldDescription = "description"
	FieldFiles       = "files"
	FieldText        = "text"
	FieldReason      = "reason"
	FieldAssignee    = "assignee"
	FieldStatus      = "status"
	FieldPerson      = "person"
)

func (w *work) open(a Open) error {
	p := w.policy
	var wrong Problems
	problem := func(field string, q *Problem) {
		if q != nil {
			q.Field = field
			wrong = append(wrong, q)
		}
	}
	category, ok := p.Category(a.Category)
	if !ok || !p.Offers(category, a.Type, a.Program) {
		problem(FieldCategory, choiceProblem(a.Category))
	}
	if len(p.Types) > 0 && !chosen(p.Types, a.Type) {
		problem(FieldType, choiceProblem(a.Type))
	}
	if len(p.Programs) > 0 && !chosen(p.Programs, a.Program) {
		problem(FieldProgram, choiceProblem(a.Program))
	}
	if a.Requested == "" {
		a.Requested = p.ProposedPriority(category)
	}
	if _, ok := p.Priority(a.Requested); !ok {
		problem(FieldPriority, choiceProblem(a.Requested))
	}
	a.Summary, a.Description = Line(a.Summary), Clean(a.Description)
	problem(FieldSummary, checkText(a.Summary, true, p.Limits.Summary))
	problem(FieldDescription, checkText(a.Description, false, p.Limits.Text))
	problem(FieldFiles, p.checkFiles(a.Files))
	fields, q := p.CheckFields(category, a)
	wrong = append(wrong, q...)
	if len(wrong) > 0 {
		return wrong
	}

	requester := w.by.Person
	if a.For != "" && a.For != requester {
		if len(w.by.Teams) == 0 {
			return &Problem{Code: NotAllowed}
		}
		requester = a.For
	}
	w.t = Ticket{
		ID: a.ID, Key: a.Key, Team: category.Team, Type: a.Type, Program: a.Program, Category: category.ID,
		Summary: a.Summary, Description: a.Description, Fields: fields,
		Requested: a.Requested, Priority: a.Requested,
		Requester: requester, Source: a.Source.Platform,
		Opened: w.now, SaidAt: w.now, OpenEvent: w.by.Event,
		Rooms: p.rooms(category, a, requester),
	}
	w.become(p.Flow.Opened)
	e := w.add(Entry{Kind: EntryOpened, Audience: Public, Text: a.Description, Files: w.named(a.Files)})
	for _, r := range w.t.Rooms {
		w.effects = append(w.effects, Effect{Kind: EffectCard, Room: r.ID})
	}
	w.fetch(e)
	w.tell(e)
	if a.Gather != (chat.Ref{}) {
		w.t.Entries[0].Origin.Message = a.Gather
		w.effects = append(w.effects, Effect{Kind: EffectGather, Entry: e.N})
	}
	return nil
}

// rooms are where a new ticket lives: its team's triage channel, on the platform that it came from where the team has
// one, and the requester's conversation. That is in a channel only on the platform, and in the workspace, where the
// requester is: elsewhere they could not read it.
func (p *Policy) rooms(c Category, a Open, requester string) []Room {
	var rooms []Room
	team, _ := p.Team(c.Team)
	near := func(list []Channel) int {
		return slices.IndexFunc(list, func(ch Channel) bool {
			return ch.Platform == a.Source.Platform && (ch.Workspace == "" || ch.Workspace == a.Source.Workspace)
		})
	}
	at := func(ch Channel) chat.Place {
		if ch.Workspace == "" && ch.Platform == a.Source.Platform {
			ch.Workspace = a.Source.Workspace
		}
		return chat.Place{Platform: ch.Platform, Workspace: ch.Workspace, Channel: ch.ID}
	}
	if len(team.Triage) > 0 {
		rooms = append(rooms, Room{ID: TriageID, Kind: TriageRoom, Audience: TeamOnly, Place: at(team.Triage[max(0, near(team.Triage))])})
	}
	if a.Account == "" {
		return rooms
	}
	place := chat.Place{Platform: a.Source.Platform, Workspace: a.Source.Workspace, Person: a.Account}
	if i := near(team.Requests); i >= 0 {
		place = at(team.Requests[i])
	}
	return append(rooms, Room{ID: conversationID, Kind: ConversationRoom, Audience: Public, Person: requester, Place: place})
}

// Offers says whether the category can be chosen for the type and the program.
func (p *Policy) Offers(c Category, typ, program string) bool {
	fits := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	return fits(c.Types, typ) && fits(c.Programs, program)
}

// ProposedPriority is what the form starts with: the category's, else the policy's default.
func (p *Policy) ProposedPriority(c Category) string {
	if c.Priority != "" {
		return c.Priority
	}
	for _, q := range p.Priorities {
		if q.Default {
			return q.ID
		}
	}
	return ""
}

// OptionsOf are the field's options that are offered beside the other answers.
func (p *Policy) OptionsOf(f Field, typ, program string, values chat.Values) []Option {
	on := values[f.DependsOn]
	switch f.DependsOn {
	case "":
		return f.Options
	case FieldType:
		on = []string{typ}
	case FieldProgram:
		on = []string{program}
	}
	var offered []Option
	for _, o := range f.Options {
		if len(o.When) == 0 || slices.ContainsFunc(on, func(v string) bool { return slices.Contains(o.When, v) }) {
			offered = append(offered, o)
		}
	}
	return offered
}

// CheckFields checks what was answered to the category's questions and returns them cleaned, without what was not asked. A
// question whose options all depend on another answer, and are not offered beside it, is not asked.
func (p *Policy) CheckFields(c Category, o Open) (chat.Values, Problems) {
	var wrong Problems
	clean := chat.Values{}
	for _, f := range c.Fields {
		options := p.OptionsOf(f, o.Type, o.Program, clean)
		choice := f.Kind == chat.SelectField || f.Kind == chat.MultiField
		if choice && len(options) == 0 {
			continue
		}
		var given []string
		for _, v := range o.Fields[f.ID] {
			if v = Clean(v); v != "" && !slices.Contains(given, v) {
				given = append(given, v)
			}
		}
		if f.Kind == chat.FileField && o.FilesLater {
			f.Required = false
		}
		if q := p.checkField(f, options, given); q != nil {
			q.Field = f.ID
			wrong = append(wrong, q)
			continue
		}
		if len(given) > 0 {
			clean[f.ID] = given
		}
	}
	return clean, wrong
}

func (p *Policy) checkField(f Field, options []Option, given []string) *Problem {
	if len(given) == 0 {
		if f.Required {
			return &Problem{Code: Required}
		}
		return nil
	}
	if len(given) > 1 && f.Kind != chat.MultiField && f.Kind != chat.FileField {
		return &Problem{Code: OneChoice}
	}
	switch f.Kind {
	case chat.TextField, chat.LongTextField:
		limit := p.Limits.Text
		if f.Max > 0 {
			limit = f.Max
		}
		return checkText(given[0], f.Required, limit)
	case chat.SelectField, chat.MultiField:
		for _, v := range given {
			if !slices.ContainsFunc(options, func(o Option) bool { return o.ID == v }) {
				return &Problem{Code: BadChoice}
			}
		}
	case chat.DateField:
		if _, err := time.Parse(time.DateOnly, given[0]); err != nil {
			return &Problem{Code: BadDate}
		}
	case chat.CheckboxField:
		if given[0] != "true" {
			return &Problem{Code: BadChoice}
		}
	case chat.FileField:
		if f.Max > 0 && len(given) > f.Max {
			return &Problem{Code: TooMany, Args: map[string]string{"max": strconv.Itoa(f.Max)}}
		}
	case chat.PersonField:
	}
	return nil
}

func checkText(s string, required bool, limit int) *Problem {
	n := utf8.RuneCountInString(s)
	switch {
	case required && n == 0:
		return &Problem{Code: Required}
	case limit > 0 && n > limit:
		return &Problem{Code: TooLong, Args: map[string]string{"max": strconv.Itoa(limit), "length": strconv.Itoa(n)}}
	}
	return nil
}

func (p *Policy) checkFiles(files []File) *Problem {
	if p.Limits.Files > 0 && len(files) > p.Limits.Files {
		return &Problem{Code: TooMany, Args: map[string]string{"max": strconv.Itoa(p.Limits.Files)}}
	}
	for _, f := range files {
		switch {
		case f.Size == 0:
			return &Problem{Code: FileEmpty, Args: map[string]string{"name": FileName(f.Name)}}
		case p.Limits.File > 0 && f.Size > p.Limits.File:
			return &Problem{Code: FileTooBig, Args: map[string]string{"name": FileName(f.Name),
				"max": strconv.FormatInt(p.Limits.File>>20, 10)}}
		}
	}
	return nil
}

// named gives files their place in the store, derived from ticket and entry so that storing them twice is harmless, and
// names that are safe.
func (w *work) named(files []File) []File {
	out := make([]File, len(files))
	for i, f := range files {
		f.ID = w.t.ID + "-" + strconv.Itoa(w.t.Last+1) + "-" + strconv.Itoa(i+1)
		f.Name = FileName(f.Name)
		out[i] = f
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func choiceProblem(v string) *Problem {
	if v == "" {
		return &Problem{Code: Required}
	}
	return &Problem{Code: BadChoice}
}

func chosen(list []Choice, id string) bool {
	return slices.ContainsFunc(list, func(c Choice) bool { return c.ID == id })
}
