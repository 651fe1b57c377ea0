package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/internal/chat"
)

// The kinds of interactions, as Options.Answered is told of them.
const (
	kindCommand  = "command"
	kindClick    = "click"
	kindForm     = "form"
	kindOptions  = "options"
	kindShortcut = "shortcut"
)

// The kinds of commands. https://docs.discord.com/developers/interactions/application-commands
const (
	typedCommand   = 1
	messageCommand = 3
)

var errNoSense = errors.New("discord: an interaction that can't be read")

// readInteraction reads an interaction. A field of a kind that is not known yet does not lose the others.
func readInteraction(raw []byte) (wireInteraction, error) {
	var in wireInteraction
	err := json.Unmarshal(raw, &in)
	if _, odd := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !odd {
		return wireInteraction{}, errNoSense
	}
	return in, nil
}

// sensible says whether an interaction tells what every one does.
func (in wireInteraction) sensible() bool {
	who, _ := in.who()
	return in.ID != "" && in.Token != "" && who.ID != "" && (in.ChannelID != "" || in.Channel != nil)
}

// asked is an interaction being answered.
type asked struct {
	*Discord
	h   chat.Handler
	in  wireInteraction
	who wireUser
	e   chat.Event
	say phrases
	by  time.Time // when Discord has to have the answer

	replaces bool                    // the answer takes the place of the message that the interaction came from
	after    []func(context.Context) // what is done once Discord has the answer
}

// answerMax is how long all takes at most that comes before the first answer to an interaction: Discord waits for 3 s, and the
// answer has to get there.
const answerMax = 2700 * time.Millisecond

// answering answers an interaction: what Discord gets within its three seconds, of which kind the interaction was, and what
// goes on after Discord has the answer.
func (d *Discord) answering(ctx context.Context, h chat.Handler, in wireInteraction) (out answer, kind string, after []func(context.Context)) {
	a := &asked{Discord: d, h: h, in: in, say: words(in.Locale), by: time.Now().Add(answerMax)}
	a.who, _ = in.who()
	kind = in.kind()
	defer func() {
		if p := recover(); p != nil {
			d.log.WithField("kind", kind).Errorf("discord: an interaction broke the bot: %v\n%s", p, debug.Stack())
			out, after = a.broken(), nil
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, min(d.opts.AnswerWithin, answerMax))
	defer cancel()
	out = a.answer(ctx)
	return out, kind, a.after
}

// kind is the kind of the interaction; empty if it is unknown.
func (in wireInteraction) kind() string {
	switch in.Type {
	case commandInteraction:
		if in.Data.Type == messageCommand {
			return kindShortcut
		}
		return kindCommand
	case componentInteraction:
		return kindClick
	case completeInteraction:
		return kindOptions
	case formInteraction:
		return kindForm
	}
	return ""
}

func (a *asked) answer(ctx context.Context) answer {
	switch a.in.kind() {
	case kindCommand:
		return a.command(ctx)
	case kindShortcut:
		return a.shortcut(ctx)
	case kindClick:
		return a.component(ctx)
	case kindForm:
		return a.submitted(ctx)
	case kindOptions:
		return a.options(ctx)
	}
	a.odd("an interaction of an unknown type")
	return answer{Type: answerDeferredUpdate}
}

// odd logs once what makes no sense.
func (a *asked) odd(what string) {
	if a.once.First(what) {
		a.log.WithField("type", a.in.Type).Warn("discord: " + what + " was ignored")
	}
}

// did begins the event: who did it, and in which guild.
func (a *asked) did(id, guild string) {
	_, member := a.in.who()
	a.e = chat.Event{ID: id, Platform: Name, Workspace: guild, Direct: a.in.GuildID == "", At: time.Now(),
		Person: a.people.of(a.who, member, guild, a.in.Locale)}
	a.places.met(a.who.ID, guild)
}

// happened begins the event, and finds out where it happened. The guild is what a component carries, which counts in a
// direct conversation. Nobody may know of one: then the event has no workspace.
func (a *asked) happened(ctx context.Context, guild string) error {
	in := a.in
	guild = cmp.Or(in.GuildID, guild)
	var err error
	if guild == "" {
		if guild, err = a.places.guildOf(ctx, a.who.ID); err != nil {
			return err
		}
	}
	a.did("i|"+in.ID, guild)
	id := in.ChannelID
	c := in.Channel
	if c != nil && c.ID != "" {
		id = c.ID
		a.noteChannel(*c)
	}
	switch {
	case a.e.Direct:
		a.e.Channel = id
	case c != nil && c.isThread() && c.ParentID != "":
		a.e.Channel, a.e.Thread = c.ParentID, c.ID
	case c != nil && c.ID != "" && !c.isThread():
		a.e.Channel = c.ID
	default:
		a.e.Channel, a.e.Thread, err = a.places.where(ctx, id)
	}
	return err
}

// noteChannel notes a direct conversation. Of other channels an interaction does not tell enough to keep it: who sees them is
// missing.
func (a *asked) noteChannel(c wireChannel) {
	if a.in.GuildID == "" && c.Type == directChannel {
		guild := a.e.Workspace
		a.after = append(a.after, func(ctx context.Context) { a.places.direct(ctx, c.ID, a.who.ID, guild) })
	}
}

// refOf is where a message of the interaction's channel stands.
func (a *asked) refOf(m wireMessage) chat.Ref {
	r := chat.Ref{Platform: Name, Workspace: a.e.Workspace, Channel: a.e.Channel, Thread: a.e.Thread, Message: m.ID}
	switch {
	case r.Thread == "":
		r.Thread = a.rootOf(m)
	case m.ID == r.Thread || m.ID == a.places.starter(r.Thread):
		r.Thread, r.Message = "", r.Thread
	}
	return r
}

// rootOf is the post that a message belongs to as a reply, where there are no threads; empty if it belongs to none.
func (a *asked) rootOf(m wireMessage) string {
	reply := func(m wireMessage) string {
		if m.Reference == nil || m.Reference.Type != 0 {
			return ""
		}
		return m.Reference.MessageID
	}
	ours := func(m *wireMessage) bool { return m.Author != nil && m.Author.ID == a.self.id() }
	to := reply(m)
	switch before := m.Referenced; {
	case to == "" || ours(&m):
		return to
	case before == nil || !ours(before):
		return "" // people talk to each other
	case reply(*before) != "":
		return reply(*before)
	}
	return to
}

// command answers a typed command.
func (a *asked) command(ctx context.Context) answer {
	if a.in.Data.Type > typedCommand {
		a.odd("a command of an unknown kind")
		return a.tell(ctx, a.say.oldButton)
	}
	if err := a.happened(ctx, ""); err != nil || a.e.Workspace == "" {
		return a.lost(ctx, err)
	}
	word, options := a.in.Data.subcommand()
	c := chat.Command{Name: a.in.Data.Name, Word: wordOf(a.opts.Commands, word), Values: chat.Values{}}
	for field, value := range fieldsOf(a.opts.Commands, word, options, false) {
		if field == "" {
			c.Text = value
		} else {
			c.Values[field] = []string{value}
		}
	}
	a.e.Command = &c
	said, err := a.ask(ctx)
	return a.show(ctx, said, err)
}

// options answers what somebody types into an option of a command.
func (a *asked) options(ctx context.Context) answer {
	none := answer{Type: answerChoices, Data: choices{Choices: []choice{}}}
	if a.happened(ctx, "") != nil || a.e.Workspace == "" {
		return none
	}
	word, options := a.in.Data.subcommand()
	i := slices.IndexFunc(options, func(o interactionOpt) bool { return o.Focused })
	if i < 0 {
		a.odd("a question for options of nothing")
		return none
	}
	q := chat.Query{Word: wordOf(a.opts.Commands, word), Field: fieldOf(a.opts.Commands, word, options[i].Name),
		Text: options[i].text(), Values: chat.Values{}}
	for field, value := range fieldsOf(a.opts.Commands, word, options, true) {
		q.Values[field] = []string{value}
	}
	a.e.Query = &q
	said, err := a.ask(ctx)
	if err != nil {
		return none
	}
	return answer{Type: answerChoices, Data: choicesOf(said.Options)}
}

// shortcut answers a choice from a message's menu.
func (a *asked) shortcut(ctx context.Context) answer {
	m, ok := a.in.Data.Resolved.Messages[a.in.Data.TargetID]
	if !ok || m.ID == "" {
		a.odd("a message's command without a message")
		return a.tell(ctx, a.say.oldButton)
	}
	if err := a.happened(ctx, ""); err != nil || a.e.Workspace == "" {
		return a.lost(ctx, err)
	}
	unfold(&m)
	s := chat.Shortcut{Name: shortcutOf(a.opts.Commands, a.in.Data.Name), Ref: a.refOf(m)}
	a.e.Thread = cmp.Or(a.e.Thread, s.Ref.Thread)
	s.Message = chat.Message{ID: m.ID, At: m.Timestamp.Time}
	if m.Author != nil {
		s.Message.Author = a.people.of(*m.Author, m.Member, a.e.Workspace, "")
	}
	s.Message.Text, s.Message.ToBot = inbound(m, a.self.id())
	for _, f := range m.Attachments {
		s.Message.Files = append(s.Message.Files, fileOf(f, a.in.ChannelID, m.ID))
	}
	a.e.Shortcut = &s
	said, err := a.ask(ctx)
	return a.show(ctx, said, err)
}

// component answers a pressed button, or a choice from a menu.
func (a *asked) component(ctx context.Context) answer {
	if nonce, page, err := a.values.page(pageMark, a.in.Data.CustomID); err == nil {
		return a.openPage(ctx, nonce, page)
	}
	l, err := a.carried(ctx, a.in.Data.CustomID)
	menu := a.in.Data.ComponentType != 0 && a.in.Data.ComponentType != int(discordgo.ButtonComponent)
	switch {
	case errors.Is(err, errForged) || err == nil && l.Menu != menu:
		a.odd("a component that is none of ours")
		return a.tell(ctx, a.say.oldButton)
	case errors.Is(err, errExpired):
		return a.tell(ctx, a.say.oldButton)
	case err != nil:
		return a.lost(ctx, err)
	case l.Guild != "" && a.in.GuildID != "" && l.Guild != a.in.GuildID:
		return a.tell(ctx, a.say.elsewhere)
	}
	if err := a.happened(ctx, l.Guild); err != nil || a.e.Workspace == "" {
		return a.lost(ctx, err)
	}
	c := chat.Click{Value: l.Value}
	if m := a.in.Message; m != nil && m.Flags&flagEphemeral == 0 && m.ID != "" {
		c.Message = a.refOf(*m)
		a.e.Thread = cmp.Or(a.e.Thread, c.Message.Thread)
	}
	pressed, shown := a.in.pressed()
	if l.Menu {
		if len(a.in.Data.Values) == 0 || shown && !offers(pressed, a.in.Data.Values) {
			a.odd("a choice that was not offered")
			return a.tell(ctx, a.say.oldButton)
		}
		c.Choice = a.in.Data.Values
	}
	a.replaces = l.Sure && a.in.replaceable()
	if l.Confirm {
		return a.confirm(ctx, l, pressed.Label)
	}
	a.e.Click = &c
	said, err := a.ask(ctx)
	return a.show(ctx, said, err)
}

// pressed is the component that was used, as the message shows it; not ok if it does not.
func (in wireInteraction) pressed() (wireComponent, bool) {
	if in.Message == nil {
		return wireComponent{}, false
	}
	found := map[string]wireComponent{}
	collect(in.Message.Components, found)
	c, ok := found[in.Data.CustomID]
	return c, ok
}

// offers says whether a menu has all the values.
func offers(menu wireComponent, values []string) bool {
	for _, v := range values {
		if !slices.ContainsFunc(menu.Options, func(o struct {
			Label string `json:"label"`
			Value string `json:"value"`
		}) bool {
			return o.Value == v
		}) {
			return false
		}
	}
	return true
}

// errSlow says that the bot did not answer in time.
var errSlow = errors.New("discord: the bot did not answer in time")

// grace is how long after its time is over the bot may still answer.
const grace = 200 * time.Millisecond

// ask has the bot answer within the time there is. What it did by then, or does after it, is not undone.
func (a *asked) ask(ctx context.Context) (chat.Reply, error) {
	type result struct {
		said chat.Reply
		err  error
	}
	got := make(chan result, 1)
	e := a.e
	a.later.Do(func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				a.log.Errorf("discord: an event broke the bot: %v\n%s", p, debug.Stack())
				r = result{err: fmt.Errorf("discord: the bot broke: %v", p)}
			}
			got <- r
		}()
		r.said, r.err = a.h(ctx, e)
	})
	var r result
	select {
	case r = <-got:
	case <-ctx.Done():
		select {
		case r = <-got:
		case <-time.After(min(grace, time.Until(a.by))):
			return chat.Reply{}, errSlow
		}
	}
	if r.err == nil && a.in.Type != completeInteraction {
		a.done.Add(a.in.ID, struct{}{})
	}
	return r.said, r.err
}
