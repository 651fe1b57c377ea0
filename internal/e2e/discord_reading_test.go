package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// answer turns what a client shows into what the person sees. In a direct conversation an answer is a message like others.
func (n *discordNetwork) answer(ctx context.Context, as string, told discordfake.Answer) (answer, error) {
	a := answer{Refused: told.Refused}
	n.answered(told)
	d := &discordForm{as: as}
	if asked, err := n.begin(ctx, d, told); err != nil || asked {
		if err == nil {
			a.Form = n.form(d)
		}
		return a, err
	}
	for _, m := range told.Private {
		a.Private = append(a.Private, n.split(as, m)...)
	}
	return a, nil
}

// answered notes which messages answered somebody: they are no part of the conversation about what was pressed.
func (n *discordNetwork) answered(told discordfake.Answer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range told.Public {
		n.answers[m.ID] = true
	}
}

// isStep notes that a message is only there on the way to a form.
func (n *discordNetwork) isStep(m discordfake.Message) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.steps[m.ID] = true
}

// split takes the cards of a private answer apart.
func (n *discordNetwork) split(as string, m discordfake.Message) (all []message) {
	var parts [][]json.RawMessage
	for _, c := range m.Components {
		var kind struct{ Type int }
		if json.Unmarshal(c, &kind) != nil {
			continue
		}
		if row := kind.Type == 1; row && len(parts) > 0 {
			parts[len(parts)-1] = append(parts[len(parts)-1], c)
		} else {
			parts = append(parts, []json.RawMessage{c})
		}
	}
	if len(parts) < 2 {
		return []message{n.message(as, m)}
	}
	for _, part := range parts {
		m.Components = part
		all = append(all, n.message(as, m))
	}
	return all
}

// place is the channel that an id is of, or that of the thread that it is of.
func (n *discordNetwork) place(as, id string) (channel, thread string) {
	if id == n.fake.Direct(as) {
		return direct, ""
	}
	if th := n.fake.Thread(id); th != nil {
		return n.guild.Name(th.Parent), id
	}
	return n.guild.Name(id), ""
}

// starter is the message that stands for a private thread: the bot's first one.
func (n *discordNetwork) starter(as, thread string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if id := n.starters[thread]; id != "" {
		return id
	}
	if th := n.fake.Thread(thread); th == nil || !th.Private {
		return ""
	}
	for _, m := range n.guild.As(as).Messages(thread) {
		if m.Bot && !m.System && !m.Ephemeral {
			n.starters[thread] = m.ID
			return m.ID
		}
	}
	return ""
}

// message is a message as somebody sees it.
func (n *discordNetwork) message(as string, raw discordfake.Message) message {
	m := message{ID: raw.ID, Bot: raw.Bot, Text: n.text(raw), Title: n.title(raw), raw: raw}
	m.Channel, m.Thread = n.place(as, raw.Channel)
	switch {
	case m.Thread == m.ID, m.Thread != "" && n.starter(as, m.Thread) == m.ID:
		m.ID, m.Thread = m.Thread, ""
	case m.Thread == "":
		m.Thread = n.rootOf(as, raw)
	}
	for _, b := range raw.Buttons() {
		m.Buttons = append(m.Buttons, button{Label: b.Label})
	}
	for _, menu := range raw.Menus() {
		b := button{Label: menuLabel(menu)}
		for _, o := range menu.Options {
			b.Options = append(b.Options, chat.Option{Value: o.Value, Label: o.Label, Hint: o.Description})
		}
		m.Buttons = append(m.Buttons, b)
	}
	for _, f := range raw.Files {
		m.Files = append(m.Files, file{f.ID, f.Name})
	}
	for _, id := range raw.Notified {
		m.Mentions = append(m.Mentions, cmp.Or(n.guild.Name(id), id))
	}
	return m
}

// rootOf is the bot's message that a message belongs to as a reply, where there are no threads.
func (n *discordNetwork) rootOf(as string, m discordfake.Message) string {
	n.mu.Lock()
	answer := n.answers[m.ID]
	n.mu.Unlock()
	if m.Reply == "" || answer {
		return ""
	}
	to := n.guild.As(as).Message(m.Channel, m.Reply)
	if to == nil {
		return m.Reply
	}
	if root := n.rootOf(as, *to); root != "" || !to.Bot {
		return root
	}
	return to.ID
}

var menuNumber = regexp.MustCompile(` \([0-9]\)$`)

// menuLabel is what a menu is about; one that has too many options is several.
func menuLabel(m discordfake.Menu) string { return menuNumber.ReplaceAllString(m.Placeholder, "") }

var (
	discordSign = regexp.MustCompile("\\\\[!-/:-@[-`{-~]" + `|<@!?[0-9]+>|<t:[0-9]+(?::\w)?>|\[(?:[^\[\]\\]|\\.)+\]\(<?(?:https?://|mailto:)[^\s)]+\)`)
	discordLead = regexp.MustCompile(`^\*\*([^*\n]+)\*\*((?: <@[0-9]+>)*)\n`)
	toneLead    = regexp.MustCompile(`^(?:⚪|🔵|🟢|🟠|🔴) (.*)`)
)

// reading is a text as somebody reads it, except that what stands out is between its marks.
func (n *discordNetwork) reading(s string) string {
	s = discordSign.ReplaceAllStringFunc(s, func(at string) string {
		switch {
		case at[0] == '\\':
			return at[1:]
		case strings.HasPrefix(at, "<t:"):
			at, _, _ = strings.Cut(strings.Trim(at[len("<t:"):], ">"), ":")
			seconds, _ := strconv.ParseInt(at, 10, 64) // digits
			return time.Unix(seconds, 0).UTC().Format(time.DateTime)
		case at[0] == '<':
			return "@" + n.guild.Name(strings.Trim(at, "<@!>"))
		}
		label, _, _ := strings.Cut(at[1:], "](")
		return n.reading(label)
	})
	return strings.ReplaceAll(s, "\u200b", "")
}

// content is what stands above a card: after who said it, if that is somebody else.
func (n *discordNetwork) content(s string) string {
	if m := discordLead.FindStringSubmatch(s); m != nil {
		s = m[2] + " " + m[1] + ": " + s[len(m[0]):]
	}
	return strings.TrimSpace(n.reading(s))
}

// title is that of a card.
func (n *discordNetwork) title(m discordfake.Message) string {
	for _, e := range m.Embeds {
		return n.reading(e.Title)
	}
	for _, text := range m.Texts() {
		for line := range strings.SplitSeq(text, "\n") {
			if found := toneLead.FindStringSubmatch(line); found != nil {
				return strings.Trim(n.reading(found[1]), "*")
			}
		}
	}
	return ""
}

// text is all that there is to read.
func (n *discordNetwork) text(m discordfake.Message) string {
	lines := []string{n.content(m.Content)}
	for _, e := range m.Embeds {
		lines = append(lines, n.reading(e.Title), n.reading(e.Description), "by "+e.Author.Name)
		for _, f := range e.Fields {
			lines = append(lines, n.reading(f.Name)+": "+n.reading(f.Value))
		}
		lines = append(lines, e.Footer.Text)
	}
	rest := m
	rest.Content, rest.Embeds = "", nil
	for _, text := range rest.Texts() {
		lines = append(lines, n.reading(text))
	}
	for _, f := range m.Files {
		lines = append(lines, "file "+f.Name)
	}
	return strings.Join(lines, "\n")
}

// list is what people wrote and the bot said, without what only stood on the way to a form.
func (n *discordNetwork) list(as string, all []discordfake.Message) (out []message) {
	for _, raw := range all {
		n.mu.Lock()
		step := n.steps[raw.ID]
		n.mu.Unlock()
		if !raw.System && !raw.Ephemeral && !step {
			out = append(out, n.message(as, raw))
		}
	}
	return out
}

func (n *discordNetwork) messages(_ context.Context, as, channel, thread string) ([]message, error) {
	u, id := n.guild.As(as), n.room(as, channel)
	all := u.Messages(id)
	for _, th := range u.Threads(id) {
		if thread == "" || thread == th.ID {
			all = append(all, u.Messages(th.ID)...)
		}
	}
	slices.SortStableFunc(all, func(a, b discordfake.Message) int {
		return cmp.Or(len(a.ID)-len(b.ID), strings.Compare(a.ID, b.ID))
	})
	return slices.DeleteFunc(n.list(as, all), func(m message) bool {
		return m.Thread != thread && (thread == "" || m.ID != thread)
	}), nil
}

func (n *discordNetwork) visible(_ context.Context, as string) (all []message, err error) {
	u := n.guild.As(as)
	if u == nil {
		return nil, nil
	}
	for _, list := range u.Visible() {
		all = append(all, n.list(as, list)...)
	}
	return all, nil
}
