package discordfake

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The kinds of interactions. https://docs.discord.com/developers/interactions/receiving-and-responding
const (
	pingInteraction      = 1
	commandInteraction   = 2
	componentInteraction = 3
	completeInteraction  = 4
	formInteraction      = 5
)

// interactionPath is where an app takes interactions, below the address that Deliver is given.
const interactionPath = "/interaction"

// What Discord tells people when the app does not answer.
const (
	noResponse   = "The application did not respond"
	failedClick  = "This interaction failed"
	failedForm   = "Something went wrong. Try again."
	failedChoice = "Loading options failed"
)

var failures = map[int]string{
	commandInteraction: noResponse, componentInteraction: failedClick, completeInteraction: failedChoice, formInteraction: failedForm,
}

// interaction is something that somebody did with the app. All but what never changes is guarded by the server's lock.
type interaction struct {
	id, token string
	kind      int
	by        *User
	ch        *channel
	source    *message // what it was done on, or what the form came from; nil without any
	payload   []byte
	made      time.Time
	first     chan struct{} // closed at the first answer
	settled   chan struct{} // closed when nothing is loading any more
	metadata  map[string]any

	answered int    // the type of the first answer; 0 without any
	original string // the id of the message that was it, or that it is about
	loading  bool
	private  []string // ids of messages only for who did it, that were made or changed
	public   []string // ids of those for all that were made
	updated  string   // the id of the source, once it was changed
	form     *Form
	choices  []Choice
}

// clients are what people have on their screens alone, and the interactions. The server's lock guards it, but for the HTTP
// client and the lock below.
type clients struct {
	byUser  map[string]*client
	byToken map[string]*interaction
	order   []*interaction
	http    *http.Client

	mu        sync.Mutex
	delivered []Request
}

// client is one person's.
type client struct {
	private map[string]*message
	order   []string
	form    *Form
}

// client is what somebody has on the screen alone. It is called with s.mu.
func (s *Server) client(u *user) *client {
	c := s.clients.byUser[u.id]
	if c == nil {
		if s.clients.byUser == nil {
			s.clients.byUser = map[string]*client{}
		}
		c = &client{private: map[string]*message{}}
		s.clients.byUser[u.id] = c
	}
	return c
}

// keptPrivate is how many messages only for them people have on their screens.
const keptPrivate = 500

// whisper shows somebody a message that only they see, or another version of it.
func (c *client) whisper(m *message) {
	if c.private[m.id] == nil {
		c.order = append(c.order, m.id)
		if len(c.order) > keptPrivate {
			delete(c.private, c.order[0])
			c.order = c.order[1:]
		}
	}
	c.private[m.id] = m
}

// drop takes a message that only one person sees from their screen.
func (c *client) drop(id string) {
	delete(c.private, id)
	c.order = slices.DeleteFunc(c.order, func(have string) bool { return have == id })
}

// keptInteractions is how many of the latest interactions are known.
const keptInteractions = 20_000

// newInteraction makes an interaction. It is called with s.mu.
func (s *Server) newInteraction(kind int, by *User, ch *channel, source *message) *interaction {
	in := &interaction{
		id: s.id(), token: "aW50ZXJhY3Rpb246" + strings.ToLower(rand.Text()+rand.Text()), kind: kind, by: by, ch: ch, source: source, made: s.host.Now(),
		first: make(chan struct{}), settled: make(chan struct{}),
	}
	in.metadata = map[string]any{"id": in.id, "type": kind, "user": wireUser(by.u), "authorizing_integration_owners": s.owners(ch)}
	c := &s.clients
	if c.byToken == nil {
		c.byToken = map[string]*interaction{}
	}
	for len(c.order) > 0 && (len(c.order) > keptInteractions || in.made.Sub(c.order[0].made) > 2*s.o.TokenLife) {
		delete(c.byToken, c.order[0].token)
		c.order = c.order[1:]
	}
	c.order = append(c.order, in)
	c.byToken[in.token] = in
	return in
}

func (s *Server) owners(ch *channel) map[string]any {
	if ch.guild == nil {
		return map[string]any{"0": "0"}
	}
	return map[string]any{"0": ch.guild.id}
}

// wire is an interaction as the app gets it. It is called with s.mu.
// https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
func (s *Server) wireInteraction(in *interaction, data map[string]any) map[string]any {
	channel := s.wireChannel(in.ch)
	delete(channel, "permission_overwrites")
	v := map[string]any{
		"id": in.id, "application_id": s.ApplicationID, "type": in.kind, "token": in.token, "version": 1, "data": data,
		"channel_id": in.ch.id, "channel": channel, "locale": in.by.u.Locale, "app_permissions": bits(s.permissions(s.bot, in.ch)),
		"entitlements": []any{}, "entitlement_sku_ids": []any{}, "authorizing_integration_owners": s.owners(in.ch), "context": 1,
		"attachment_size_limit": maxFile,
	}
	if in.source != nil && in.kind != commandInteraction {
		v["message"] = s.wireMessage(in.source)
	}
	if in.ch.guild == nil {
		v["user"] = wireUser(in.by.u)
		return v
	}
	g := in.ch.guild
	may := bits(s.permissions(in.by.u, in.ch))
	member := map[string]any{}
	if m := g.member(in.by.u); m != nil {
		member = wireMemberUser(m)
	}
	member["permissions"], channel["permissions"] = may, may
	maps.Copy(v, map[string]any{"guild_id": g.id, "guild": map[string]any{"id": g.id, "locale": "en-US", "features": []any{}},
		"guild_locale": "en-US", "member": member, "context": 0})
	return v
}
