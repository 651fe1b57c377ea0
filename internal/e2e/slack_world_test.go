package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"balie/adapters/slack/slackfake"
)

// slackWorld is a world in which something happens that only Slack knows.
type slackWorld struct {
	*world
	slack *slackNetwork
	fake  *slackfake.Server
}

// onSlack lives a story over HTTP and over sockets.
func onSlack(t *testing.T, story func(t *testing.T, w *slackWorld)) {
	onSlackWith(t, slackfake.Options{}, nil, story)
}

// onSlackWith is onSlack on a network that was changed before the program starts, unless change is nil.
func onSlackWith(t *testing.T, o slackfake.Options, change func(*slackNetwork), story func(t *testing.T, w *slackWorld)) {
	for _, by := range transports {
		t.Run(string(by), func(t *testing.T) { story(t, onSlackBy(t, by, o, change)) })
	}
}

// onSlackBy is a world on a workspace of its own.
func onSlackBy(t *testing.T, by transport, o slackfake.Options, change func(*slackNetwork)) *slackWorld {
	t.Helper()
	n := newSlack(t, by, o)
	if change != nil {
		change(n)
	}
	return &slackWorld{world: start(t, embedded(t), n), slack: n, fake: n.fake}
}

// raw is the message as Slack has it.
func (w *slackWorld) raw(m message) slackfake.Message { return m.raw.(slackPart).msg }

// looksAt is the form that the person looks at now.
func (w *slackWorld) looksAt(p person) *form {
	w.Helper()
	v := w.slack.team.As(p.id).View()
	if v == nil {
		w.Fatalf("%s has no form open", p.id)
	}
	return w.slack.form(v)
}

// offers are the values that a question offers to whoever types the text.
func (w *slackWorld) offers(p person, f *form, field, typed string) (values []string) {
	w.Helper()
	options, err := w.slack.offers(w.Context(), p.id, f, field, typed)
	if err != nil {
		w.Fatal(err)
	}
	for _, o := range options {
		values = append(values, o.Value)
	}
	return values
}

// ids are the form's fields.
func ids(f *form) (all []string) {
	for _, field := range f.Fields {
		all = append(all, field.ID)
	}
	return all
}

// offered waits for the offer of a ticket that only the person sees.
func (w *slackWorld) offered(p person, a answer) (offer message) {
	w.Helper()
	const text = "Shall I make a ticket of this?"
	if m, ok := a.reads(text); ok {
		return m
	}
	w.eventually(func() error {
		for _, m := range slices.Backward(w.slack.team.As(p.id).Visible()) {
			if offer = w.slack.message(p.id, whole(m)); strings.Contains(offer.Text, text) && !w.seen[offer.ID] {
				w.seen[offer.ID] = true
				return nil
			}
		}
		return fmt.Errorf("%s is offered nothing", p.id)
	})
	return offer
}

// known waits until the bot knows how somebody is called: where it can't look that up at once, it goes on without.
func (w *slackWorld) known(p person, name string) {
	w.Helper()
	carla := w.as("carla")
	key, _ := p.opens("Do you know me?")
	w.eventually(func() error {
		p.types("general", "/ticket mine")
		_, err := carla.reading(carla.types("general", "/ticket show "+key), "by "+name)
		return err
	})
}

// visits opens the app's home.
func (w *slackWorld) visits(p person) {
	w.Helper()
	if _, a, err := w.slack.team.As(p.id).Home(w.Context()); err != nil || a.Refused != "" {
		w.Fatalf("%s at home: %+v, %v", p.id, a, err)
	}
	w.eventually(func() error {
		if w.home(p) == "" {
			return fmt.Errorf("%s has an empty home", p.id)
		}
		return nil
	})
}

// home is what the person's home says, with the labels of its buttons.
func (w *slackWorld) home(p person) string {
	v := w.slack.team.As(p.id).HomeView()
	if v == nil {
		return ""
	}
	var lines []string
	for _, b := range blocksOf(v.Blocks) {
		lines = append(lines, w.slack.text([]slackBlock{b}))
		for _, b := range buttonsIn([]slackBlock{b}) {
			lines = append(lines, "["+b.Label+"]")
		}
	}
	return strings.Join(lines, "\n")
}

// atHome waits until the person's home has all the parts.
func (w *slackWorld) atHome(p person, parts ...string) {
	w.Helper()
	w.hurried(func() error {
		if home := w.home(p); !contains(home, parts) {
			return fmt.Errorf("%s has nothing with %q at home, but: %s", p.id, parts, home)
		}
		return nil
	})
}

// pressesAtHome presses the button with the label that comes first after the text.
func (w *slackWorld) pressesAtHome(p person, label, after string) answer {
	w.Helper()
	return p.must(w.slack.clickHome(w.Context(), p.id, label, after))
}

// clickHome presses the button with the label that comes first after the text in the person's home.
func (n *slackNetwork) clickHome(ctx context.Context, as, label, after string) (answer, error) {
	u := n.team.As(as)
	v := u.HomeView()
	if v == nil {
		return answer{}, fmt.Errorf("%s has no home", as)
	}
	found, before := after == "", 0
	for _, b := range blocksOf(v.Blocks) {
		found = found || strings.Contains(n.text([]slackBlock{b}), after)
		for _, have := range buttonsIn([]slackBlock{b}) {
			if have.Label == label && found {
				return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) { return u.ClickHome(ctx, label, before, "") })
			}
			if have.Label == label {
				before++
			}
		}
	}
	return answer{}, fmt.Errorf("there is no %s after %q at %s's home", label, after, as)
}

// buttonOf is what Slack tells of a pressed button.
func (w *slackWorld) buttonOf(m message, label string) map[string]any {
	w.Helper()
	what, ok := pressable(m.raw.(slackPart).blocks(), label, "")
	if !ok {
		w.Fatalf("there is no %s on %q", label, m.Text)
	}
	return map[string]any{"type": "button", "action_id": what.id, "block_id": what.block, "value": what.value,
		"text": map[string]any{"type": "plain_text", "text": label}, "action_ts": "1712345678.000100"}
}

// expects waits for messages of the bot's that are of no interest by themselves.
func (w *slackWorld) expects(p person, channel, thread string, texts ...string) {
	w.Helper()
	for _, text := range texts {
		p.find(channel, thread, []string{text}, any1)
	}
}

// hears waits until Slack can reach the program.
func (w *slackWorld) hears() {
	w.Helper()
	w.eventually(func() error {
		if w.slack.by == overSocket && w.fake.Sockets() == 0 {
			return errors.New("no socket is open")
		}
		return nil
	})
}
