package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermostfake"
	"balie/adapters/mattermost/mattermosttest"
)

// mattermostWorld is a world in which something happens that only Mattermost knows.
type mattermostWorld struct {
	*world
	town *mattermosttest.Town
	mm   *mattermostNetwork
	fake *mattermostfake.Server // nil on a real server
}

// onMattermost lives a story on the fake and on a real server.
func onMattermost(t *testing.T, story func(t *testing.T, w *mattermostWorld)) {
	t.Run("fake", func(t *testing.T) { story(t, onFake(t, mattermostfake.Options{})) })
	t.Run("real", func(t *testing.T) { story(t, inTown(t, mattermosttest.Real(t), nil)) })
}

// onFake is a world on a fake server of its own.
func onFake(t *testing.T, o mattermostfake.Options) *mattermostWorld {
	t.Helper()
	fake, site := fakeMattermost(t, o)
	return inTown(t, site, fake)
}

func inTown(t *testing.T, site *mattermosttest.Site, fake *mattermostfake.Server) *mattermostWorld {
	t.Helper()
	mm := newMattermost(t, site)
	return &mattermostWorld{world: start(t, embedded(t), mm), town: mm.town, mm: mm, fake: fake}
}

// admin is an admin's client.
func (w *mattermostWorld) admin() *model.Client4 { return w.town.Admin }

// done fails the test if what an admin did went wrong.
func (w *mattermostWorld) done(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("the admin: %v", err)
	}
}

// channel is a channel's id, and for direct that of the person's.
func (w *mattermostWorld) channel(as, name string) string {
	w.Helper()
	id, err := w.mm.channel(w.Context(), as, name)
	w.done(err)
	return id
}

// warns waits, while time passes, until admins have read a warning with the parts, and fails if it was not exactly one.
func (w *world) warns(parts ...string) {
	w.Helper()
	w.hurry = true
	defer func() { w.hurry = false }()
	w.eventually(func() error {
		if len(w.log.warned(parts...)) == 0 {
			return fmt.Errorf("nobody is warned of %q", parts)
		}
		return nil
	})
	w.warnedOnce(parts...)
}

// warnedOnce fails the test unless admins have read one warning with the parts.
func (w *world) warnedOnce(parts ...string) {
	w.Helper()
	if lines := w.log.warned(parts...); len(lines) != 1 {
		w.Errorf("%q is said %d times:\n%s", parts, len(lines), strings.Join(lines, ""))
	}
}

// inOrder says that each text stands in the thread once, in that order.
func (p person) inOrder(channel, thread string, texts ...string) {
	p.Helper()
	var found []string
	for _, m := range p.lists(channel, thread) {
		if thread == "" && m.Thread != "" {
			continue
		}
		for _, text := range texts {
			for range strings.Count(m.Text, text) {
				found = append(found, text)
			}
		}
	}
	if !slices.Equal(found, texts) {
		p.Errorf("%s reads %q in %s (thread %q), not %q", p.id, found, channel, thread, texts)
	}
}

// ticket makes a simple ticket and gives its number, without waiting for the team's card.
func (p person) ticket(summary string) (key string) {
	p.Helper()
	f := p.types("general", "/ticket "+summary).Form
	m := p.reads(p.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-")
	i := strings.Index(m.Text, "HD-")
	return m.Text[i : i+len("HD-00000")]
}

// has has an admin's client do something to a channel or an account of the town.
func (w *mattermostWorld) has(do func(ctx context.Context, c *model.Client4) error) {
	w.Helper()
	w.done(do(w.Context(), w.admin()))
}

// times is an error unless there are so many lines.
func times(n int, lines []string) error {
	if len(lines) != n {
		return fmt.Errorf("%d lines, not %d: %q", len(lines), n, lines)
	}
	return nil
}

// mine is the first post of a ticket's conversation with its requester.
func (w *world) mine(p person, key string) message {
	w.Helper()
	return p.find(direct, "", []string{key + " · "}, func(message) bool { return true })
}

// neverReads is neverSees without the text in the message.
func (w *world) neverReads(p person, secret string) {
	w.Helper()
	for _, m := range p.sights() {
		if strings.Contains(m.Text, secret) {
			w.Errorf("%s can read what they should not in %s", p.id, m.Channel)
		}
	}
}

// reading is reads for what may come true later.
func (p person) reading(a answer, parts ...string) (message, error) {
	m, ok := a.reads(parts...)
	if !ok {
		return m, fmt.Errorf("%s reads %+v, nothing with %q", p.id, a.Private, parts)
	}
	return m, nil
}
