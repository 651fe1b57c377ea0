package slackfake

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// world is all that the server knows. Messages, views and files are replaced, never changed, once they are in it.
type world struct {
	workspaces []*Workspace
	accounts   map[string]*account // by user id
	channels   map[string]*channel // by id
	grants     map[string]*grant   // by token
	files      map[string]*file
	views      map[string]*View // all that are open or published
	triggers   recent[*trigger]
	answers    recent[*responseURL]
	codes      map[string]*code
	lastTS     int64 // microseconds, see ts
	lastID     int
}

// Workspace is a team.
type Workspace struct {
	// ID is T…; EnterpriseID is E… in a Grid, else empty.
	ID, EnterpriseID string
	// Name is what people call it, Domain the first part of its address.
	Name, Domain string

	s        *Server
	o        Options
	people   []*account // as they came
	byName   map[string]*account
	rooms    []*channel // those with a name, as they came
	byRoom   map[string]*channel
	direct   map[string]*channel // the direct messages with the bot, by user id
	groups   []*group
	grant    *grant // nil while the app is not installed
	external map[string]string
}

// account is a person, or a bot.
type account struct {
	Person
	id      string
	w       *Workspace
	botID   string // of bots
	updated int64  // seconds
	home    *View
	stack   []string // the ids of the views that are open, the root first
	shown   []*Message
	gone    int // how many were cut from shown
}

// grant is an installation of the app.
type grant struct {
	token     string
	w         *Workspace // nil of an installation in a whole organisation
	org       string     // the organisation's id, in a Grid
	scopes    []string
	bot       *account
	installer string
	broken    string // the error that every call meets: token_revoked, account_inactive
}

// kind is the sort of a channel.
type kind string

const (
	public  kind = "channel"
	private kind = "group"
	direct  kind = "im"
)

// channel is a conversation.
type channel struct {
	id, name string
	w        *Workspace
	kind     kind
	members  []string // user ids
	in       map[string]bool
	peer     string // the person of a direct message
	archived bool
	created  int64
	messages map[string]*Message // by ts
	roots    []string            // what history shows, oldest first
	threads  map[string][]string // replies by root, oldest first
}

// group is a user group.
type group struct {
	id, handle, name string
	members          []string // user ids
}

// recent are the latest things of a kind; what is older is forgotten.
type recent[T any] struct {
	byID  map[string]T
	order []string
}

const mostRecent = 16_384

func (r *recent[T]) add(id string, v T) {
	if r.byID == nil {
		r.byID = map[string]T{}
	}
	r.byID[id] = v
	r.order = append(r.order, id)
	if len(r.order) > mostRecent {
		delete(r.byID, r.order[0])
		r.order = r.order[1:]
	}
}

// begin makes the app and the first workspace.
func (s *Server) begin(o Options) {
	s.world = world{
		accounts: map[string]*account{}, channels: map[string]*channel{}, grants: map[string]*grant{},
		files: map[string]*file{}, views: map[string]*View{}, codes: map[string]*code{},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.AppID = s.id("A")
	s.SigningSecret, s.ClientSecret = random(16), random(16)
	s.ClientID = digits(10) + "." + digits(12)
	s.AppToken = strings.Join([]string{"xapp", "1", s.AppID, digits(13), random(32)}, "-")
	if o.Enterprise {
		s.EnterpriseID = s.id("E")
	}
	s.main = s.addWorkspace(o)
	s.TeamID = s.main.ID
	g := s.install(s.main, "", s.main.scopes())
	s.BotToken, s.BotUserID, s.BotID = g.token, g.bot.id, g.bot.botID
}

// AddWorkspace adds a team that the app can be installed in. Its limits are those of the first.
func (s *Server) AddWorkspace(o Options) *Workspace {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addWorkspace(o)
}

func (s *Server) addWorkspace(o Options) *Workspace {
	if o.Team == "" {
		o.Team = "Balie"
	}
	w := &Workspace{
		ID: s.id("T"), Name: o.Team, s: s, o: o,
		Domain: strings.ToLower(strings.ReplaceAll(o.Team, " ", "-")),
		byName: map[string]*account{}, byRoom: map[string]*channel{}, direct: map[string]*channel{},
		external: map[string]string{},
	}
	if o.Enterprise {
		if s.EnterpriseID == "" {
			s.EnterpriseID = s.id("E")
		}
		w.EnterpriseID = s.EnterpriseID
	}
	s.workspaces = append(s.workspaces, w)
	for _, p := range o.People {
		w.addPerson(p)
	}
	for _, c := range o.Channels {
		w.addChannel(c)
	}
	for _, g := range o.Groups {
		w.setGroup(g)
	}
	return w
}

func (w *Workspace) addPerson(p Person) *account {
	if p.Real == "" {
		p.Real = p.Name
	}
	if p.Locale == "" {
		p.Locale = "en-US"
	}
	if p.TZ == "" {
		p.TZ = "Etc/UTC"
	}
	if p.Email == "" && !p.Bot {
		p.Email = p.Name + "@example.com"
	}
	a := &account{Person: p, id: w.s.id("U"), w: w, updated: w.s.host.Now().Unix()}
	if p.Bot {
		a.botID = w.s.id("B")
	}
	w.people = append(w.people, a)
	w.byName[p.Name] = a
	w.s.accounts[a.id] = a
	return a
}

func (w *Workspace) addChannel(c Channel) *channel {
	k := public
	if c.Private {
		k = private
	}
	ch := w.newChannel(k, "C")
	ch.name = c.Name
	for _, p := range w.people {
		if c.Members == nil && !p.Bot && !p.Deleted && (!p.Guest || c.Private) || slices.Contains(c.Members, p.Name) {
			ch.join(p.id)
		}
	}
	if c.Bot && w.grant != nil {
		ch.join(w.grant.bot.id)
	}
	w.rooms = append(w.rooms, ch)
	w.byRoom[c.Name] = ch
	return ch
}

func (w *Workspace) newChannel(k kind, letter string) *channel {
	ch := &channel{
		id: w.s.id(letter), w: w, kind: k, in: map[string]bool{}, created: w.s.host.Now().Unix(),
		messages: map[string]*Message{}, threads: map[string][]string{},
	}
	w.s.channels[ch.id] = ch
	return ch
}

// directWith is the direct message of the bot with a person; it is made when it is first asked for.
func (w *Workspace) directWith(user string) *channel {
	if ch := w.direct[user]; ch != nil {
		return ch
	}
	ch := w.newChannel(direct, "D")
	ch.peer = user
	ch.join(user)
	if w.grant != nil {
		ch.join(w.grant.bot.id)
	}
	w.direct[user] = ch
	return ch
}

func (w *Workspace) setGroup(g Group) {
	if g.Name == "" {
		g.Name = g.Handle
	}
	var ids []string
	for _, m := range g.Members {
		if a := w.byName[m]; a != nil {
			ids = append(ids, a.id)
		}
	}
	for _, have := range w.groups {
		if have.handle == g.Handle {
			have.name, have.members = g.Name, ids
			return
		}
	}
	w.groups = append(w.groups, &group{id: w.s.id("S"), handle: g.Handle, name: g.Name, members: ids})
}

func (c *channel) join(user string) {
	if !c.in[user] {
		c.in[user] = true
		c.members = append(c.members, user)
	}
}

func (c *channel) leave(user string) {
	if c.in[user] {
		delete(c.in, user)
		c.members = slices.DeleteFunc(c.members, func(m string) bool { return m == user })
	}
}

// hasBot says whether the app is installed where the channel is, and is in it.
func (c *channel) hasBot() bool { return c.w.grant != nil && c.in[c.w.grant.bot.id] }

// event is what channel_type is in events about it.
func (c *channel) event() string { return string(c.kind) }

// id is a new id: the letter and ten more.
func (s *Server) id(letter string) string {
	s.lastID++
	return fmt.Sprintf("%s0%s%04d", letter, strings.ToUpper(random(3))[:5], s.lastID)
}

// ts is a new time stamp, later than every one before.
func (s *Server) ts() string {
	s.lastTS = max(s.lastTS+1, s.host.Now().UnixMicro())
	return formatTS(s.lastTS)
}

func formatTS(micro int64) string { return fmt.Sprintf("%010d.%06d", micro/1e6, micro%1e6) }

// secondsOf is the time of a time stamp.
func secondsOf(ts string) time.Time {
	var sec, micro int64
	if _, err := fmt.Sscanf(ts, "%d.%d", &sec, &micro); err != nil {
		return time.Time{}
	}
	return time.Unix(sec, micro*1000)
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func digits(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	return string(b)
}
