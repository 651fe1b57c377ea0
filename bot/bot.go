// Package bot is the conversation: what a person typed or clicked becomes an action on a ticket, and what changed becomes
// cards, posts and forms. It knows no platform; one file holds one verb.
package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sirupsen/logrus"

	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/i18n"
	"balie/internal/store"
	"balie/internal/ticket"
)

// Options are what a Bot is made of.
type Options struct {
	Desk      *desk.Desk
	Platforms []chat.Platform
	Log       logrus.FieldLogger
	Now       func() time.Time
	Pace      Pace
}

// Bot holds the conversation on all platforms.
type Bot struct {
	desk      *desk.Desk
	policy    *ticket.Policy
	platforms map[string]chat.Platform
	log       logrus.FieldLogger
	now       func() time.Time
	pace      Pace
	deliverer *deliverer
	homes     map[string]*homes // by platform

	bystanders *lru.Cache[string, struct{}]  // who was told that a ticket is somebody else's, by ticket and person
	asked      *lru.Cache[string, time.Time] // when it was first asked whose thread an event is in that is told again, by event
	workspaces workspaces

	rosterless map[string]string // why a team's agents can't be looked up; only for who learns them, one at a time
}

// New makes a bot and has the desk tell it of changes.
func New(o Options) *Bot {
	b := &Bot{desk: o.Desk, policy: o.Desk.Policy, platforms: map[string]chat.Platform{}, log: o.Log, now: o.Now,
		pace: o.Pace.orDefaults(), rosterless: map[string]string{}}
	const remembered = 10_000
	var err error
	if b.bystanders, err = lru.New[string, struct{}](remembered); err != nil {
		panic(err) // a size above 0
	}
	if b.asked, err = lru.New[string, time.Time](remembered); err != nil {
		panic(err) // a size above 0
	}
	for _, p := range o.Platforms {
		b.platforms[p.Name()] = p
	}
	b.deliverer = newDeliverer(b)
	o.Desk.Changed = b.deliverer.nudge
	if b.homes = newHomes(b); len(b.homes) > 0 {
		o.Desk.Watch = b.watch
	}
	return b
}

// turn is one event being answered: who did what, and the voice to answer them in.
type turn struct {
	*Bot
	e    chat.Event
	who  store.Person
	by   ticket.Actor
	say  i18n.Voice
	caps chat.Caps
}

// verb is what one verb does when its button is pressed and when its form is sent. Either may be missing.
type verb struct {
	click  func(*turn, context.Context, chat.Click) (chat.Reply, error)
	submit func(*turn, context.Context, chat.Submit) (chat.Reply, error)
}

// The verbs that buttons and forms carry.
const (
	verbOpen     = "open"
	verbClaim    = "claim"
	verbReply    = "reply"
	verbAsk      = "ask"
	verbNote     = "note"
	verbAdd      = "add"
	verbAssign   = "assign"
	verbPriority = "priority"
	verbStatus   = "status"
	verbFollow   = "follow"
	verbUnfollow = "unfollow"
	verbShare    = "share"
	verbResolve  = "resolve"
	verbReopen   = "reopen"
	verbClose    = "close"
	verbShow     = "show"
	verbMore     = "more"
	verbList     = "list"
	verbPick     = "pick"
	verbHome     = "home"
)

var verbs map[string]verb

func init() { // a variable's initialiser would refer to itself through more
	verbs = map[string]verb{
		verbOpen:     {click: (*turn).openClick, submit: (*turn).openSubmit},
		verbClaim:    {click: (*turn).claim},
		verbReply:    {click: (*turn).replyForm, submit: (*turn).reply},
		verbAsk:      {click: (*turn).replyForm, submit: (*turn).reply},
		verbNote:     {click: (*turn).replyForm, submit: (*turn).reply},
		verbAdd:      {click: (*turn).addForm, submit: (*turn).add},
		verbResolve:  {click: (*turn).replyForm, submit: (*turn).reply},
		verbAssign:   {click: (*turn).assignForm, submit: (*turn).assign},
		verbPriority: {click: (*turn).priorityForm, submit: (*turn).priority},
		verbStatus:   {click: (*turn).statusForm, submit: (*turn).status},
		verbFollow:   {click: (*turn).followForm, submit: (*turn).follow},
		verbUnfollow: {click: (*turn).unfollow},
		verbShare:    {click: (*turn).share},
		verbReopen:   {click: (*turn).reopen},
		verbClose:    {click: (*turn).closeForm, submit: (*turn).close},
		verbShow:     {click: (*turn).showClick},
		verbMore:     {click: (*turn).more},
		verbList:     {click: (*turn).listClick},
		verbPick:     {click: (*turn).pick},
		verbHome:     {click: (*turn).homeClick},
	}
}

// Handle answers one event; it is every platform's chat.Handler. It touches nothing but the store.
func (b *Bot) Handle(ctx context.Context, e chat.Event) (chat.Reply, error) {
	if e.Submit != nil {
		s := *e.Submit
		s.Values = chat.Gather(s.Values)
		e.Submit = &s
	}
	b.openEarly(e)
	if e.Describe != nil {
		e.Person = e.Describe(ctx)
	}
	if e.Home || e.HomeOpened != nil {
		defer b.homes[e.Platform].begin(e.Identity())()
	}
	t, err := b.turn(ctx, e)
	var r chat.Reply
	if err == nil {
		r, err = t.route(ctx)
	}
	if r.Form != nil {
		f := chat.Fit(*r.Form, t.caps)
		r.Form = &f
	}
	r, err = t.answer(ctx, r, err)
	return t.withHome(ctx, r, err)
}

// stranger is a turn before the person was looked up.
func (b *Bot) stranger(e chat.Event) *turn {
	t := &turn{Bot: b, e: e, say: i18n.In(b.policy.Language(e.Person.Locale))}
	if p, ok := b.platforms[e.Platform]; ok {
		t.caps = p.Caps()
	}
	return t
}

func (b *Bot) turn(ctx context.Context, e chat.Event) (*turn, error) {
	t := b.stranger(e)
	var who store.Person
	if e.Person.ID != "" || e.Message == nil || !e.Message.Deleted { // not every platform tells who took a message away
		var err error
		if who, err = b.desk.Identify(ctx, e.Identity(), e.Person); err != nil {
			return t, err
		}
	}
	t.who = who
	t.say = i18n.In(b.policy.Language(who.Locale))
	t.by = ticket.Actor{Person: who.ID, Teams: b.desk.TeamsOf(who)}
	if e.ID != "" {
		t.by.Event = e.Platform + "|" + e.Workspace + "|" + e.ID
	}
	return t, nil
}

func (t *turn) route(ctx context.Context) (chat.Reply, error) {
	e := t.e
	switch {
	case e.Command != nil:
		return t.command(ctx, *e.Command)
	case e.Click != nil:
		if v, ok := verbs[e.Click.Value.Verb]; ok && v.click != nil {
			return v.click(t, ctx, *e.Click)
		}
		return chat.Reply{Text: t.say.Say("old_button")}, nil
	case e.Submit != nil:
		if v, ok := verbs[e.Submit.Form.Verb]; ok && v.submit != nil {
			if e.Submit.Form.Verb != verbOpen && (e.Submit.Closed || e.Submit.Changed != "") {
				return chat.Reply{}, nil
			}
			return v.submit(t, ctx, *e.Submit)
		}
		return chat.Reply{Text: t.say.Say("old_button")}, nil
	case e.Message != nil:
		return t.message(ctx, *e.Message)
	case e.Reaction != nil:
		return t.reaction(ctx, *e.Reaction)
	case e.Shortcut != nil:
		return t.shortcut(ctx, *e.Shortcut)
	case e.Query != nil:
		return t.query(ctx, *e.Query)
	case e.HomeOpened != nil:
		return t.homeOpened(ctx)
	}
	return chat.Reply{}, nil
}

// answer turns what went wrong into what the person reads. Only errors that are nobody's fault are logged, under a
// reference that the person sees too.
func (t *turn) answer(ctx context.Context, r chat.Reply, err error) (chat.Reply, error) {
	if err == nil {
		return r, nil
	}
	var one *ticket.Problem
	var more ticket.Problems
	switch {
	case errors.As(err, &more):
	case errors.As(err, &one):
		more = ticket.Problems{one}
	default:
		ref := strings.ToLower(rand.Text()[:8])
		log := t.log.WithFields(logrus.Fields{"ref": ref, "platform": t.e.Platform, "event": t.e.ID}).WithError(err)
		if errors.Is(err, errUnsettled) || errors.Is(err, context.Canceled) { // or we are told to stop
			log.Warn("an event has to be told again")
		} else {
			log.Error("an event could not be handled")
		}
		text := t.say.Say("internal", "ref", ref)
		if t.e.Submit != nil {
			return chat.Reply{Text: text, Errors: map[string]string{"": text}}, err
		}
		return chat.Reply{Text: text}, err
	}
	if t.e.Submit == nil {
		return chat.Reply{Text: t.problem(ctx, more[0]), Buttons: r.Buttons}, nil
	}
	wrong := map[string]string{}
	for _, p := range more {
		wrong[p.Field] = t.problem(ctx, p)
	}
	return chat.Reply{Errors: wrong}, nil
}

// problem is what a person reads of a problem.
func (t *turn) problem(ctx context.Context, p *ticket.Problem) string {
	if p.Code == ticket.NotFound && t.e.Click != nil && t.inRequests() { // they are looking at it
		return t.say.Say("problem_not_yours")
	}
	var args []any
	for k, v := range p.Args {
		if k == "person" {
			v = t.name(ctx, v)
		}
		args = append(args, k, v)
	}
	return t.say.Say("problem_"+string(p.Code), args...)
}

// name is how a person is called in a text, safe for Markdown.
func (b *Bot) name(ctx context.Context, id string) string {
	if id == "" {
		return "Balie"
	}
	p, err := b.desk.Person(ctx, id)
	if err != nil {
		b.log.WithError(err).WithField("person", id).Warn("a name could not be looked up")
		return id
	}
	return escape(p.Name)
}

// escape makes plain text safe inside Markdown: it reads as it is and forms nothing.
func escape(s string) string { return markdown.Replace(s) }

var markdown = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`", "[", `\[`, "]", `\]`,
	"<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`)
