package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"balie/adapters/discord/discordfake"
)

// discordTown is a Discord server in this process, with a crew's people at their clients. Everybody has an agent of their
// own, for nobody has two forms open at once on Discord. The conversations of every second team are private threads in a
// channel of its own, those of the others are direct.
type discordTown struct {
	*discordfake.Server
	general string
	triage  []string                     // the teams' channels
	private []string                     // where their private threads are; empty if they have none
	people  map[string]*discordfake.User // requesters, by id
	about   map[string]string            // their category, by name

	mu       sync.Mutex
	took     map[string]time.Duration // how long somebody's latest interaction waited for its answer, by their id
	answered int                      // interactions
	rooms    map[string]room          // by channel, or thread
}

// room is where messages stand.
type room struct {
	channel string
	thread  string // empty for the channel itself
	first   string // the post that a private thread begins with, for which the thread stands
	reader  *discordfake.User
	owner   string // whose conversation it is, by id; empty for a team's
}

// teamHelp is the name of the channel where a team's private threads are.
func teamHelp(n int) string { return fmt.Sprintf("help%02d", n) }

// settleDiscord starts a Discord with the people of a crew. Asked is told what goes to the program; nil for nobody.
func settleDiscord(people int, o discordfake.Options) (*discordTown, error) {
	const threads = 1_000_000 // other servers put theirs away after a week
	t := &discordTown{people: map[string]*discordfake.User{}, about: map[string]string{}, took: map[string]time.Duration{}, rooms: map[string]room{}}
	o.MaxActiveThreads, o.Watch = threads, t.watch
	guild := discordfake.Guild{Name: "School", Channels: []discordfake.Channel{{Name: "general"}}}
	for i := range people {
		o.People = append(o.People, discordfake.Person{Name: requester(i), Global: fmt.Sprint("Requester ", i)},
			discordfake.Person{Name: ownAgent(i), Global: fmt.Sprint("Agent ", i)})
		if i%eachTeam == 0 {
			guild.Channels = append(guild.Channels, discordfake.Channel{Name: teamHelp(i / eachTeam)},
				discordfake.Channel{Name: teamName(i / eachTeam), Private: true})
		}
		team := &guild.Channels[len(guild.Channels)-1]
		team.Members = append(team.Members, ownAgent(i))
	}
	o.Guilds = []discordfake.Guild{guild}
	var err error
	if t.Server, err = discordfake.Start(o); err != nil {
		return nil, fmt.Errorf("start a Discord: %w", err)
	}
	t.general = t.Main().ChannelID("general")
	for i := range people {
		if i%eachTeam == 0 {
			n, id, private := i/eachTeam, t.Main().ChannelID(teamName(i/eachTeam)), ""
			if n%2 == 0 {
				private = t.Main().ChannelID(teamHelp(n))
			}
			t.triage, t.private = append(t.triage, id), append(t.private, private)
			t.rooms[id] = room{channel: id, reader: t.As(ownAgent(i))}
		}
		direct, u := t.Direct(requester(i)), t.As(requester(i))
		t.people[u.ID], t.about[u.Name] = u, t.category(i)
		t.rooms[direct] = room{channel: direct, reader: u, owner: u.ID}
	}
	return t, nil
}

// category is what somebody's tickets are about, so that they go to their team.
func (t *discordTown) category(i int) string {
	if i < eachTeam {
		return "hardware"
	}
	return "hardware-" + teamName(i/eachTeam)
}

// policy is the one that the program comes with, with a team and a category for every channel. Typed says that what agents type
// under a card goes to the requester.
func (t *discordTown) policy(typed bool) string {
	const note, reply = "    thread: note ", "    thread: reply "
	teams := make([]string, len(t.triage))
	for n, channel := range t.triage {
		teams[n] = strconv.Quote(channel)
		if t.private[n] != "" {
			teams[n] += "\n    requests:\n      discord: " + strconv.Quote(t.private[n])
		}
		if typed && n > 0 {
			teams[n] += "\n" + reply
		}
	}
	text := teamPolicy("discord", teams, func(n int) string { return t.category(n * eachTeam) })
	if !typed {
		return text
	}
	if !strings.Contains(text, note) {
		panic("the default policy is not as it was")
	}
	return strings.Replace(text, note, reply, 1)
}

// deed is the little that has to be known of an interaction.
type deed struct {
	Type   int
	Member struct{ User struct{ ID string } }
	User   struct{ ID string }
	Data   struct {
		Component int `json:"component_type"`
	}
}

func deedOf(payload []byte) (d deed, err error) {
	err = json.Unmarshal(payload, &d)
	return d, err
}

// kind is what somebody did. Which page of a form it was, it does not tell.
func (d deed) kind() string {
	const command, component, complete, form = 2, 3, 4, 5
	const button = 2
	switch d.Type {
	case command:
		return kindCommand
	case component:
		if d.Data.Component == button {
			return kindClick
		}
		return kindChange
	case complete:
		return kindLookUp
	case form:
		return kindSubmit
	}
	return ""
}

// watch times interactions, from going out until they are answered.
func (t *discordTown) watch(r discordfake.Request) (answered func()) {
	d, err := deedOf(r.Payload)
	if err != nil {
		return nil
	}
	who := d.Member.User.ID + d.User.ID
	began := time.Now()
	return func() {
		took := time.Since(began)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.took[who] = took
		t.answered++
	}
}

// interactions is how many were answered so far.
func (t *discordTown) interactions() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.answered
}

// latest is how long somebody's latest interaction took.
func (t *discordTown) latest(u *discordfake.User) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.took[u.ID]
}

// begins notes a thread that the program began, below a card or by itself.
func (t *discordTown) begins(thread, parent string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.rooms[thread]; !there {
		t.rooms[thread] = room{channel: parent, thread: thread, reader: t.rooms[parent].reader}
	}
}

// invites notes whose a private thread is.
func (t *discordTown) invites(thread, person string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, there := t.rooms[thread]; there {
		r.owner, r.reader = person, t.people[person]
		t.rooms[thread] = r
	}
}

// room is where the messages of a channel or thread stand.
func (t *discordTown) room(id string) room {
	t.mu.Lock()
	r := t.rooms[id]
	t.mu.Unlock()
	if r.thread == "" || r.owner == "" || r.first != "" || r.reader == nil {
		return r
	}
	for _, m := range r.reader.Messages(id) {
		if m.Bot && !m.System {
			r.first = m.ID
			t.mu.Lock()
			t.rooms[id] = r
			t.mu.Unlock()
			break
		}
	}
	return r
}

// read is a message that stands somewhere now; nil if it does not.
func (t *discordTown) read(channel, id string) *message {
	r := t.room(channel)
	if r.reader == nil {
		return nil
	}
	m := r.reader.Message(channel, id)
	if m == nil {
		return nil
	}
	return r.message(*m)
}

// message is one of the room's.
func (r room) message(m discordfake.Message) *message {
	words := m.Plain()
	out := &message{id: m.ID, root: m.Reply, channel: r.channel, by: m.Author, posted: m.Bot && !m.Ephemeral && !m.System, said: words, all: words,
		offers: func(label string) bool { return slices.Contains(m.Labels(), label) }, of: m}
	if r.thread != "" {
		if out.root = r.thread; m.ID == r.first {
			out.id, out.root = r.thread, ""
		}
	}
	return out
}

// shelves are all that stands on the server: somebody's conversations together, and a team's channel with its threads.
func (t *discordTown) shelves() []shelf {
	t.mu.Lock()
	ids := slices.SortedFunc(maps.Keys(t.rooms), func(a, b string) int { // what threads hang on comes first
		return strings.Compare(t.rooms[a].thread, t.rooms[b].thread)
	})
	t.mu.Unlock()
	all := map[string]*shelf{}
	for _, id := range ids {
		r := t.room(id)
		if r.reader == nil {
			continue
		}
		of := cmp.Or(r.owner, r.channel)
		if all[of] == nil {
			all[of] = &shelf{owner: r.owner, triage: r.owner == ""}
		}
		for _, m := range r.reader.Messages(id) {
			if !m.Ephemeral && !m.System {
				all[of].list = append(all[of].list, r.message(m))
			}
		}
	}
	var out []shelf
	for _, s := range all {
		out = append(out, *s)
	}
	return out
}

// write posts into somebody's conversation: in its thread, or as a reply to how it began.
func (t *discordTown) write(ctx context.Context, name string, root *message, text string) error {
	u := t.As(name)
	if r := t.room(root.id); r.thread != "" {
		return said(u.Say(ctx, r.thread, text))
	}
	return said(u.Reply(ctx, root.channel, root.id, text))
}

// below writes in the thread under a card.
func (t *discordTown) below(ctx context.Context, name string, card *message, text string) error {
	return said(t.As(name).Say(ctx, card.id, text))
}

func said(a discordfake.Answer, err error) error {
	if err == nil && a.Refused != "" {
		err = errors.New("refused by Discord: " + a.Refused)
	}
	return err
}
