package discord

import (
	"net/http"
	"strings"
	"testing"

	"balie/internal/chat"
)

// TestExpiredTokens: what an interaction's token can't be used for any more, since its time is over, is done once, is
// not tried over and over, and is told for what it is.
// https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
func TestExpiredTokens(t *testing.T) {
	for name, c := range map[string]struct {
		part         string // of the call's path
		status, code int
	}{
		"of the first answer": {"/callback", http.StatusNotFound, codeUnknownInteraction},
		"of what follows":     {"/webhooks/", http.StatusUnauthorized, codeExpired},
	} {
		t.Run(name, func(t *testing.T) {
			s := setStage(t)
			s.Says(chat.Reply{Text: strings.Repeat("a long answer ", 300)}, nil) // more than one message
			s.refuses(func(call apiCall) (int, int) {
				if strings.Contains(call.path, c.part) {
					return c.status, c.code
				}
				return 0, 0
			})
			in := s.click(s.d.bag(aGuild).id(chat.Value{Verb: "claim"}, false))
			s.d.interact(t.Context(), s.Handle, encode(in))
			s.d.interact(t.Context(), s.Handle, encode(in)) // Discord tells it again after a lost connection
			s.d.later.Wait()
			if n := len(s.called("/callback")); n != 1 || len(s.Told()) != 1 {
				t.Errorf("answered %d times, done %d times", n, len(s.Told()))
			}
			refused := s.called(c.part)
			if len(refused) == 0 || c.code == codeExpired && len(refused) != 2 {
				t.Errorf("%d calls with the token", len(refused))
			}
			log := s.log.String()
			if strings.Contains(log, "DISCORD_TOKEN") || strings.Contains(log, aToken) {
				t.Errorf("logged %s", log)
			}
			if !strings.Contains(log, "could not be shown") {
				t.Errorf("nothing is told: %q", log)
			}

			// The next interaction is as any other.
			s.refuses(nil)
			s.Says(chat.Reply{Text: "Hello."}, nil)
			if got := s.does(s.click(s.d.bag(aGuild).id(chat.Value{Verb: "claim"}, false))); got.Data.Content != "Hello." {
				t.Errorf("after that: %s", got.raw)
			}
		})
	}
}
