package mattermost

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/internal/chat"
)

// dialog is a form as the server shows it. Its limits count in bytes, and labels of more than 24 are common: what is cut
// there stands whole in the help text or, if that is too short as well, above the questions.
func (m *Mattermost) dialog(f *chat.Form, at state, user string) model.Dialog {
	s := at
	s.Form, s.Fixed, s.Asked = f.Value, f.Fixed, nil
	d := model.Dialog{
		CallbackId: "balie", Title: chat.CutBytes(oneLine(f.Title), titleMax), SubmitLabel: chat.CutBytes(oneLine(f.Submit), titleMax),
		IconURL: m.iconURL(), NotifyOnCancel: true,
	}
	var intro []string
	if d.Title != oneLine(f.Title) {
		intro = append(intro, "**"+plain(f.Title, 300)+"**")
	}
	if f.Intro != "" {
		intro = append(intro, outbound(f.Intro, messageMax))
	}
	var long []string
	for _, field := range f.Fields {
		e, more := m.element(field)
		if field.Refresh {
			e.Refresh = true
			d.SourceURL = m.hooks + dialogPath
		}
		d.Elements = append(d.Elements, e)
		if more != "" {
			long = append(long, more)
		}
		s.Asked = append(s.Asked, asked{ID: field.ID, Kind: field.Kind, Refresh: field.Refresh})
	}
	if len(long) > 0 {
		intro = append(intro, strings.Join(long, "\n"))
	}
	d.IntroductionText = strings.Join(intro, "\n\n")
	d.State = m.sealState(s, user)
	return d
}

// iconURL is the bot's picture, which its people's clients may load.
func (m *Mattermost) iconURL() string {
	self := m.self.Load()
	if self == nil {
		return ""
	}
	return m.opts.URL + "/api/v4/users/" + self.Id + "/image"
}

// element is a question, and what did not fit into it.
func (m *Mattermost) element(f chat.Field) (e model.DialogElement, more string) {
	// Options are a list in every client's eyes, of a text too.
	e = model.DialogElement{Options: []*model.PostActionOptions{}, Name: f.ID, Optional: !f.Required, DisplayName: chat.CutBytes(oneLine(f.Label), model.DialogElementDisplayNameMaxLength)}
	if e.DisplayName == "" {
		e.DisplayName = chat.CutBytes(f.ID, model.DialogElementDisplayNameMaxLength)
	}
	help := []string{}
	if e.DisplayName != oneLine(f.Label) {
		help = append(help, oneLine(f.Label))
	}
	if hint := oneLine(f.Hint); hint != "" {
		help = append(help, hint)
	}
	whole := strings.Join(help, " – ")
	if e.HelpText = chat.CutBytes(whole, model.DialogElementHelpTextMaxLength); e.HelpText != whole {
		more = "**" + plain(e.DisplayName, 100) + "**: " + plain(whole, 1000)
	}
	first := chat.Values{"": f.Value}.Get("")
	switch f.Kind {
	case chat.TextField:
		e.Type, e.MaxLength = "text", capped(f.Max, model.DialogElementTextMaxLength)
		e.Default = chat.CutBytes(first, model.DialogElementTextMaxLength)
		e.Placeholder = chat.CutBytes(f.Placeholder, model.DialogElementTextMaxLength)
	case chat.LongTextField:
		e.Type, e.MaxLength = "textarea", capped(f.Max, model.DialogElementTextareaMaxLength)
		e.Default = chat.CutBytes(first, model.DialogElementTextareaMaxLength)
		e.Placeholder = chat.CutBytes(f.Placeholder, model.DialogElementTextareaMaxLength)
	case chat.SelectField, chat.MultiField:
		e.Type, e.MultiSelect, e.Default = "select", f.Kind == chat.MultiField, strings.Join(offered(f), ",")
		e.Placeholder = chat.CutBytes(f.Placeholder, model.DialogElementSelectMaxLength)
		if f.Lookup {
			e.DataSource, e.DataSourceURL = "dynamic", m.hooks+lookupPath
			break
		}
		e.Options = options(f.Options)
	case chat.PersonField:
		e.Type, e.DataSource, e.Default = "select", "users", first
	case chat.DateField:
		e.Type, e.Default = "date", first
		if _, err := time.Parse(time.DateOnly, first); err != nil {
			e.Default = ""
		}
	case chat.CheckboxField:
		e.Type, e.Placeholder = "bool", chat.CutBytes(oneLine(f.Label), model.DialogElementBoolMaxLength)
		if first == "true" {
			e.Default = "true"
		}
	case chat.FileField:
		e.Type, e.AllowMultiple = "file", f.Max != 1
	}
	return e, more
}

// offered are the choices of a field that it still has: servers take no other ones.
func offered(f chat.Field) []string {
	return slices.DeleteFunc(slices.Clone(f.Value), func(v string) bool {
		return !slices.ContainsFunc(f.Options, func(o chat.Option) bool { return o.Value == v })
	})
}

func capped(n, limit int) int {
	if n == 0 || n > limit {
		return limit
	}
	return n
}

func options(list []chat.Option) []*model.PostActionOptions {
	out := make([]*model.PostActionOptions, 0, len(list))
	for _, o := range list {
		label := chat.Cut(oneLine(o.Label), labelMax)
		if label == "" {
			label = o.Value
		}
		out = append(out, &model.PostActionOptions{Text: label, Value: o.Value})
	}
	return out
}

// oneLine is plain text in one line.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(chat.Clean(s), unicode.IsSpace), " ")
}

// answersTo are the values of a submission to the questions that were asked, and what was fixed before; nothing else
// counts. Of files these are the ids.
func (s state) answersTo(submission map[string]any) chat.Values {
	out := s.Fixed.Clone()
	for _, q := range s.Asked {
		if v := q.answer(submission[q.ID]); len(v) > 0 {
			out[q.ID] = v
		}
	}
	return out
}

func (q asked) answer(given any) []string {
	var list []string
	switch v := given.(type) {
	case string:
		list = []string{v}
		if q.Kind == chat.MultiField || q.Kind == chat.FileField {
			list = strings.Split(v, ",")
		}
	case bool:
		if v {
			list = []string{"true"}
		}
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				list = append(list, s)
			}
		}
	}
	list = slices.DeleteFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" })
	switch q.Kind {
	case chat.TextField, chat.LongTextField, chat.SelectField, chat.MultiField: // the domain says what is wrong with them
	case chat.PersonField, chat.FileField:
		list = slices.DeleteFunc(list, func(s string) bool { return !model.IsValidId(s) })
	case chat.DateField:
		for i, s := range list { // some clients send the time of midnight too
			if t, err := time.Parse(time.RFC3339, s); err == nil {
				list[i] = t.Format(time.DateOnly)
			}
		}
	case chat.CheckboxField:
		list = slices.DeleteFunc(list, func(s string) bool { return s != "true" })
	}
	if q.Kind != chat.MultiField && q.Kind != chat.FileField && len(list) > 1 {
		list = list[:1]
	}
	return list
}

// errorsFor are the bot's errors where the client can show them: at the questions that are there, else together.
func (s state) errorsFor(wrong map[string]string) model.SubmitDialogResponse {
	out := model.SubmitDialogResponse{Errors: map[string]string{}}
	var general []string
	for _, id := range sortedKeys(wrong) {
		text := chat.Clean(wrong[id])
		i := slices.IndexFunc(s.Asked, func(q asked) bool {
			return q.ID == id || strings.HasPrefix(q.ID, id+"=") && id != "" // its first checkbox: see chat.Fit
		})
		if i < 0 {
			general = append(general, text)
			continue
		}
		out.Errors[s.Asked[i].ID] = text
	}
	out.Error = strings.Join(general, "\n")
	return out
}

// secure says whether the server takes a URL of ours for looking up options.
func secure(hooks string) bool {
	u, err := url.Parse(hooks)
	return err == nil && u.Scheme == "https"
}
