package discordfake

import (
	"encoding/json"
	"net/http"
	"slices"
)

// The types of answers.
// https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type
const (
	answerMessage = 4
	answerLater   = 5 // with a message that says that the app is thinking
	changeLater   = 6
	changeMessage = 7
	answerChoices = 8
	answerForm    = 9
)

// answersTo are the types that go, by the kind of interaction. What changes a message goes only where it was done on one.
var answersTo = map[int][]int{
	commandInteraction: {answerMessage, answerLater, answerForm}, completeInteraction: {answerChoices},
	componentInteraction: {answerMessage, answerLater, changeLater, changeMessage, answerForm},
	formInteraction:      {answerMessage, answerLater, changeLater, changeMessage},
}

// choicesMax is how many choices are offered at most while somebody types.
const choicesMax = 25

// Choice is what is offered while somebody types.
type Choice struct{ Name, Value string }

var expiredToken = &refusal{status: http.StatusUnauthorized, code: 50027, message: "Invalid Webhook Token"}

// respond takes the first answer to an interaction. It is called with s.mu.
func (s *Server) respond(in *interaction, raw json.RawMessage, uploads []upload) *refusal {
	switch {
	case in.answered != 0:
		return alreadyAnswered
	case s.host.Now().Sub(in.made) > s.o.InteractionLife:
		return unknownInteraction
	}
	var body struct {
		Type *int            `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &body) != nil {
		return badJSON
	}
	switch {
	case body.Type == nil:
		return formError("BASE_TYPE_REQUIRED", "This field is required", "type")
	case !slices.Contains(answersTo[in.kind], *body.Type),
		(*body.Type == changeLater || *body.Type == changeMessage) && in.source == nil:
		return formError("BASE_TYPE_CHOICES", "Value must be one of the types that answer this interaction.", "type")
	}
	if no := s.answerWith(in, *body.Type, body.Data, uploads); no != nil {
		return no
	}
	in.answered = *body.Type
	close(in.first)
	if !in.loading {
		close(in.settled)
	}
	return nil
}

func (s *Server) answerWith(in *interaction, kind int, data json.RawMessage, uploads []upload) *refusal {
	switch kind {
	case answerMessage:
		m, no := s.newReply(in, data, uploads)
		if no == nil {
			in.original = m.id
		}
		return no
	case answerLater:
		return s.think(in, data)
	case changeLater:
		in.original = in.source.id
		return nil
	case changeMessage:
		in.original = in.source.id
		old := s.find(in, in.original)
		if old == nil {
			return unknownMessage
		}
		p, no := readPayload(data, uploads, replyEdit.of(old))
		if no != nil {
			return no
		}
		return s.rewrite(in, old, p)
	case answerChoices:
		return in.choose(data)
	default:
		f, wrong := readForm(data)
		if no := wrong.refusal(); no != nil {
			return no
		}
		f.id, f.from = in.id, in
		in.form, s.client(in.by.u).form = f, f
		return nil
	}
}

// newReply makes a message that answers an interaction. It is called with s.mu.
func (s *Server) newReply(in *interaction, data json.RawMessage, uploads []upload) (*message, *refusal) {
	p, no := readPayload(data, uploads, reply)
	if no != nil {
		return nil, no
	}
	m := s.apply(in.ch, p, nil, s.bot, p.flags&flagEphemeral != 0)
	s.show(in, m)
	return m, nil
}

// think shows that the app is thinking.
func (s *Server) think(in *interaction, data json.RawMessage) *refusal {
	var what struct {
		Flags int `json:"flags"`
	}
	if len(data) > 0 && json.Unmarshal(data, &what) != nil {
		return badJSON
	}
	if what.Flags&^flagEphemeral != 0 {
		return formError("MESSAGE_FLAGS_INVALID", "Only the flag for ephemeral messages goes here.", "data", "flags")
	}
	m := &message{author: s.bot, flags: flagLoading | what.Flags}
	s.show(in, m)
	in.original, in.loading = m.id, true
	return nil
}

// show puts a new message of an interaction where it belongs. It is called with s.mu.
func (s *Server) show(in *interaction, m *message) {
	m.webhook, m.metadata, m.kind = s.ApplicationID, in.metadata, plainMessage
	switch {
	case in.answered != 0: // a follow-up
		if in.original != "" {
			m.kind, m.reference = replyMessage, &reference{message: in.original, channel: in.ch.id, guild: in.ch.guildID()}
		}
	case in.kind == commandInteraction && in.source != nil:
		m.kind = contextMenuAnswer
	case in.kind == commandInteraction:
		m.kind = commandMessage
	case in.source != nil && in.source.seenBy == nil:
		m.kind, m.reference = replyMessage, &reference{message: in.source.id, channel: in.ch.id, guild: in.ch.guildID()}
	}
	if m.flags&flagEphemeral != 0 {
		m.seenBy = in.by.u
		s.fill(in.ch, m)
		s.client(in.by.u).whisper(m)
		in.private = append(in.private, m.id)
		return
	}
	s.post(in.ch, m)
	in.public = append(in.public, m.id)
}

// find is a message that an interaction made or is about, as it is now; nil if it is gone. It is called with s.mu.
func (s *Server) find(in *interaction, id string) *message {
	if m := s.client(in.by.u).private[id]; m != nil {
		return m
	}
	return in.ch.messages[id]
}

// rewrite changes a message of an interaction, or the one that it is about. It is called with s.mu.
func (s *Server) rewrite(in *interaction, old *message, p *payload) *refusal {
	next := s.apply(in.ch, p, old, old.author, old.seenBy != nil)
	next.flags &^= flagLoading
	if next.blank() {
		return emptyMessage
	}
	if old.flags&flagLoading != 0 {
		next.edited = old.edited // which is no edit
	}
	if old.seenBy != nil {
		s.client(in.by.u).whisper(next)
		if !slices.Contains(in.private, next.id) {
			in.private = append(in.private, next.id)
		}
	} else {
		s.change(in.ch, next)
	}
	if in.source != nil && next.id == in.source.id {
		in.updated = next.id
	}
	if in.loading && next.id == in.original {
		in.settle()
	}
	return nil
}

// settle says that nothing is loading any more.
func (in *interaction) settle() {
	if in.loading {
		in.loading = false
		close(in.settled)
	}
}

// choose takes what is offered while somebody types.
// https://docs.discord.com/developers/interactions/application-commands#autocomplete
func (in *interaction) choose(data json.RawMessage) *refusal {
	var body struct {
		Choices []struct {
			Name  string `json:"name"`
			Value any    `json:"value"`
		} `json:"choices"`
	}
	if json.Unmarshal(data, &body) != nil || body.Choices == nil {
		return formError("BASE_TYPE_REQUIRED", "This field is required", "data", "choices")
	}
	k := &issues{}
	where := at{"data", "choices"}
	if len(body.Choices) > choicesMax {
		k.add(where, "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", choicesMax)
	}
	in.choices = []Choice{}
	for i, c := range body.Choices {
		k.length(where.to(i, "name"), c.Name, 1, 100)
		value, is := c.Value.(string)
		if !is {
			k.add(where.to(i, "value"), "STRING_TYPE_CONVERT", "Could not interpret \"%v\" as string.", c.Value)
		}
		k.length(where.to(i, "value"), value, 1, 100)
		in.choices = append(in.choices, Choice{c.Name, value})
	}
	return k.refusal()
}
