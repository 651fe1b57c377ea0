package discord

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"

	"balie/internal/chat"
)

// modal is a page of a form as Discord shows it.
// https://docs.discord.com/developers/interactions/receiving-and-responding#modal
type modal struct {
	CustomID   string                       `json:"custom_id"`
	Title      string                       `json:"title"`
	Components []discordgo.MessageComponent `json:"components"`
}

// checkboxComponent is the kind of a checkbox, which the library does not know.
const checkboxComponent = discordgo.ComponentType(23)

// checkbox is a checkbox in a form. https://docs.discord.com/developers/components/reference#checkbox
type checkbox struct {
	CustomID string `json:"custom_id"`
	Default  bool   `json:"default"`
}

// Type is that of a checkbox.
func (checkbox) Type() discordgo.ComponentType { return checkboxComponent }

// MarshalJSON tells the type too.
func (c checkbox) MarshalJSON() ([]byte, error) {
	type plain checkbox
	return json.Marshal(struct {
		plain
		Type discordgo.ComponentType `json:"type"`
	}{plain(c), checkboxComponent})
}

// introMax is how many characters of an introduction stand above the questions.
const introMax = 2000

// pagesOf are the questions of a form, page by page: the introduction takes the place of one on the first. Without any
// question there is one empty page.
func pagesOf(f chat.Form) [][]chat.Field {
	room := pageMax
	if f.Intro != "" {
		room--
	}
	pages := [][]chat.Field{nil}
	for _, field := range f.Fields {
		if field.Kind != chat.SelectField && field.Kind != chat.MultiField || len(optionsOf(field)) > 0 {
			if last := len(pages) - 1; len(pages[last]) < room {
				pages[last] = append(pages[last], field)
			} else {
				pages, room = append(pages, []chat.Field{field}), pageMax
			}
		}
	}
	return pages
}

// given is what is in a form already, or wrong in it.
type given struct {
	values chat.Values
	again  bool // the page was sent before: what is empty in values is empty
	files  map[string][]chat.File
	errors map[string]string
	say    phrases
}

// modalOf is one page of a form. Its id is set by who knows the form's name.
func modalOf(f chat.Form, page int, g given) modal {
	pages := pagesOf(f)
	m := modal{Title: oneLine(f.Title, formTitle)}
	if len(pages) > 1 {
		number := " (" + strconv.Itoa(page+1) + "/" + strconv.Itoa(len(pages)) + ")"
		m.Title = oneLine(f.Title, formTitle-len(number)) + number
	}
	m.Title = cmp.Or(m.Title, "Balie")
	if page == 0 && f.Intro != "" {
		if intro := outbound(f.Intro, introMax); intro != "" {
			m.Components = append(m.Components, discordgo.TextDisplay{Content: intro})
		}
	}
	for _, field := range pages[page] {
		if v, ok := g.values[field.ID]; ok || g.again {
			field.Value = v
		}
		m.Components = append(m.Components, g.label(field))
	}
	if len(m.Components) == 0 { // it wants one at least
		m.Components = []discordgo.MessageComponent{discordgo.TextDisplay{Content: plain(m.Title, introMax)}}
	}
	return m
}

// label is a question: its label, whole if it had to be cut, a hint, and where the answer goes.
func (g given) label(f chat.Field) discordgo.Label {
	out := discordgo.Label{Label: cmp.Or(oneLine(f.Label, labelMax), oneLine(f.ID, labelMax), "?")}
	var notes []string
	if wrong := wrongIn(g.errors, f.ID); wrong != "" {
		notes = append(notes, "⚠ "+unmarked(wrong))
	}
	if whole := oneLine(f.Label, len(f.Label)); len(whole) > len(out.Label) {
		notes = append(notes, whole)
	}
	if n := len(g.files[f.ID]); f.Kind == chat.FileField && n > 0 {
		notes = append(notes, g.say.filesKept(n))
	}
	if f.Hint != "" {
		notes = append(notes, f.Hint)
	}
	out.Description = oneLine(strings.Join(notes, " – "), hintMax)
	out.Component = g.input(f)
	return out
}

// input is where an answer goes.
func (g given) input(f chat.Field) discordgo.MessageComponent {
	id, first := componentID(f.ID), chat.Values{"": f.Value}.Get("")
	switch f.Kind {
	case chat.SelectField, chat.MultiField:
		options := optionsOf(f)
		menu := discordgo.SelectMenu{MenuType: discordgo.StringSelectMenu, CustomID: id, Options: options, MaxValues: 1,
			Placeholder: oneLine(f.Placeholder, hintMax), Required: &f.Required, MinValues: least(f.Required)}
		if f.Kind == chat.MultiField {
			menu.MaxValues = len(options)
		}
		return menu
	case chat.PersonField:
		menu := discordgo.SelectMenu{MenuType: discordgo.UserSelectMenu, CustomID: id, MaxValues: 1,
			Placeholder: oneLine(f.Placeholder, hintMax), Required: &f.Required, MinValues: least(f.Required)}
		if snowflake.MatchString(first) {
			menu.DefaultValues = []discordgo.SelectMenuDefaultValue{{ID: first, Type: discordgo.SelectMenuDefaultValueUser}}
		}
		return menu
	case chat.CheckboxField:
		return checkbox{CustomID: id, Default: first == "true"}
	case chat.FileField:
		kept := len(g.files[f.ID])
		required := f.Required && kept == 0
		return discordgo.FileUpload{CustomID: id, Required: &required, MinValues: least(required), MaxValues: max(1, filesOf(f)-kept)}
	case chat.TextField, chat.LongTextField, chat.DateField:
	}
	most := inputMax
	if f.Max > 0 {
		most = min(most, f.Max)
	}
	in := discordgo.TextInput{CustomID: id, Style: discordgo.TextInputParagraph, Required: &f.Required, MaxLength: most,
		Placeholder: oneLine(f.Placeholder, hintMax), Value: chat.Cut(first, most)}
	if f.Kind != chat.LongTextField {
		in.Style = discordgo.TextInputShort
		in.Value = strings.ReplaceAll(in.Value, "\n", " ")
	}
	return in
}

// least is how many values an answer has at least.
func least(required bool) *int {
	n := 0
	if required {
		n = 1
	}
	return &n
}

// filesOf is how many files a field takes at most.
func filesOf(f chat.Field) int {
	if f.Max > 0 {
		return min(f.Max, filesMax)
	}
	return filesMax
}

// optionsOf are the options of a field that Discord takes, with those of its value chosen. What a list does not hold was
// put into another field before.
func optionsOf(f chat.Field) (out []discordgo.SelectMenuOption) {
	chosen := 0
	for _, o := range f.Options {
		same := func(have discordgo.SelectMenuOption) bool { return have.Value == o.Value }
		if o.Value == "" || len(o.Value) > optionMax || slices.ContainsFunc(out, same) || len(out) == optionsMax {
			continue
		}
		option := discordgo.SelectMenuOption{Value: o.Value, Label: cmp.Or(oneLine(o.Label, optionMax), oneLine(o.Value, optionMax)),
			Description: oneLine(o.Hint, optionMax)}
		if slices.Contains(f.Value, o.Value) && (f.Kind == chat.MultiField || chosen == 0) {
			option.Default = true
			chosen++
		}
		out = append(out, option)
	}
	return out
}

// componentID is the id of a field's component: the field's own, where that has room.
func componentID(field string) string {
	if field != "" && len(field) <= carryMax && field[0] != '#' {
		return field
	}
	sum := sha256.Sum256([]byte(field))
	return "#" + hex.EncodeToString(sum[:16])
}

// wrongIn is what is wrong with a field; of what chat.Fit made several of, with the first.
func wrongIn(errors map[string]string, field string) string {
	if text := errors[field]; text != "" {
		return text
	}
	i := strings.IndexAny(field, "=~^")
	if i < 0 {
		return ""
	}
	return errors[field[:i]]
}

// unmarked is our Markdown as plain text.
func unmarked(s string) string { return unmarking.Replace(s) }

var unmarking = strings.NewReplacer(`\\`, `\`, `\*`, "*", `\_`, "_", `\~`, "~", "\\`", "`", `\[`, "[", `\]`, "]", `\<`, "<", `\>`, ">",
	`\#`, "#", `\|`, "|", "**", "", "`", "")

// sent is what a page of a form came back with. Only what was asked on it counts.
func (in wireInteraction) sent(fields []chat.Field) (values chat.Values, files map[string][]chat.File) {
	found := map[string]wireComponent{}
	collect(in.Data.Components, found)
	values, files = chat.Values{}, map[string][]chat.File{}
	for _, f := range fields {
		c, ok := found[componentID(f.ID)]
		if !ok {
			continue
		}
		if f.Kind == chat.FileField {
			for _, id := range c.Values {
				if a, ok := in.Data.Resolved.Attachments[id]; ok && len(files[f.ID]) < filesOf(f) {
					files[f.ID] = append(files[f.ID], fileOf(a, in.ChannelID, ""))
				}
			}
			continue
		}
		if v := c.answer(f); len(v) > 0 {
			values[f.ID] = v
		}
	}
	return values, files
}

// collect finds what has an id, however deep it stands.
func collect(list []wireComponent, found map[string]wireComponent) {
	for _, c := range list {
		if c.CustomID != "" {
			found[c.CustomID] = c
		}
		if c.Component != nil {
			collect([]wireComponent{*c.Component}, found)
		}
		if c.Accessory != nil {
			collect([]wireComponent{*c.Accessory}, found)
		}
		collect(c.Components, found)
	}
}

// answer is the answer to a question, as it was typed but for what nobody can see.
func (c wireComponent) answer(f chat.Field) []string {
	var out []string
	switch f.Kind {
	case chat.TextField, chat.LongTextField, chat.DateField:
		var text string
		if json.Unmarshal(c.Value, &text) != nil {
			return nil
		}
		if text = chat.Clean(strings.ReplaceAll(text, "\r\n", "\n")); strings.TrimSpace(text) == "" {
			return nil
		}
		return []string{text}
	case chat.SelectField, chat.MultiField:
		for _, v := range c.Values { // whether it was offered the bot knows, which says what is wrong with it
			if len(v) <= optionMax && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	case chat.PersonField:
		for _, v := range c.Values {
			if snowflake.MatchString(v) {
				out = append(out, v)
			}
		}
	case chat.CheckboxField:
		var checked bool
		if json.Unmarshal(c.Value, &checked) == nil && checked {
			return []string{"true"}
		}
		return nil
	case chat.FileField:
	}
	if f.Kind != chat.MultiField && len(out) > 1 {
		out = out[:1]
	}
	return out
}
