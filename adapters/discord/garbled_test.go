package discord

import (
	"strings"
	"testing"
)

// TestGarbledInteractions: what makes no sense is acknowledged where that is possible, counted each time, and logged once.
func TestGarbledInteractions(t *testing.T) {
	s := setStage(t)
	odd := 0
	s.d.once.Each = func() { odd++ }
	for _, raw := range []string{`[]`, `{"id":"1"}`, `{"id":"1","token":"` + aToken + `"}`, `{"id":"2","token":"` + aToken + `","type":"x","user":[]}`} {
		s.d.interact(t.Context(), s.Handle, []byte(raw))
	}
	if odd != 4 || len(s.Stored()) != 0 {
		t.Errorf("%d are counted, and the bot heard %d", odd, len(s.Stored()))
	}
	if n := strings.Count(s.log.String(), "makes no sense"); n != 1 {
		t.Errorf("it is logged %d times: %s", n, s.log.String())
	}
	answers := s.called("/callback")
	if len(answers) != 2 || !strings.Contains(string(answers[0].body), `"type":6`) {
		t.Errorf("answered %v", answers)
	}
}
