package discordfake

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// world is all that the server knows. Messages and files are replaced, never changed, once they are in it. All helpers below
// are called with s.mu.
type world struct {
	guilds   []*guild
	users    map[string]*user // by id
	names    map[string]*user // by handle
	people   []*user          // as they came, without the bot
	channels map[string]*channel
	direct   map[string]*channel // the direct messages with the bot, by the person's id
	files    map[string]*attachment
	commands []appCommand // global ones
	guildCmd map[string][]appCommand
	writes   int // how often the commands were overwritten
	bot      *user
	key      ed25519.PrivateKey // signs interactions
	endpoint string             // where interactions go over HTTP; empty for the gateway
	revoked  bool               // the token is no good any more
	lastID   uint64
}

// user is a person, or a bot.
type user struct {
	Person
	id string
}

// guild is a server, as people call it.
type guild struct {
	id, name string
	owner    string
	channels []*channel // those with a name, as they came; threads are not among them
	roles    []*role    // the first is @everyone
	members  map[string]*member
	order    []string // the members' ids, sorted
	gone     bool     // the bot is not in it
	max      int      // open threads
}

type member struct {
	user   *user
	nick   string
	roles  []string // ids
	joined time.Time
}

type role struct {
	id, name    string
	permissions uint64
	position    int
	managed     bool
}

// The kinds of channels. https://docs.discord.com/developers/resources/channel#channel-object-channel-types
const (
	textChannel   = 0
	directChannel = 1
	publicThread  = 11
	privateThread = 12
	forumChannel  = 15
)

// channel is a channel, a thread or a direct message.
type channel struct {
	id, name   string
	kind       int
	guild      *guild   // nil of a direct message
	parent     *channel // of a thread
	topic      string
	peer       *user // of a direct message
	position   int
	overwrites []overwrite
	tags       []tag
	requireTag bool
	deleted    bool

	// These are a thread's.
	owner       string
	archived    bool
	locked      bool
	archivedAt  time.Time // when it was archived or opened last
	made        time.Time
	autoArchive int // minutes
	invitable   bool
	applied     []string
	joined      map[string]time.Time // its members, by id
	sent        int                  // messages ever

	messages map[string]*message
	order    []string // ids of messages, oldest first
	last     string   // id of the latest message ever
	nonces   map[string]nonced
	renames  []time.Time
	oldEdits []time.Time
}

type overwrite struct {
	id          string
	member      bool // else a role's
	allow, deny uint64
}

type tag struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Moderated bool    `json:"moderated"`
	EmojiID   *string `json:"emoji_id"`
	EmojiName *string `json:"emoji_name"`
}

// nonced is a message that was sent with a nonce.
type nonced struct {
	message string
	at      time.Time
}

func (c *channel) isThread() bool { return c.kind == publicThread || c.kind == privateThread }

// guildID is the guild's id; empty of a direct message.
func (c *channel) guildID() string {
	if c.guild == nil {
		return ""
	}
	return c.guild.id
}

// begin makes the app, the people and the guilds.
func (s *Server) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world = world{
		users: map[string]*user{}, names: map[string]*user{}, channels: map[string]*channel{}, direct: map[string]*channel{},
		files: map[string]*attachment{}, guildCmd: map[string][]appCommand{},
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // it never fails
	}
	s.key, s.PublicKey = private, hex.EncodeToString(public)
	s.bot = s.addUser(Person{Name: "balie", Bot: true})
	s.BotID, s.ApplicationID = s.bot.id, s.bot.id
	s.Token = s.newToken()
	for _, p := range s.o.People {
		s.people = append(s.people, s.addUser(p))
	}
	for _, g := range s.o.Guilds {
		s.addGuild(g)
	}
}

// newToken is a token of the bot's, of the form that Discord gives.
func (s *Server) newToken() string {
	return base64.RawURLEncoding.EncodeToString([]byte(s.BotID)) + "." + random(3) + "." + random(19)
}

func (s *Server) addUser(p Person) *user {
	if p.Locale == "" {
		p.Locale = "en-US"
	}
	u := &user{Person: p, id: s.id()}
	s.users[u.id], s.names[p.Name] = u, u
	return u
}

func (s *Server) addGuild(o Guild) *guild {
	g := &guild{id: s.id(), name: o.Name, members: map[string]*member{}, max: s.o.MaxActiveThreads}
	if o.BotPermissions == 0 {
		o.BotPermissions = DefaultPermissions
	}
	// What people have, the bot has as well: it is in @everyone. So what the bot is not to have, people have by a role.
	missing := DefaultPermissions &^ o.BotPermissions
	g.roles = []*role{{id: g.id, name: "@everyone", permissions: peoplePermissions &^ missing}}
	var extra *role
	if missing&peoplePermissions != 0 {
		extra = s.addRole(g, Role{Name: "members", Permissions: peoplePermissions})
	}
	bots := s.addRole(g, Role{Name: s.bot.Name, Permissions: o.BotPermissions})
	bots.managed = true
	s.join(g, s.bot).roles = []string{bots.id}
	for _, u := range s.people {
		if o.Members == nil || slices.Contains(o.Members, u.Name) {
			m := s.join(g, u)
			if extra != nil {
				m.roles = append(m.roles, extra.id)
			}
		}
	}
	for _, r := range o.Roles {
		made := s.addRole(g, r)
		for _, name := range r.Members {
			if m := g.member(s.names[name]); m != nil {
				m.roles = append(m.roles, made.id)
			}
		}
	}
	if u := s.names[o.Owner]; u != nil {
		g.owner = u.id
	} else {
		g.owner = s.id() // of nobody
	}
	for _, c := range o.Channels {
		s.addChannel(g, c)
	}
	s.guilds = append(s.guilds, g)
	return g
}

func (s *Server) addRole(g *guild, o Role) *role {
	r := &role{id: s.id(), name: o.Name, permissions: o.Permissions, position: len(g.roles)}
	g.roles = append(g.roles, r)
	return r
}

// join makes somebody a member of a guild.
func (s *Server) join(g *guild, u *user) *member {
	m := &member{user: u, nick: u.Nick, joined: s.host.Now()}
	g.members[u.id] = m
	if i, found := slices.BinarySearch(g.order, u.id); !found {
		g.order = slices.Insert(g.order, i, u.id)
	}
	return m
}

// member is what somebody is in the guild; nil if they are not in it.
func (g *guild) member(u *user) *member {
	if u == nil {
		return nil
	}
	return g.members[u.id]
}

// leave takes somebody out of the guild.
func (g *guild) leave(u *user) {
	delete(g.members, u.id)
	g.order = slices.DeleteFunc(g.order, func(id string) bool { return id == u.id })
}

// role is the guild's role of that name; nil if there is none.
func (g *guild) role(name string) *role {
	if i := slices.IndexFunc(g.roles, func(r *role) bool { return r.name == name }); i >= 0 {
		return g.roles[i]
	}
	return nil
}

func (s *Server) addChannel(g *guild, o Channel) *channel {
	ch := s.newChannel(textChannel)
	if o.Kind == Forum {
		ch.kind = forumChannel
	}
	ch.guild, ch.name, ch.position, ch.requireTag = g, o.Name, len(g.channels), o.RequireTag
	private := o.Private || o.Members != nil || o.Roles != nil
	if private {
		ch.overwrites = append(ch.overwrites, overwrite{id: g.id, deny: ViewChannel})
		for _, r := range g.roles {
			if slices.Contains(o.Roles, r.name) {
				ch.overwrites = append(ch.overwrites, overwrite{id: r.id, allow: ViewChannel})
			}
		}
		for _, name := range o.Members {
			if u := s.names[name]; u != nil {
				ch.overwrites = append(ch.overwrites, overwrite{id: u.id, member: true, allow: ViewChannel})
			}
		}
	}
	bots := overwrite{id: s.bot.id, member: true, deny: o.DenyBot}
	switch {
	case o.NoBot:
		bots.deny |= ViewChannel
	case private:
		bots.allow = ViewChannel &^ o.DenyBot
	}
	if bots.allow|bots.deny != 0 {
		ch.overwrites = append(ch.overwrites, bots)
	}
	for _, name := range o.Tags {
		ch.tags = append(ch.tags, tag{ID: s.id(), Name: name})
	}
	g.channels = append(g.channels, ch)
	return ch
}

func (s *Server) newChannel(kind int) *channel {
	ch := &channel{id: s.id(), kind: kind, messages: map[string]*message{}, nonces: map[string]nonced{}}
	s.channels[ch.id] = ch
	return ch
}

// directWith is the direct message of the bot with a person; it is made when it is first asked for.
func (s *Server) directWith(u *user) *channel {
	if ch := s.direct[u.id]; ch != nil {
		return ch
	}
	ch := s.newChannel(directChannel)
	ch.peer = u
	s.direct[u.id] = ch
	return ch
}

// guildByID is a guild, whether the bot is in it or not; nil if there is none.
func (s *Server) guildByID(id string) *guild {
	for _, g := range s.guilds {
		if g.id == id {
			return g
		}
	}
	return nil
}

// threadByID is a thread, deleted or not; nil if there is none.
func (s *Server) threadByID(id string) *channel {
	if th := s.channels[id]; th != nil && th.isThread() {
		return th
	}
	return nil
}

// threadBelow is the thread that hangs below a message, which has its id; nil if there is none.
func (s *Server) threadBelow(m *message) *channel {
	if th := s.threadByID(m.id); th != nil && !th.deleted && th.id != m.channel {
		return th
	}
	return nil
}

// threads are the guild's threads, the oldest first.
func (s *Server) threads(g *guild, which func(*channel) bool) []*channel {
	var out []*channel
	for _, ch := range s.channels {
		if ch.isThread() && ch.guild == g && !ch.deleted && which(ch) {
			out = append(out, ch)
		}
	}
	slices.SortFunc(out, func(a, b *channel) int { return strings.Compare(a.id, b.id) })
	return out
}

// epoch is where snowflakes begin, in milliseconds since 1970.
// https://docs.discord.com/developers/reference#snowflakes
const epoch = 1420070400000

// id is a new snowflake, larger than every one before.
func (s *Server) id() string {
	s.lastID = max(s.lastID+1, uint64(s.host.Now().UnixMilli()-epoch)<<22)
	return strconv.FormatUint(s.lastID, 10)
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
