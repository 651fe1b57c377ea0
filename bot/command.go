package bot

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// The names of the shortcuts: one makes a ticket of a message, the other one of nothing.
const (
	ShortcutCreate = "create_ticket"
	ShortcutNew    = "new_ticket"
)

// subcommands are the words that may follow the command, in every language. Anything else is a summary: who types
// "/ticket help, the printer is on fire" means a ticket.
var subcommands = map[string]string{
	wordMine: wordMine, "mijn": wordMine,
	wordShow: wordShow, "toon": wordShow,
	wordSearch: wordSearch, "zoek": wordSearch,
	wordQueue: wordQueue, "wachtrij": wordQueue,
	wordPanel: wordPanel, "paneel": wordPanel,
	wordHelp: wordHelp, "hulp": wordHelp,
}

func (t *turn) command(ctx context.Context, c chat.Command) (chat.Reply, error) {
	word, rest := c.Word, c.Text
	if word == "" {
		word, rest = subcommand(c.Text)
	}
	switch word {
	case wordHelp:
		return t.help(), nil
	case wordMine:
		return t.mine(ctx, rest == "", "")
	case wordQueue:
		return t.queue(ctx, "")
	case wordShow:
		rest = cmp.Or(c.Values.Get(optionKey), rest)
		if rest == "" {
			return chat.Reply{Text: t.say.Say("show_which")}, nil
		}
		return t.show(ctx, rest)
	case wordSearch:
		return t.search(ctx, rest)
	case wordPanel:
		return t.panel()
	}
	arg, given := t.ofCommand(c)
	if t.e.Thread != "" {
		ours, err := t.inTicket(ctx)
		if err != nil {
			return chat.Reply{}, err
		}
		if !ours { // what was said in the thread is what it is about
			arg.Gather = t.e.Place()
		}
	}
	return t.offerForm(ctx, arg, given)
}

// subcommand is the one that follows the command, and what it is about: "closed" of mine, a key, or words. It is empty for
// a summary.
func subcommand(text string) (name, rest string) {
	word, rest, _ := strings.Cut(ticket.Line(text), " ")
	name, rest = subcommands[strings.ToLower(word)], strings.TrimSpace(rest)
	switch name {
	case wordSearch:
		return name, rest
	case wordMine:
		switch strings.ToLower(rest) {
		case "", "open":
			return name, ""
		case listClosed, "gesloten":
			return name, listClosed
		}
		return "", ""
	case wordShow:
		if strings.Contains(rest, " ") {
			return "", ""
		}
		return name, rest
	}
	if rest != "" {
		return "", ""
	}
	return name, ""
}

// ofCommand is the form that a command without a subcommand opens, and the answers that it starts with.
func (t *turn) ofCommand(c chat.Command) (openArg, chat.Values) {
	given := chat.Values{}
	if text := ticket.Line(c.Text); text != "" {
		given[ticket.FieldSummary] = []string{text}
	}
	var arg openArg
	if category, ok := t.category(c.Values.Get(ticket.FieldCategory)); ok {
		given[ticket.FieldCategory] = []string{category}
		arg.Picked = chat.Values{ticket.FieldCategory: {category}}
	}
	return arg, given
}

// category is the id of the category that somebody named, by id or as it is called.
func (t *turn) category(named string) (string, bool) {
	named = strings.TrimSpace(named)
	for _, c := range t.policy.Categories {
		if named != "" && (strings.EqualFold(c.ID, named) || strings.EqualFold(t.text(c.Label), named)) {
			return c.ID, true
		}
	}
	return "", false
}

func (t *turn) help() chat.Reply {
	also, where := t.say.Say("help_emoji"), t.say.Say("help_direct")
	if t.caps.MessageMenu {
		also = t.say.Say("help_menu")
	}
	if slices.ContainsFunc(t.policy.Teams, func(team ticket.Team) bool { return len(team.Requests) > 0 }) {
		where = t.say.Say("help_requests")
	}
	text := t.say.Say("help") + "\n\n" + also + " " + where
	if t.caps.Home {
		text += " " + t.say.Say("help_home")
	}
	if len(t.by.Teams) > 0 {
		text += "\n\n" + t.say.Say("help_agent")
	}
	return chat.Reply{Text: text, Buttons: []chat.Button{{Label: t.say.Say("button_open"), Value: openArg{}.value(), Style: chat.Primary}}}
}

// panel posts a message with a button that opens the form, for a channel where people ask.
func (t *turn) panel() (chat.Reply, error) {
	if len(t.by.Teams) == 0 {
		return chat.Reply{}, &ticket.Problem{Code: ticket.NotAllowed}
	}
	return chat.Reply{Public: &chat.Post{
		Key:     "panel|" + t.by.Event,
		Card:    &chat.Card{Title: t.say.Say("panel_title"), Text: t.say.Say("panel_text"), Tone: chat.Info},
		Text:    t.say.Say("panel_title"),
		Buttons: []chat.Button{{Label: t.say.Say("button_open"), Value: openArg{}.value(), Style: chat.Primary}},
	}}, nil
}

// shortcut makes a ticket of a message: the form starts with its text, and the thread around it is taken along.
func (t *turn) shortcut(ctx context.Context, s chat.Shortcut) (chat.Reply, error) {
	arg, given, ok := t.ofShortcut(s)
	if !ok {
		return chat.Reply{Text: t.say.Say("old_button")}, nil
	}
	return t.offerForm(ctx, arg, given)
}

// ofShortcut is the form that a shortcut opens, and the answers that it starts with.
func (t *turn) ofShortcut(s chat.Shortcut) (arg openArg, given chat.Values, ok bool) {
	switch s.Name {
	case ShortcutCreate:
		return openArg{Gather: s.Ref}, t.fromText(s.Message.Text), true
	case ShortcutNew:
		return openArg{}, nil, true
	}
	return openArg{}, nil, false
}

// fromText are the answers that a message already gives: its first line as the summary, all of it as the description if
// it says more.
func (t *turn) fromText(text string) chat.Values {
	text = ticket.Clean(text)
	first, _, more := strings.Cut(text, "\n")
	summary := ticket.Cut(ticket.Line(strings.TrimLeft(first, "> ")), t.policy.Limits.Summary) // of a quotation, what is quoted
	given := chat.Values{ticket.FieldSummary: {summary}}
	if more || summary != text {
		given[ticket.FieldDescription] = []string{ticket.Cut(text, t.policy.Limits.Text)}
	}
	return given
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
