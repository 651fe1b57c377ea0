package slackfake

import (
	"errors"
	"testing"
	"time"

	slackapi "github.com/slack-go/slack"
)

// respond sends a text, as one option of the library's has it, to a response URL.
func respond(t *testing.T, s *Server, ch *channel, to slackapi.MsgOption, text string) error {
	t.Helper()
	api := slackapi.New(s.BotToken, slackapi.OptionAPIURL(s.APIURL))
	_, _, err := api.PostMessageContext(t.Context(), ch.id, to, slackapi.MsgOptionText(text, false))
	return err
}

// responder is the direct message with ana, and a response URL of hers.
func responder(s *Server, ana *User) (*channel, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.main.directWith(ana.ID)
	return ch, s.newResponseURL(ch, ana.ID, nil)
}

func TestResponseURL(t *testing.T) {
	s := New(t, town())
	ana := s.As("ana")
	ch, at := responder(s, ana)
	send := func(kind, text string) error {
		t.Helper()
		return respond(t, s, ch, slackapi.MsgOptionResponseURL(at, kind), text)
	}
	for range 4 {
		if err := send("ephemeral", "only you"); err != nil {
			t.Fatal(err)
		}
	}
	if err := send("in_channel", "all"); err != nil {
		t.Fatal(err)
	}
	if got := ana.Visible(); len(got) != 4 || got[0].Text != "only you" {
		t.Errorf("ana sees %+v", got)
	}
	if got := ana.Messages(ch.id); len(got) != 1 || got[0].Text != "all" || got[0].BotID != s.BotID {
		t.Errorf("the channel holds %+v", got)
	}
	var status slackapi.StatusCodeError
	if err := send("ephemeral", "once more"); !errors.As(err, &status) || status.Code != 404 {
		t.Errorf("the sixth use gave %v", err)
	}
	_, at = responder(s, ana)
	s.Advance(31 * time.Minute)
	if err := send("ephemeral", "late"); !errors.As(err, &status) || status.Code != 404 {
		t.Errorf("after 31 minutes it gave %v", err)
	}
	_, at = responder(s, ana)
	s.Uncertain("response_url", 1)
	if err := send("ephemeral", "lost"); err == nil {
		t.Error("the answer was not lost")
	}
	if got := ana.Visible(); len(got) != 5 {
		t.Errorf("ana sees %d messages", len(got))
	}
	s.FailNext("response_url", 1, Fault{Status: 500})
	if err := send("ephemeral", "x"); !errors.As(err, &status) || status.Code != 500 {
		t.Errorf("the fault gave %v", err)
	}
}

func TestReplaceOriginal(t *testing.T) {
	s := New(t, town())
	ana := s.As("ana")
	ch, _ := responder(s, ana)
	s.mu.Lock()
	origin := &Message{Text: "pick"}
	origin.sign(s.main.grant)
	s.post(ch, origin)
	at := s.newResponseURL(ch, ana.ID, origin)
	s.mu.Unlock()
	if err := respond(t, s, ch, slackapi.MsgOptionReplaceOriginal(at), "picked"); err != nil {
		t.Fatal(err)
	}
	if got := ana.Messages(ch.id); len(got) != 1 || got[0].Text != "picked" || got[0].TS != origin.TS {
		t.Errorf("the channel holds %+v", got)
	}

	s.mu.Lock()
	private := &Message{Text: "pick"}
	private.sign(s.main.grant)
	s.whisper(ana.a, ch, private)
	at = s.newResponseURL(ch, ana.ID, private)
	s.mu.Unlock()
	if err := respond(t, s, ch, slackapi.MsgOptionReplaceOriginal(at), "picked"); err != nil {
		t.Fatal(err)
	}
	if got := ana.Visible(); len(got) != 1 || got[0].Text != "picked" || got[0].TS != private.TS {
		t.Errorf("ana sees %+v", got)
	}
	if err := respond(t, s, ch, slackapi.MsgOptionDeleteOriginal(at), ""); err != nil {
		t.Fatal(err)
	}
	if got := ana.Visible(); len(got) != 0 {
		t.Errorf("ana still sees %+v", got)
	}
}
