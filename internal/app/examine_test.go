package app

import (
	"strings"
	"testing"

	"balie/internal/config"
)

// The key for other workspaces' tokens has to be elsewhere than they are.
func TestTheDoctorLooksAtTheSecret(t *testing.T) {
	alone := config.Config{}
	several := config.Config{Slack: config.Slack{ClientID: "1.2"}}
	guarded := several
	guarded.Secret = config.NewSecret(strings.Repeat("s", 32))
	for _, c := range []struct {
		config config.Config
		fine   bool
	}{{alone, true}, {several, false}, {guarded, true}} {
		if f := examineSecret(c.config); (f.Problem == "") != c.fine || (f.Fine != "") != c.fine {
			t.Errorf("%+v", f)
		}
	}
}
