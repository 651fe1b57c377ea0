// Package e2e tests the whole program: through its chat, on every network and both engines, with a clock that the test
// moves, and killed at random moments.
package e2e

import (
	"testing"

	"balie/adapters/discord/discordfake"
	"balie/adapters/mattermost/mattermostfake"
	"balie/adapters/mattermost/mattermosttest"
	"balie/adapters/slack/slackfake"
	"balie/internal/config"
	"balie/internal/store/mongo/mongotest"
)

// each runs a story on every network, and on both engines.
func each(t *testing.T, story func(t *testing.T, w *world)) {
	t.Run("playground", func(t *testing.T) {
		t.Run("sqlite", func(t *testing.T) { story(t, start(t, embedded(t), &playgroundNetwork{})) })
		t.Run("mongodb", func(t *testing.T) {
			story(t, start(t, onMongo(t), &playgroundNetwork{}))
		})
	})
	t.Run("slack", func(t *testing.T) {
		for _, by := range transports {
			t.Run(string(by), func(t *testing.T) { story(t, start(t, embedded(t), newSlack(t, by, slackfake.Options{}))) })
		}
	})
	t.Run("discord", func(t *testing.T) {
		for _, by := range discordTransports {
			t.Run(string(by), func(t *testing.T) { story(t, start(t, embedded(t), newDiscord(t, by, discordfake.Options{}))) })
		}
	})
	t.Run("mattermost", func(t *testing.T) {
		t.Run("fake", func(t *testing.T) {
			_, site := fakeMattermost(t, mattermostfake.Options{})
			story(t, start(t, embedded(t), newMattermost(t, site)))
		})
		t.Run("real", func(t *testing.T) { story(t, start(t, embedded(t), newMattermost(t, mattermosttest.Real(t)))) })
	})
}

// embedded is a program of its own on the embedded store.
func embedded(t *testing.T) config.Config {
	return config.Config{Addr: "127.0.0.1:0", URL: "http://127.0.0.1:0", DataDir: t.TempDir()}
}

// onMongo is a program of its own on a database of its own.
func onMongo(t *testing.T) config.Config {
	t.Helper()
	uri, cfg := mongotest.URI(t), embedded(t)
	cfg.Mongo = config.Mongo{URI: config.NewSecret(uri), Database: mongotest.Database(t, uri)}
	return cfg
}

// fakeMattermost is a Mattermost server in the process.
func fakeMattermost(t *testing.T, o mattermostfake.Options) (*mattermostfake.Server, *mattermosttest.Site) {
	t.Helper()
	server := mattermostfake.New(t, o)
	site, err := mattermosttest.At(t.Context(), server.URL, mattermostfake.AdminName, mattermostfake.AdminPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.Close)
	return server, site
}
