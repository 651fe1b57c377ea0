package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// The kinds of answers to an interaction.
// https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object
const (
	answerPong            = 1
	answerMessage         = 4
	answerDeferredMessage = 5
	answerDeferredUpdate  = 6
	answerUpdate          = 7
	answerChoices         = 8
	answerModal           = 9
)

// answer is the first answer to an interaction: the only one that Discord waits for.
type answer struct {
	Type int `json:"type"`
	Data any `json:"data,omitempty"`
}

// choices are what somebody who types is offered.
type choices struct {
	Choices []choice `json:"choices"`
}

type choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// choicesOf are the options as Discord takes them. What is too long to come back whole is left out.
func choicesOf(options []chat.Option) choices {
	out := choices{Choices: []choice{}}
	for _, o := range options {
		if o.Value == "" || len(o.Value) > optionMax || len(out.Choices) == optionsMax {
			continue
		}
		out.Choices = append(out.Choices, choice{Name: cmp.Or(oneLine(o.Label, optionMax), oneLine(o.Value, optionMax)), Value: o.Value})
	}
	return out
}

// saveWithin is how long an answer waits for the memory after the bot has answered.
const saveWithin = 400 * time.Millisecond

// shortly gives the memory a little time, even if the bot has used up its own, but no more than Discord waits.
func (a *asked) shortly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), min(saveWithin, time.Until(a.by)))
}

// broken is the answer after what should never happen.
func (a *asked) broken() answer {
	if a.in.Type == completeInteraction {
		return answer{Type: answerChoices, Data: choicesOf(nil)}
	}
	return answer{Type: answerMessage, Data: a.aimed(outgoing{Content: a.say.slow}).payload()}
}

// show is the answer that the bot gave: a form, a message for the person alone, or one for everybody.
func (a *asked) show(ctx context.Context, said chat.Reply, failed error) answer {
	if failed != nil {
		return a.tell(ctx, cmp.Or(said.Text, a.say.slow))
	}
	private := said.Text != "" || len(said.Posts) > 0 || len(said.Buttons) > 0
	if said.Public != nil {
		if !private && said.Form == nil {
			if out, ok := a.toAll(ctx, *said.Public); ok {
				return out
			}
		}
		public := *said.Public
		a.after = append(a.after, func(ctx context.Context) { a.announce(ctx, public) })
	}
	if said.Form != nil {
		out := a.open(ctx, *said.Form)
		if private && out.Type == answerModal {
			b := a.bag(a.e.Workspace)
			more := renderReply(said, b)
			a.keep(ctx, b)
			a.follow(more)
		}
		return out
	}
	if private {
		b := a.bag(a.e.Workspace)
		return a.shown(ctx, renderReply(said, b), b)
	}
	return a.nothing(ctx)
}

// tell is a text for the person alone.
func (a *asked) tell(ctx context.Context, text string) answer {
	b := a.bag(a.e.Workspace)
	return a.shown(ctx, renderReply(chat.Reply{Text: text}, b), b)
}

// lost is the answer where something could not be looked up, or where nobody knows which guild it is about.
func (a *asked) lost(ctx context.Context, err error) answer {
	if err == nil {
		return a.tell(ctx, a.say.notHere)
	}
	a.log.WithError(err).Warn("discord: what an interaction needs could not be looked up")
	return a.tell(ctx, a.say.slow)
}

// prompt is a text for the person alone, with buttons of the adapter's own.
func (a *asked) prompt(ctx context.Context, text string, b *bag, buttons ...discordgo.MessageComponent) answer {
	out := renderReply(chat.Reply{Text: text}, b)
	if len(out) > 0 {
		last := &out[len(out)-1]
		last.Components = append(last.Components, discordgo.ActionsRow{Components: buttons})
	}
	return a.shown(ctx, out, b)
}

// confirm asks a question before a button does what it does. Discord has no such thing of its own.
func (a *asked) confirm(ctx context.Context, l load, label string) answer {
	label = cmp.Or(oneLine(label, buttonMax), l.Verb)
	l.Confirm, l.Sure, l.N = false, true, 0
	b := a.bag(a.e.Workspace)
	return a.prompt(ctx, fmt.Sprintf(a.say.really, markless(label)), b, discordgo.Button{Label: label, Style: discordgo.DangerButton, CustomID: b.put(l)})
}

// keep writes what the components carry. They work for a while without.
func (a *asked) keep(ctx context.Context, b *bag) {
	ctx, cancel := a.shortly(ctx)
	defer cancel()
	if err := b.keep(ctx); err != nil {
		a.log.WithError(err).Warn("discord: some buttons will not work after a restart")
	}
}

// shown is the first of some messages for the person alone. The others follow it.
func (a *asked) shown(ctx context.Context, out []outgoing, b *bag) answer {
	a.keep(ctx, b)
	if len(out) == 0 {
		return a.nothing(ctx)
	}
	a.follow(out[1:])
	first := a.aimed(out[0])
	if a.replaces && first.Flags&flagComponents == 0 {
		first.Flags &^= flagEphemeral
		return answer{Type: answerUpdate, Data: first.payload()}
	}
	return answer{Type: answerMessage, Data: first.payload()}
}

// aimed is a private message as it is seen here: in a direct conversation everything is, and stays.
func (a *asked) aimed(o outgoing) outgoing {
	if a.in.GuildID == "" {
		o.Flags &^= flagEphemeral
	} else {
		o.Flags |= flagEphemeral
	}
	return o
}

// replaceable says whether an answer may take the place of the message that the interaction came from: one that only the
// person sees, or a question of the adapter's own. What has the newer components can't become a message without.
func (in wireInteraction) replaceable() bool {
	m := in.Message
	if m == nil || m.Flags&flagComponents != 0 {
		return false
	}
	if m.Flags&flagEphemeral != 0 {
		return true
	}
	found := map[string]wireComponent{}
	collect(m.Components, found)
	for id := range found {
		if len(id) > len(pageMark) && id[:len(pageMark)] == pageMark {
			return true
		}
	}
	return false
}

// nothing is the answer that says as little as Discord allows.
func (a *asked) nothing(ctx context.Context) answer {
	if a.in.Message != nil && !a.replaces && (a.in.Type == componentInteraction || a.in.Type == formInteraction) {
		return answer{Type: answerDeferredUpdate}
	}
	b := a.bag(a.e.Workspace)
	out := renderReply(chat.Reply{Text: a.say.done}, b)
	if len(out) == 0 {
		return answer{Type: answerDeferredUpdate}
	}
	return a.shown(ctx, out, b)
}

// toAll is a message for everybody as the answer itself; not ok where it has to be posted instead: with files, or where the
// same may be told twice.
func (a *asked) toAll(ctx context.Context, p chat.Post) (answer, bool) {
	if len(p.Files) > 0 || a.in.Type == formInteraction {
		return answer{}, false
	}
	b := a.bag(a.e.Workspace)
	out := render(p, b)
	if len(out.Attach) > 0 {
		return answer{}, false
	}
	a.keep(ctx, b)
	out.Flags &^= flagEphemeral
	return answer{Type: answerMessage, Data: out.payload()}, true
}

// announce posts for everybody where it happened.
func (a *asked) announce(ctx context.Context, p chat.Post) {
	p.To = chat.Place{Platform: Name, Workspace: a.e.Workspace, Channel: a.e.Channel, Thread: a.e.Thread}
	if _, err := a.Send(ctx, p); err != nil {
		a.log.WithError(err).Warn("discord: what was to be said to everybody could not be posted")
		b := a.bag(a.e.Workspace)
		for _, o := range renderReply(chat.Reply{Text: a.say.noPost}, b) {
			a.sayMore(ctx, a.aimed(o))
		}
	}
}

// follow says more once Discord has the first answer.
func (a *asked) follow(more []outgoing) {
	for _, o := range more {
		a.after = append(a.after, func(ctx context.Context) { a.sayMore(ctx, a.aimed(o)) })
	}
}

// What follows an answer is tried so often, since the answer may not have arrived yet.
const (
	followTries = 5
	followWait  = 200 * time.Millisecond
)

// sayMore posts one more message as an answer.
// https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
func (a *asked) sayMore(ctx context.Context, o outgoing) {
	path := "/webhooks/" + url.PathEscape(cmp.Or(a.in.Application, a.self.application())) + "/" + url.PathEscape(a.in.Token)
	wait := followWait
	for try := 1; ; try++ {
		err := a.api.respond(ctx, "say more in an answer", http.MethodPost, path, o.payload())
		if err == nil {
			return
		}
		sent, ok := errors.AsType[*chat.SendError](err)
		_, limited := errors.AsType[*discordgo.RateLimitError](err)
		// What may have come through is not said twice: Discord has no nonce for it.
		again := ok && (sent.Gone || limited) && try < followTries
		if !again {
			a.log.WithError(err).Warn("discord: a part of an answer could not be shown")
			return
		}
		if limited {
			wait = max(wait, sent.Retry)
		}
		select {
		case <-ctx.Done():
			a.log.WithError(err).Warn("discord: a part of an answer could not be shown")
			return
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// afterFor is how long what follows an answer may take.
const afterFor = time.Minute

// goOn does what follows an answer, in its order. What breaks of it stops nothing else.
func (d *Discord) goOn(ctx context.Context, after []func(context.Context)) {
	if len(after) == 0 {
		return
	}
	ctx, cancel := d.detached(ctx, afterFor)
	d.later.Do(func() {
		defer cancel()
		for _, do := range after {
			d.unbroken(ctx, do)
		}
	})
}

// unbroken does something of which nothing can stop the bot.
func (d *Discord) unbroken(ctx context.Context, do func(context.Context)) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Errorf("discord: what follows an answer broke: %v\n%s", p, debug.Stack())
		}
	}()
	do(ctx)
}

// interact answers an interaction that the gateway brought.
func (d *Discord) interact(ctx context.Context, h chat.Handler, raw json.RawMessage) {
	began := time.Now()
	ctx, waitedFor := upstream.Counting(ctx)
	in, err := readInteraction(raw)
	if err != nil || !in.sensible() {
		if d.once.First("garbled interaction") {
			d.log.Warn("discord: an interaction that makes no sense was ignored")
		}
		if in.ID != "" && in.Token != "" { // the person need not wait for it
			d.respondTo(ctx, in, answer{Type: answerDeferredUpdate})
		}
		return
	}
	if d.done.Contains(in.ID) { // told again after the connection was lost
		return
	}
	out, kind, after := d.answering(ctx, h, in)
	if d.respondTo(ctx, in, out) {
		d.answered(kind, time.Since(began), waitedFor.Total())
	}
	d.goOn(ctx, after)
}

// turnAway answers an interaction that there is no room for.
func (d *Discord) turnAway(ctx context.Context, raw json.RawMessage) {
	in, err := readInteraction(raw)
	if err != nil || !in.sensible() {
		return
	}
	a := &asked{Discord: d, in: in, say: words(in.Locale)}
	d.respondTo(ctx, in, a.broken())
}

// respondTo gives the first answer over the API. It counts once however often it is sent.
func (d *Discord) respondTo(ctx context.Context, in wireInteraction, out answer) bool {
	path := "/interactions/" + url.PathEscape(in.ID) + "/" + url.PathEscape(in.Token) + "/callback"
	err := d.api.respond(ctx, "answer an interaction", http.MethodPost, path, out)
	if sent, ok := errors.AsType[*chat.SendError](err); ok && sent.Retry > 0 {
		err = d.api.respond(ctx, "answer an interaction", http.MethodPost, path, out)
		if codeOf(err) == codeAnswered { // the first one came through after all
			err = nil
		}
	}
	switch {
	case err == nil:
		return true
	case codeOf(err) == codeAnswered:
		d.log.WithError(err).Debug("discord: an interaction was answered already")
	default:
		d.log.WithError(err).Warn("discord: an answer could not be shown")
	}
	return false
}

func (d *Discord) answered(kind string, took, waited time.Duration) {
	if d.opts.Answered != nil && kind != "" {
		d.opts.Answered(kind, took, waited)
	}
}
