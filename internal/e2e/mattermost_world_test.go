package e2e

import (
	"context"
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

// has has an admin's client do something to a channel or an account of the town.
func (w *mattermostWorld) has(do func(ctx context.Context, c *model.Client4) error) {
	w.Helper()
	w.done(do(w.Context(), w.admin()))
}
