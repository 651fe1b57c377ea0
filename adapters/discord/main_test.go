package discord_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks whether the tests left anything running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
