package e2e

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermosttest"
	"balie/internal/chat"
)

// posted is what comes of posting, editing and the like.
func (n *mattermostNetwork) posted(as string, post *model.Post, err error) (answer, error) {
	if refused, ok := errors.AsType[*model.AppError](err); ok {
		return answer{Refused: refused.Error()}, nil
	}
	if err != nil || post == nil {
		return answer{}, err
	}
	return answer{Message: n.message(as, post)}, nil
}

// answer turns what a client is told, and what came in the direct conversation, into what the person sees.
func (n *mattermostNetwork) answer(as string, direct []*model.Post) func(mattermosttest.Answer, error) (answer, error) {
	return func(told mattermosttest.Answer, err error) (answer, error) {
		if err != nil {
			return answer{}, err
		}
		var a answer
		if told.Status >= 400 {
			a.Refused = told.ProblemID + ": " + told.Problem
		}
		for field, text := range told.Errors {
			if a.Errors == nil {
				a.Errors = map[string]string{}
			}
			a.Errors[field] = text
		}
		if told.Error != "" {
			if a.Errors == nil {
				a.Errors = map[string]string{}
			}
			a.Errors[""] = told.Error
		}
		for _, post := range append(told.Private, direct...) {
			a.Private = append(a.Private, n.split(as, post)...)
		}
		if told.Dialog != nil && a.Refused == "" {
			a.Form = n.form(told.Dialog)
		}
		return a, nil
	}
}

func (n *mattermostNetwork) isAnswer(post *model.Post) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.answered[post.Id]
}

// list is the posts without those that answered something, which are nobody else's to read.
func (n *mattermostNetwork) list(as string, posts []*model.Post) (all []message) {
	for _, post := range posts {
		if !n.isAnswer(post) {
			all = append(all, n.message(as, post))
		}
	}
	return all
}

// saidBy is how the bot says whose words it passes on, after those whom it mentions.
var saidBy = regexp.MustCompile(`^((?:@\S+ )*)\*\*([^*\n]+):\*\*\s+`)

// reading is a line as somebody reads it.
func (n *mattermostNetwork) reading(line string) string {
	return n.town.Text(&model.Post{Message: line})
}

// message is a post as somebody sees it.
func (n *mattermostNetwork) message(as string, post *model.Post) message {
	m := message{ID: post.Id, Thread: post.RootId, Bot: post.UserId == n.town.BotID,
		Text:     saidBy.ReplaceAllString(n.town.Text(post), "$1$2: "),
		Mentions: n.mentions(post), Buttons: n.buttons(post), raw: post}
	n.mu.Lock()
	m.Channel = post.ChannelId
	if n.directs[as] == post.ChannelId {
		m.Channel = direct
	}
	n.mu.Unlock()
	for _, name := range []string{"general", "ict-triage"} {
		if n.town.ChannelID(name) == post.ChannelId {
			m.Channel = name
		}
	}
	for name, id := range n.channels {
		if id == post.ChannelId {
			m.Channel = name
		}
	}
	for _, a := range post.Attachments() {
		if m.Title == "" {
			m.Title = n.reading(a.Title)
		}
	}
	if post.Metadata != nil {
		for _, f := range post.Metadata.Files {
			m.Files = append(m.Files, file{f.Id, f.Name})
		}
	}
	return m
}

// split takes the cards of a private post apart.
func (n *mattermostNetwork) split(as string, post *model.Post) (all []message) {
	cards := post.Attachments()
	if len(cards) < 2 {
		return []message{n.message(as, post)}
	}
	part := func(text string, cards ...*model.MessageAttachment) {
		p := post.Clone()
		p.Message = text
		p.SetProps(model.StringInterface{model.PostPropsAttachments: cards})
		all = append(all, n.message(as, p))
	}
	if post.Message != "" {
		part(post.Message)
	}
	for _, c := range cards {
		part("", c)
	}
	return all
}

func (n *mattermostNetwork) buttons(post *model.Post) (all []button) {
	for _, a := range post.Attachments() {
		for _, action := range a.Actions {
			b := button{Label: n.reading(action.Name)}
			for _, o := range action.Options {
				b.Options = append(b.Options, chat.Option{Value: o.Value, Label: o.Text})
			}
			all = append(all, b)
		}
	}
	return all
}

var mention = regexp.MustCompile(`@([a-z0-9][a-z0-9._-]*)`)

// mentions are the people whom the server tells of the post, by name, and the words that stand for all of a channel.
func (n *mattermostNetwork) mentions(post *model.Post) (names []string) {
	texts := []string{post.Message}
	for _, a := range post.Attachments() {
		texts = append(texts, a.Pretext, a.Text)
	}
	for _, found := range mention.FindAllStringSubmatch(strings.ToLower(strings.Join(texts, "\n")), -1) {
		if slices.Contains([]string{"channel", "all", "here"}, found[1]) && !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
		for _, name := range inhabitants {
			if n.town.As(name).Username == found[1] && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// form is a dialog, with people by their names.
func (n *mattermostNetwork) form(d *mattermosttest.Dialog) *form {
	f := &form{Title: d.Dialog.Title, Intro: d.Dialog.IntroductionText, raw: d}
	for _, e := range d.Dialog.Elements {
		field := chat.Field{ID: e.Name, Kind: kindOf(e), Label: e.DisplayName, Required: !e.Optional, Refresh: e.Refresh}
		for _, o := range e.Options {
			field.Options = append(field.Options, chat.Option{Value: o.Value, Label: o.Text})
		}
		switch {
		case e.Default == "":
		case field.Kind == chat.MultiField:
			field.Value = strings.Split(e.Default, ",")
		case field.Kind == chat.PersonField:
			field.Value = []string{n.town.Name(e.Default)}
		default:
			field.Value = []string{e.Default}
		}
		f.Fields = append(f.Fields, field)
	}
	return f
}

func kindOf(e model.DialogElement) chat.FieldKind {
	switch e.Type {
	case "textarea":
		return chat.LongTextField
	case "bool":
		return chat.CheckboxField
	case "date", "datetime":
		return chat.DateField
	case "file":
		return chat.FileField
	case "select", "radio":
		switch {
		case e.DataSource == "users":
			return chat.PersonField
		case e.MultiSelect:
			return chat.MultiField
		}
		return chat.SelectField
	}
	return chat.TextField
}

// offered says whether somebody at a client could choose the value.
func offered(f chat.Field, value []string) bool {
	return !slices.ContainsFunc(value, func(v string) bool {
		return !slices.ContainsFunc(f.Options, func(o chat.Option) bool { return o.Value == v })
	})
}

// filled is a dialog and what a client sends of it, with people by their ids.
func (n *mattermostNetwork) filled(f *form, in filled) (d *mattermosttest.Dialog, values map[string]any, files []string) {
	values = map[string]any{}
	for id, list := range in.Values {
		kind := chat.TextField
		if i := slices.IndexFunc(f.Fields, func(f chat.Field) bool { return f.ID == id }); i >= 0 {
			kind = f.Fields[i].Kind
		}
		switch {
		case len(list) == 0:
			values[id] = nil
		case kind == chat.MultiField:
			values[id] = list
		case kind == chat.CheckboxField:
			values[id] = list[0] == "true"
		case kind == chat.PersonField:
			values[id] = n.town.UserID(list[0])
		default:
			values[id] = list[0]
		}
	}
	for id, uploads := range in.Files {
		values[id] = uploads
		files = append(files, uploads...)
	}
	return f.raw.(*mattermosttest.Dialog), values, files
}
