// Package e2e tests the whole program: through its chat, on both engines, with a clock that the test moves, and killed at
// random moments.
package e2e

import (
	"testing"

	"balie/internal/config"
	"balie/internal/store/mongo/mongotest"
)

// each runs a story on both engines.
func each(t *testing.T, story func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		story(t, start(t, config.Config{Addr: "127.0.0.1:0", URL: "http://127.0.0.1:0", DataDir: t.TempDir()}))
	})
	t.Run("mongodb", func(t *testing.T) {
		uri := mongotest.URI(t)
		story(t, start(t, config.Config{Addr: "127.0.0.1:0", URL: "http://127.0.0.1:0", DataDir: t.TempDir(),
			Mongo: config.Mongo{URI: config.NewSecret(uri), Database: mongotest.Database(t, uri)}}))
	})
}
