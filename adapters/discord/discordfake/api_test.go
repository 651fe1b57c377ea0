package discordfake_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/discord/discordfake"
)

// options are a guild with people, a private channel, a forum, and channels where the bot is lacking.
func options() discordfake.Options {
	return discordfake.Options{
		People: []discordfake.Person{
			{Name: "ann", Global: "Ann Smith"}, {Name: "bob", Nick: "Bobby"}, {Name: "closed", Closed: true}, {Name: "robot", Bot: true},
			{Name: "stranger"},
		},
		Guilds: []discordfake.Guild{
			{
				Name: "Balie", Members: []string{"ann", "bob", "closed", "robot"},
				Channels: []discordfake.Channel{
					{Name: "general"}, {Name: "team", Private: true, Members: []string{"bob"}}, {Name: "hidden", NoBot: true},
					{Name: "queue", Kind: discordfake.Forum, Tags: []string{"open", "closed"}},
				},
				Roles: []discordfake.Role{{Name: "agents", Members: []string{"bob"}}},
			},
			{Name: "Other", Members: []string{"ann"}, Channels: []discordfake.Channel{{Name: "general"}}},
		},
	}
}

// rewritten sends what goes to Discord to the fake.
type rewritten struct{ to *url.URL }

func (r rewritten) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host = r.to.Scheme, r.to.Host
	return http.DefaultTransport.RoundTrip(req)
}

// library is the library's session with the fake.
func library(t *testing.T, s *discordfake.Server) *discordgo.Session {
	t.Helper()
	to, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	d, err := discordgo.New("Bot " + s.Token)
	if err != nil {
		t.Fatal(err)
	}
	d.Client = &http.Client{Transport: rewritten{to}}
	d.MaxRestRetries, d.ShouldRetryOnRateLimit = 0, false
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return d
}

func code(err error) int {
	if refused, ok := errors.AsType[*discordgo.RESTError](err); ok && refused.Message != nil {
		return refused.Message.Code
	}
	return 0
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestTheLibraryPostsEditsAndReads(t *testing.T) {
	s := discordfake.New(t, options())
	d, g := library(t, s), s.Main()
	ch := g.ChannelID("general")
	card := must(d.ChannelMessageSendComplex(ch, &discordgo.MessageSend{
		Content:         "<@" + s.UserID("ann") + "> look",
		Embeds:          []*discordgo.MessageEmbed{{Title: "HELP-1", Description: "It broke", Color: 0xff0000, Fields: []*discordgo.MessageEmbedField{{Name: "Status", Value: "Open", Inline: true}}}},
		AllowedMentions: &discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}, Users: []string{s.UserID("ann")}},
		Components: []discordgo.MessageComponent{
			discordgo.ActionsRow{Components: []discordgo.MessageComponent{
				discordgo.Button{Label: "Take", Style: discordgo.PrimaryButton, CustomID: "take"},
				discordgo.Button{Label: "Open", Style: discordgo.LinkButton, URL: "https://balie.example"},
			}},
			discordgo.ActionsRow{Components: []discordgo.MessageComponent{discordgo.SelectMenu{
				MenuType: discordgo.StringSelectMenu, CustomID: "status", Placeholder: "Status",
				Options: []discordgo.SelectMenuOption{{Label: "Open", Value: "open"}, {Label: "Closed", Value: "closed"}},
			}}},
		},
		Files: []*discordgo.File{{Name: "a log.txt", ContentType: "text/plain", Reader: strings.NewReader("line\n")}},
	}))(t)
	if card.Author.ID != s.BotID || len(card.Embeds) != 1 || len(card.Components) != 2 || len(card.Mentions) != 1 || len(card.Attachments) != 1 {
		t.Fatalf("the message is %+v", card)
	}
	file := must(d.Client.Get(card.Attachments[0].URL))(t)
	data := must(io.ReadAll(file.Body))(t)
	_ = file.Body.Close()
	if string(data) != "line\n" || card.Attachments[0].Filename != "a_log.txt" || file.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("the file %q is %q of type %s", card.Attachments[0].Filename, data, file.Header.Get("Content-Type"))
	}
	text, none := "done", []discordgo.MessageComponent{}
	edited := must(d.ChannelMessageEditComplex(&discordgo.MessageEdit{Channel: ch, ID: card.ID, Content: &text, Components: &none}))(t)
	if edited.Content != "done" || len(edited.Components) != 0 || len(edited.Embeds) != 1 || edited.EditedTimestamp == nil {
		t.Errorf("after the edit it is %+v", edited)
	}
	if now := must(d.ChannelMessage(ch, card.ID))(t); now.Content != "done" || len(now.Attachments) != 1 {
		t.Errorf("read again it is %+v", now)
	}
	if err := d.ChannelMessageDelete(ch, card.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ChannelMessage(ch, card.ID); code(err) != discordgo.ErrCodeUnknownMessage {
		t.Errorf("a deleted message: %v", err)
	}
}

func TestTheLibraryReadsInPages(t *testing.T) {
	s := discordfake.New(t, options())
	d, ch := library(t, s), s.Main().ChannelID("general")
	var ids []string
	for range 7 {
		ids = append(ids, must(d.ChannelMessageSend(ch, "x"))(t).ID)
	}
	read := func(limit int, before, after, around string) []string {
		var out []string
		for _, m := range must(d.ChannelMessages(ch, limit, before, after, around))(t) {
			out = append(out, m.ID)
		}
		slices.Reverse(out) // they come newest first
		return out
	}
	for name, c := range map[string]struct{ got, want []string }{
		"the latest": {read(3, "", "", ""), ids[4:]}, "before": {read(2, ids[3], "", ""), ids[1:3]},
		"after": {read(2, "", ids[3], ""), ids[4:6]}, "around": {read(3, "", "", ids[3]), ids[2:5]},
		"all after a time": {read(100, "", "1", ""), ids},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, not %v of %v", name, c.got, c.want, ids)
		}
	}
	if !slices.IsSorted(ids) {
		t.Errorf("ids are to grow: %v", ids)
	}
}

func TestTheLibraryUsesThreads(t *testing.T) {
	s := discordfake.New(t, options())
	d, g := library(t, s), s.Main()
	ch := g.ChannelID("general")
	card := must(d.ChannelMessageSend(ch, "card"))(t)
	th := must(d.MessageThreadStartComplex(ch, card.ID, &discordgo.ThreadStart{Name: "HELP-1", AutoArchiveDuration: 1440}))(t)
	if th.ID != card.ID || th.ParentID != ch || th.Type != discordgo.ChannelTypeGuildPublicThread || th.OwnerID != s.BotID {
		t.Fatalf("the thread is %+v", th)
	}
	must(d.ChannelMessageSend(th.ID, "inside"))(t)
	inside := must(d.ChannelMessages(th.ID, 10, "", "", ""))(t)
	if len(inside) != 2 || inside[0].Content != "inside" || inside[1].Type != discordgo.MessageTypeThreadStarterMessage || inside[1].ReferencedMessage == nil {
		t.Errorf("in the thread there are %d messages: %+v", len(inside), inside)
	}
	if now := must(d.ChannelMessage(ch, card.ID))(t); now.Thread == nil || now.Thread.ID != th.ID || now.Flags&discordgo.MessageFlagsHasThread == 0 {
		t.Errorf("the message does not show its thread: %+v", now)
	}
	yes := true
	if closed := must(d.ChannelEditComplex(th.ID, &discordgo.ChannelEdit{Archived: &yes, Locked: &yes}))(t); !closed.ThreadMetadata.Archived || !closed.ThreadMetadata.Locked {
		t.Errorf("after archiving it is %+v", closed.ThreadMetadata)
	}
	if list := must(d.ThreadsArchived(ch, nil, 10))(t); len(list.Threads) != 1 {
		t.Errorf("archived are %+v", list)
	}
	must(d.ChannelMessageSend(th.ID, "again"))(t) // which opens it, since the bot manages threads
	if th := s.Thread(th.ID); th.Archived || !th.Locked {
		t.Errorf("after writing it is %+v", th)
	}
	if list := must(d.GuildThreadsActive(g.GuildID))(t); len(list.Threads) != 1 || len(list.Members) != 1 {
		t.Errorf("active are %+v", list)
	}
}

func TestAPrivateThreadIsForItsMembers(t *testing.T) {
	s := discordfake.New(t, options())
	d, g := library(t, s), s.Main()
	ch := g.ChannelID("general")
	th := must(d.ThreadStartComplex(ch, &discordgo.ThreadStart{Name: "private", Type: discordgo.ChannelTypeGuildPrivateThread, Invitable: false}))(t)
	if err := d.ThreadMemberAdd(th.ID, s.UserID("ann")); err != nil {
		t.Fatal(err)
	}
	if of := must(d.ChannelMessages(th.ID, 5, "", "", ""))(t); len(of) != 1 || of[0].Type != discordgo.MessageTypeRecipientAdd {
		t.Errorf("the thread says %+v", of)
	}
	if of := must(d.ChannelMessages(ch, 5, "", "", ""))(t); len(of) != 0 {
		t.Errorf("the channel is told of a private thread: %+v", of)
	}
	if n := len(s.As("ann").Threads(ch)); n != 1 {
		t.Errorf("ann sees %d threads", n)
	}
	if n := len(s.As("bob").Threads(ch)); n != 0 {
		t.Errorf("bob sees %d threads", n)
	}
	must(d.ChannelMessageSendComplex(th.ID, &discordgo.MessageSend{Content: "<@" + s.UserID("bob") + ">", AllowedMentions: &discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}}}))(t)
	if n := len(s.As("bob").Threads(ch)); n != 0 {
		t.Error("a mention that notifies nobody adds to the thread")
	}
	must(d.ChannelMessageSend(th.ID, "<@"+s.UserID("bob")+">"))(t)
	if n := len(s.As("bob").Threads(ch)); n != 1 {
		t.Error("a mention does not add to the thread")
	}
	public := must(d.ThreadStartComplex(ch, &discordgo.ThreadStart{Name: "public", Type: discordgo.ChannelTypeGuildPublicThread}))(t)
	of := must(d.ChannelMessages(ch, 5, "", "", ""))(t)
	if len(of) != 1 || of[0].Type != discordgo.MessageTypeThreadCreated || of[0].Content != "public" || of[0].MessageReference.ChannelID != public.ID {
		t.Errorf("of a public thread the channel says %+v", of)
	}
}

func TestAForumHasPosts(t *testing.T) {
	s := discordfake.New(t, options())
	d, g := library(t, s), s.Main()
	forum := g.ChannelID("queue")
	post := must(d.ForumThreadStartComplex(forum, &discordgo.ThreadStart{Name: "HELP-1", AutoArchiveDuration: 10080, AppliedTags: []string{g.TagID(forum, "open")}},
		&discordgo.MessageSend{Content: "card", Files: []*discordgo.File{{Name: "x.txt", Reader: strings.NewReader("x")}}}))(t)
	first := must(d.ChannelMessage(post.ID, post.ID))(t)
	if first.Content != "card" || len(first.Attachments) != 1 {
		t.Errorf("the first message is %+v", first)
	}
	must(d.ChannelEditComplex(post.ID, &discordgo.ChannelEdit{AppliedTags: &[]string{g.TagID(forum, "closed")}}))(t)
	if th := s.Thread(post.ID); !slices.Equal(th.Tags, []string{"closed"}) || th.Parent != forum {
		t.Errorf("the post is %+v", th)
	}
	if _, err := d.ChannelMessageSend(forum, "x"); code(err) != 50008 {
		t.Errorf("a message in the forum itself: %v", err)
	}
}

func TestTheLibraryFindsGuildsAndPeople(t *testing.T) {
	s := discordfake.New(t, options())
	d, g := library(t, s), s.Main()
	if all := must(d.UserGuilds(100, "", "", false))(t); len(all) != 2 {
		t.Errorf("the bot is in %d guilds", len(all))
	}
	var names []string
	for _, c := range must(d.GuildChannels(g.GuildID))(t) {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, []string{"general", "team", "queue"}) {
		t.Errorf("the bot sees %v", names)
	}
	var all []string
	for after := ""; ; {
		page := must(d.GuildMembers(g.GuildID, after, 2))(t)
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			all = append(all, m.User.Username)
		}
		after = page[len(page)-1].User.ID
	}
	if slices.Sort(all); !slices.Equal(all, []string{"ann", "balie", "bob", "closed", "robot"}) {
		t.Errorf("members are %v", all)
	}
	if m := must(d.GuildMember(g.GuildID, s.UserID("bob")))(t); m.Nick != "Bobby" || !slices.Equal(m.Roles, []string{g.RoleID("agents")}) {
		t.Errorf("bob is %+v", m)
	}
	roles := must(d.GuildRoles(g.GuildID))(t)
	i := slices.IndexFunc(roles, func(r *discordgo.Role) bool { return r.ID == g.RoleID("balie") })
	if i < 0 || uint64(roles[i].Permissions) != discordfake.DefaultPermissions || !roles[i].Managed {
		t.Errorf("roles are %+v", roles)
	}
	dm := must(d.UserChannelCreate(s.UserID("ann")))(t)
	if again := must(d.UserChannelCreate(s.UserID("ann")))(t); again.ID != dm.ID || dm.Type != discordgo.ChannelTypeDM {
		t.Errorf("the direct message is %+v, then %+v", dm, again)
	}
	must(d.ChannelMessageSend(dm.ID, "hello"))(t)
}

func TestANonceMakesOneMessage(t *testing.T) {
	s := discordfake.New(t, options())
	ch := s.Main().ChannelID("general")
	body := `{"content":"once","nonce":"abc","enforce_nonce":true}`
	first, again := send(t, s, "POST", "/channels/"+ch+"/messages", body), send(t, s, "POST", "/channels/"+ch+"/messages", body)
	if first.Status != 200 || again.Status != 200 || first.ID == "" || first.ID != again.ID || again.Nonce != "abc" {
		t.Errorf("%+v, then %+v", first, again)
	}
	s.Advance(6 * time.Minute)
	if later := send(t, s, "POST", "/channels/"+ch+"/messages", body); later.ID == first.ID {
		t.Error("after minutes the nonce is still known")
	}
	if n := s.Messages(ch); n != 2 {
		t.Errorf("there are %d messages", n)
	}
}

func TestFilesExpire(t *testing.T) {
	s := discordfake.New(t, options())
	d, ch := library(t, s), s.Main().ChannelID("general")
	m := must(d.ChannelFileSend(ch, "x.txt", bytes.NewReader([]byte("x"))))(t)
	get := func(at string) int {
		resp := must(d.Client.Get(at))(t)
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	at := m.Attachments[0].URL
	if got := get(at); got != 200 {
		t.Errorf("the file is answered with %d", got)
	}
	if got := get(strings.Replace(at, "hm=", "hm=0", 1)); got != 404 {
		t.Errorf("without its signature the file is answered with %d", got)
	}
	s.Advance(25 * time.Hour)
	if got := get(at); got != 404 {
		t.Errorf("after a day the file is answered with %d", got)
	}
	if got := get(must(d.ChannelMessage(ch, m.ID))(t).Attachments[0].URL); got != 200 {
		t.Errorf("its new address is answered with %d", got)
	}
}

func TestCommandsAreOverwritten(t *testing.T) {
	s := discordfake.New(t, options())
	d := library(t, s)
	nl := map[discordgo.Locale]string{discordgo.Dutch: "melding"}
	cmds := []*discordgo.ApplicationCommand{
		{Name: "ticket", Description: "Tickets", NameLocalizations: &nl, Options: []*discordgo.ApplicationCommandOption{{
			Type: discordgo.ApplicationCommandOptionSubCommand, Name: "new", Description: "A new one",
			Options: []*discordgo.ApplicationCommandOption{{Type: discordgo.ApplicationCommandOptionString, Name: "category", Description: "What about", Autocomplete: true}},
		}}},
		{Name: "Create ticket", Type: discordgo.MessageApplicationCommand},
	}
	first := must(d.ApplicationCommandBulkOverwrite(s.ApplicationID, "", cmds))(t)
	again := must(d.ApplicationCommandBulkOverwrite(s.ApplicationID, "", cmds))(t)
	if len(first) != 2 || first[0].ID != again[0].ID || s.CommandWrites() != 2 || len(must(d.ApplicationCommands(s.ApplicationID, ""))(t)) != 2 {
		t.Errorf("%+v, then %+v", first, again)
	}
	if len(s.Problems()) != 0 {
		t.Error("there are problems")
	}
	cmds[0].Name = "Ticket"
	if _, err := d.ApplicationCommandBulkOverwrite(s.ApplicationID, "", cmds); code(err) != 50035 || len(s.Problems()) != 1 {
		t.Errorf("a name in capitals: %v", err)
	}
}
