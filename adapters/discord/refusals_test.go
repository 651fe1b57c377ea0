package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"balie/adapters/adaptertest"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// TestRefusalsThatAreNotDiscords: with the status of a refusal something before Discord, or its edge in trouble, answers. Nobody
// may take that for the word that there is nothing, or that it is not shown: what was said would be lost.
func TestRefusalsThatAreNotDiscords(t *testing.T) {
	for name, no := range map[string]denial{
		"403 of a proxy": {http.StatusForbidden, 0}, "404 of a proxy": {http.StatusNotFound, 0}, "403 of the edge": {http.StatusForbidden, codeNetwork},
	} {
		t.Run(name+", live", func(t *testing.T) {
			s := newStation(t)
			b, l := s.listening()
			s.answer("GET /channels/501", no)
			l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), "501", anaID, "in a thread that is not known yet"))
			b.until("asked", func() bool { return s.calls("GET /channels/501") > 0 })
			s.answer("GET /channels/501", thread("501", cardsID, botID, publicThread))
			b.until("told", func() bool { return len(b.texts()) == 1 })
		})
		t.Run(name+", missed", func(t *testing.T) {
			s := newStation(t)
			away := time.Now().Add(-10 * time.Minute)
			s.keep(cursorName, keptCursor{Heard: away.UnixMilli()})
			s.answer("GET /guilds/"+guildID+"/threads/active", map[string]any{"threads": []any{
				more(thread("501", cardsID, botID, publicThread), map[string]any{"last_message_id": idAt(away.Add(time.Minute))})}})
			n := 0
			s.answer("GET /channels/501/messages", func(*http.Request) any {
				s.mu.Lock()
				defer s.mu.Unlock()
				if n++; n == 1 {
					return no
				}
				return []any{message(idAt(away.Add(time.Minute)), "501", anaID, "missed")}
			})
			b := s.listen()
			s.next().welcome("s1")
			b.until("told", func() bool { return slices.Equal(b.texts(), []string{"missed"}) })
		})
	}
}

// TestTooEarly reads refusals of calls that came too early.
// https://docs.discord.com/developers/topics/rate-limits
func TestTooEarly(t *testing.T) {
	for name, c := range map[string]struct {
		header map[string]string
		body   string
		wait   time.Duration // at least
		all    bool          // calls wait
	}{
		"of one place":       {map[string]string{"Retry-After": "3"}, `{"message":"You are being rate limited.","retry_after":2.5}`, 2500 * time.Millisecond, false},
		"of a moment":        {map[string]string{"Retry-After": "1"}, `{"message":"x","retry_after":0.3}`, 300 * time.Millisecond, false},
		"of a day":           {map[string]string{"Retry-After": "86400"}, `error code: 1015`, time.Hour, true},
		"of all":             {map[string]string{"Retry-After": "60", "X-RateLimit-Global": "true"}, `{"message":"x","retry_after":60,"global":true}`, time.Minute, true},
		"of edits":           {map[string]string{}, fmt.Sprintf(`{"message":"Maximum number of edits","code":%d}`, codeOldEdits), oldWait, false},
		"of edits, soon":     {map[string]string{"Retry-After": "1"}, fmt.Sprintf(`{"message":"x","code":%d,"retry_after":0.3}`, codeOldEdits), oldWait, false},
		"without a time":     {map[string]string{}, `{"message":"x"}`, upstream.DownWait, false},
		"of Cloudflare":      {map[string]string{"Retry-After": "600"}, `<html>error code: 1015</html>`, 10 * time.Minute, true},
		"of Cloudflare, now": {map[string]string{}, `error code: 1015`, upstream.LimitWait, true},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(http.StatusTooManyRequests)
				if _, err := io.WriteString(w, c.body); err != nil {
					t.Error(err)
				}
			}))
			defer server.Close()
			for way, try := range map[string]func(*rest) error{
				"do":      func(r *rest) error { return r.do(t.Context(), call{doing: "x", method: http.MethodGet, path: "/x"}) },
				"respond": func(r *rest) error { return r.respond(t.Context(), "x", http.MethodPost, "/x", 1) },
			} {
				r, err := newREST(server.URL, "t")
				if err != nil {
					t.Fatal(err)
				}
				defer r.close()
				sent, ok := errors.AsType[*chat.SendError](try(r))
				if !ok || sent.Retry < c.wait || sent.Retry > c.wait+time.Second/2 {
					t.Errorf("%s: %v, want a wait of %s", way, sent, c.wait)
				}
				calls = 0
				err = r.do(t.Context(), call{doing: "y", method: http.MethodGet, path: "/other"})
				if held := calls == 0 && errors.Is(err, errTooEarly); held != c.all {
					t.Errorf("%s: other calls are held up: %v, %v", way, held, err)
				}
			}
		})
	}
}

// TestRunEndsWhatGoesOn: nobody waits for what goes on by itself much longer than Run's context lasts.
func TestRunEndsWhatGoesOn(t *testing.T) {
	s := newStation(t)
	reading := make(chan struct{}, 1000)
	s.answer("GET /guilds/"+guildID, map[string]any{"owner_id": "1", "roles": []any{}})
	s.answer("GET /guilds/"+guildID+"/members", func(r *http.Request) any {
		reading <- struct{}{}
		page := []any{}
		for i := range membersPage {
			page = append(page, map[string]any{"user": map[string]any{"id": nth("1000000", i), "username": "u"}})
		}
		return page // and there is always more
	})
	b := s.listen()
	b.stop()
	stop := adaptertest.Connect(t, b.d, b.Handle)
	asking, stopAsking := context.WithCancel(t.Context())
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = b.d.Group(asking, guildID, "7") // it ends with its context
	}()
	<-reading
	stopAsking()
	<-asked
	b.d.goOn(t.Context(), []func(context.Context){func(ctx context.Context) { <-ctx.Done() }})
	began := time.Now()
	stop()
	if took := time.Since(began); took > 20*time.Second { // of a minute that each may take
		t.Errorf("Run ended %s after its context", took)
	}
}

// TestOneGuildIsAway: a direct message waits for no guild that has nothing to do with it.
func TestOneGuildIsAway(t *testing.T) {
	s := newStation(t)
	s.answer("GET /users/@me/guilds", []any{map[string]any{"id": guildID}, map[string]any{"id": "302"}})
	s.answer("GET /guilds/"+guildID+"/members/"+anaID, denial{http.StatusServiceUnavailable, 0})
	s.answer("GET /guilds/302/members/"+anaID, map[string]any{"user": map[string]any{"id": anaID, "username": "ana"}})
	b, l := s.listening()
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), dmID, anaID, "hello"))
	b.until("told", func() bool { return len(b.Stored()) == 1 })
	if got := b.Stored()[0].Workspace; got != "302" {
		t.Errorf("it counts to server %q", got)
	}
	// Nobody else knows somebody whom that guild may know: that is no answer.
	s.answer("GET /guilds/302/members/"+bramID, denial{http.StatusNotFound, codeUnknownMember})
	s.answer("GET /guilds/"+guildID+"/members/"+bramID, denial{http.StatusServiceUnavailable, 0})
	if guild, err := b.d.places.guildOf(t.Context(), bramID); guild != "" || err == nil {
		t.Errorf("of somebody whom nobody knows for now: %q, %v", guild, err)
	}
}

// TestTwoClocks: where Discord's clock is another one, what was done is looked for from when that was.
func TestTwoClocks(t *testing.T) {
	s := newStation(t)
	b, _ := s.listening()
	for _, ahead := range []time.Duration{-time.Minute, time.Minute} {
		b.d.api.ahead.Store(ahead.Milliseconds())
		u := &utterance{late: true, at: time.Now().Add(ahead).UnixMilli()}
		c := creation{}
		c.Again = b.d.ears.now.Load().again(u)
		if from := madeAt(b.d.since(c)); from > u.at || from < u.at-2*clockMargin.Milliseconds() {
			t.Errorf("%s ahead: an answer is looked for from %d ms after the message on", ahead, from-u.at)
		}
	}
}

// TestCrowds: whoever clicks when everybody does is told to do it again.
func TestCrowds(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	for range interactMax {
		b.d.ears.slots <- struct{}{}
	}
	told := make(chan string, 10)
	s.answer("POST /interactions/900/"+aToken+"/callback", func(r *http.Request) any {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		told <- string(body)
		return map[string]any{}
	})
	l.dispatch("INTERACTION_CREATE", map[string]any{"id": "900", "application_id": anApplication, "type": commandInteraction, "token": aToken, "guild_id": guildID,
		"channel_id": cardsID, "member": map[string]any{"user": map[string]any{"id": anaID}}, "data": map[string]any{"name": "ticket"}})
	select {
	case got := <-told:
		var a struct{ Data struct{ Content string } }
		if err := json.Unmarshal([]byte(got), &a); err != nil || a.Data.Content != words("").slow {
			t.Errorf("they read %s, %v", got, err)
		}
	case <-time.After(time.Minute):
		t.Error("they are told nothing")
	}
	for range interactMax {
		<-b.d.ears.slots
	}
}
