package slackfake

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"balie/adapters/fakeserver"
)

// responseURL is where the app answers an interaction later.
type responseURL struct {
	w       *Workspace
	channel *channel
	user    string
	origin  *Message // the message that was clicked, nil of a command
	made    time.Time
	used    int
}

const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// newResponseURL makes the response URL of an interaction in a channel; origin is the message with the button, or nil.
// It is called with s.mu.
func (s *Server) newResponseURL(ch *channel, user string, origin *Message) string {
	id := random(12)
	s.answers.add(id, &responseURL{w: ch.w, channel: ch, user: user, origin: origin, made: s.host.Now()})
	return s.URL + "/response/" + id
}

// response is what the app sends to a response URL.
type response struct {
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	ResponseType    string          `json:"response_type"`
	ReplaceOriginal bool            `json:"replace_original"`
	DeleteOriginal  bool            `json:"delete_original"`
	ThreadTS        string          `json:"thread_ts"`
	Metadata        json.RawMessage `json:"metadata"`
}

func (s *Server) serveResponse(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	out := outcome{status: http.StatusOK}
	c := &call{s: s, method: "response_url", r: r}
	if wrong, done := s.goWrong(c); done {
		if wrong.cut {
			fakeserver.Cut(w)
			return
		}
		wrong.write(w)
		return
	}
	var in response
	if err != nil || json.Unmarshal(body, &in) != nil {
		out.status, out.no = http.StatusBadRequest, refuse("invalid_payload")
		out.write(w)
		return
	}
	m, no := s.compose(in.Text, in.Blocks, in.Metadata)
	s.mu.Lock()
	s.faults.count(c)
	if no == nil || in.DeleteOriginal {
		no = s.respond(r.PathValue("id"), in, m)
	}
	lost := no == nil && s.faults.uncertain[c.method] > 0
	if lost {
		s.faults.uncertain[c.method]--
	}
	s.mu.Unlock()
	if lost {
		fakeserver.Cut(w)
		return
	}
	if no != nil {
		out.status, out.no = http.StatusNotFound, no
		if no.code != "used_url" && no.code != "expired_url" {
			out.status = http.StatusInternalServerError
		}
	}
	out.write(w)
}

// respond does what the app sent to a response URL.
func (s *Server) respond(id string, in response, m *Message) *refusal {
	u := s.answers.byID[id]
	switch {
	case u == nil || s.host.Now().Sub(u.made) > responseLife:
		return refuse("expired_url")
	case u.used >= responseUses:
		return refuse("used_url")
	case u.w.grant == nil || u.w.grant.broken != "":
		return refuse("expired_url")
	}
	u.used++
	a := s.accounts[u.user]
	if in.DeleteOriginal || in.ReplaceOriginal {
		return s.replaceOriginal(a, u, in, m)
	}
	m.sign(u.w.grant)
	m.ThreadTS = in.ThreadTS
	if in.ResponseType == "in_channel" {
		if u.channel.archived {
			return refuse("is_archived")
		}
		s.post(u.channel, m)
		return nil
	}
	s.whisper(a, u.channel, m)
	return nil
}

// replaceOriginal changes or deletes the message that was clicked. There is none of a command.
func (s *Server) replaceOriginal(a *account, u *responseURL, in response, m *Message) *refusal {
	old := u.origin
	if old == nil {
		if in.DeleteOriginal {
			return nil
		}
		m.sign(u.w.grant)
		s.whisper(a, u.channel, m)
		return nil
	}
	if old.Ephemeral {
		if in.DeleteOriginal {
			m = &Message{deleted: true}
		}
		m.sign(u.w.grant)
		m.TS, m.ThreadTS = old.TS, old.ThreadTS
		s.replaceShown(a, u.channel, m)
		u.origin = m
		return nil
	}
	now := u.channel.messages[old.TS]
	if now == nil || now.Subtype == "tombstone" {
		return refuse("message_not_found")
	}
	if in.DeleteOriginal {
		s.remove(u.channel, now)
		return nil
	}
	next := *now
	next.Text, next.Blocks = m.Text, m.Blocks
	s.change(u.channel, &next)
	return nil
}

// whisper gives a person a message that only they see in a channel.
func (s *Server) whisper(a *account, ch *channel, m *Message) {
	m.Team, m.Channel, m.TS, m.Ephemeral, m.For = ch.w.ID, ch.id, s.ts(), true, a.id
	s.show(a, m)
}

// replaceShown puts another version of an ephemeral message in its place, or none.
func (s *Server) replaceShown(a *account, ch *channel, m *Message) {
	m.Team, m.Channel, m.Ephemeral, m.For = ch.w.ID, ch.id, true, a.id
	s.show(a, m)
}

// sign writes into a message that it is the app's.
func (m *Message) sign(g *grant) {
	m.User, m.BotID, m.AppID, m.botName = g.bot.id, g.bot.botID, g.bot.w.s.AppID, g.bot.Real
}
