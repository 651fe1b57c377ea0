package discordfake

import "net/http"

// callbackRoute takes the first answer to an interaction.
const callbackRoute = "/interactions/{id}/{token}/callback"

// The routes by which an app answers interactions; none wants the bot's token.
// https://docs.discord.com/developers/interactions/receiving-and-responding#endpoints
func (s *Server) interactionRoutes() map[string]route {
	const of = "/webhooks/{webhook}/{token}"
	return map[string]route{
		"POST " + callbackRoute:                {do: answerInteraction, open: true},
		"POST " + of:                           {do: followUp, open: true},
		"GET " + of + "/messages/{message}":    {do: readReply, open: true},
		"PATCH " + of + "/messages/{message}":  {do: changeReply, open: true},
		"DELETE " + of + "/messages/{message}": {do: deleteReply, open: true},
	}
}

// refused notes that the app sent what breaks a limit, and gives the refusal.
func (c *call) refused(no *refusal) (answer, *refusal) {
	if no.status == http.StatusBadRequest && no != alreadyAnswered {
		c.complain(no)
	}
	return answer{}, no
}

// answerInteraction takes the first answer.
func answerInteraction(c *call) (answer, *refusal) {
	s := c.s
	in := s.clients.byToken[c.arg("token")]
	if in == nil || in.id != c.arg("id") {
		return answer{}, unknownInteraction
	}
	if no := s.respond(in, c.body, c.uploads); no != nil {
		return c.refused(no)
	}
	if c.query.Get("with_response") != "true" {
		return done()
	}
	about := map[string]any{"id": in.id, "type": in.kind}
	out := map[string]any{"interaction": about}
	if m := s.find(in, in.original); m != nil {
		about["response_message_id"] = m.id
		about["response_message_loading"], about["response_message_ephemeral"] = m.flags&flagLoading != 0, m.seenBy != nil
		out["resource"] = map[string]any{"type": in.answered, "message": s.wireMessage(m)}
	}
	return ok(out)
}

// interaction is the one whose token is in the path, for which the app may still write.
func (c *call) interaction() (*interaction, *refusal) {
	s := c.s
	in := s.clients.byToken[c.arg("token")]
	switch {
	case c.arg("webhook") != s.ApplicationID, in == nil:
		return nil, unknownWebhook
	case s.host.Now().Sub(in.made) > s.o.TokenLife:
		return nil, expiredToken
	case in.answered == 0:
		return nil, unknownWebhook
	}
	return in, nil
}

// followUp makes another message. After an answer that only said that the app is thinking it takes its place.
func followUp(c *call) (answer, *refusal) {
	in, no := c.interaction()
	if no != nil {
		return answer{}, no
	}
	if in.loading {
		if old := c.s.find(in, in.original); old != nil {
			return c.rewrite(in, old, reply)
		}
	}
	m, no := c.s.newReply(in, c.body, c.uploads)
	if no != nil {
		return c.refused(no)
	}
	return ok(c.s.wireMessage(m))
}

// reply is the message in the path, which the interaction made or is about.
func (c *call) reply() (*interaction, *message, *refusal) {
	in, no := c.interaction()
	if no != nil {
		return nil, nil, no
	}
	id := c.arg("message")
	if id == "@original" {
		id = in.original
	} else if !in.wrote(id) {
		return nil, nil, unknownMessage
	}
	m := c.s.find(in, id)
	if m == nil {
		return nil, nil, unknownMessage
	}
	return in, m, nil
}

// wrote says whether an interaction made the message.
func (in *interaction) wrote(id string) bool {
	for _, list := range [][]string{in.private, in.public} {
		for _, have := range list {
			if have == id {
				return true
			}
		}
	}
	return false
}

func readReply(c *call) (answer, *refusal) {
	_, m, no := c.reply()
	if no != nil {
		return answer{}, no
	}
	return ok(c.s.wireMessage(m))
}

func changeReply(c *call) (answer, *refusal) {
	in, m, no := c.reply()
	if no != nil {
		return answer{}, no
	}
	return c.rewrite(in, m, replyEdit)
}

func (c *call) rewrite(in *interaction, m *message, to target) (answer, *refusal) {
	p, no := readPayload(c.body, c.uploads, to.of(m))
	if no == nil {
		p.flags &^= flagEphemeral // which was decided before
		no = c.s.rewrite(in, m, p)
	}
	if no != nil {
		return c.refused(no)
	}
	return ok(c.s.wireMessage(c.s.find(in, m.id)))
}

func deleteReply(c *call) (answer, *refusal) {
	in, m, no := c.reply()
	if no != nil {
		return answer{}, no
	}
	if m.seenBy != nil {
		c.s.client(in.by.u).drop(m.id)
	} else {
		c.s.remove(in.ch, m)
	}
	in.settle()
	return done()
}
