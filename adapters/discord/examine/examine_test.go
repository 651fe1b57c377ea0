package examine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/adapters/discord/examine"
	"balie/adapters/doctor/doctortest"
	"balie/internal/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// visit is an application that is set up, a Discord that knows it, and a Balie that answers as one does.
type visit struct {
	*testing.T
	o    examine.Options
	fake *discordfake.Server
	main *discordfake.GuildState
	us   http.HandlerFunc
	url  string
}

var statuses = []string{"Open", "Waiting for the requester", "Closed"}

func newVisit(t *testing.T, o discordfake.Options) *visit {
	t.Helper()
	if o.Guilds == nil {
		o.Guilds = []discordfake.Guild{{Name: "Acme", Channels: []discordfake.Channel{
			{Name: "triage"}, {Name: "help"}, {Name: "desk", Kind: discordfake.Forum, Tags: []string{"open", "Waiting for the req…", "Closed"}},
		}}}
	}
	v := &visit{T: t, fake: discordfake.New(t, o)}
	v.main = v.fake.Main()
	balie := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { v.us(w, r) }))
	balie.Config.ErrorLog = log.New(io.Discard, "", 0)
	balie.StartTLS()
	t.Cleanup(balie.Close)
	v.us, v.url = v.balie, balie.URL
	v.o = examine.Options{
		Token: v.fake.Token, ApplicationID: v.fake.ApplicationID, PublicKey: strings.ToUpper(v.fake.PublicKey), APIURL: v.fake.APIURL,
		URL: balie.URL + "/", Running: true, HTTP: balie.Client(), Commands: chat.CommandSpec{Name: "ticket", About: chat.Words{"en": "Help"}},
		Channels: []examine.Channel{
			{ID: v.main.ChannelID("triage"), Statuses: statuses}, {Workspace: v.main.GuildID, ID: v.main.ChannelID("help"), Requests: true},
			{ID: v.main.ChannelID("desk"), Statuses: statuses},
		},
	}
	v.register(v.o.Commands)
	v.application(nil)
	return v
}

// balie is one that takes interactions.
func (v *visit) balie(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/hooks/discord/interaction" || r.Header.Get("X-Signature-Ed25519") != "" {
		v.Errorf("Balie is asked for %s %s", r.Method, r.URL)
	}
	w.WriteHeader(http.StatusUnauthorized)
}

// register has the bot tell Discord of its commands.
func (v *visit) register(spec chat.CommandSpec) {
	v.Helper()
	body, err := json.Marshal(discord.Commands(spec))
	if err != nil {
		v.Fatal(err)
	}
	req, err := http.NewRequestWithContext(v.Context(), http.MethodPut, v.fake.APIURL+"/applications/"+v.fake.ApplicationID+"/commands",
		strings.NewReader(string(body)))
	if err != nil {
		v.Fatal(err)
	}
	req.Header.Set("Authorization", "Bot "+v.fake.Token)
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err == nil {
		err = resp.Body.Close()
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		v.Fatalf("the commands are not registered: %v, %v", resp, err)
	}
}

// application has the application be another one than the fake's in some ways: nil is one that is set up.
func (v *visit) application(change map[string]any) {
	v.Helper()
	app := map[string]any{
		"id": v.fake.ApplicationID, "name": "Balie", "verify_key": v.fake.PublicKey, "interactions_endpoint_url": v.url + discord.InteractionPath,
		"flags": 1<<15 | 1<<19, "bot": map[string]any{"id": v.fake.BotID, "username": "balie"},
	}
	for name, value := range change {
		app[name] = value
	}
	v.answer("GET /applications/@me", app)
}

// answer has Discord answer in another way from now on.
func (v *visit) answer(route string, with any) {
	v.Helper()
	body, err := json.Marshal(with)
	if err != nil {
		v.Fatal(err)
	}
	v.fake.FailNext(route, 0, discordfake.Fault{})
	v.fake.FailNext(route, -1, discordfake.Fault{Status: http.StatusOK, Body: string(body)})
}

// gateway is where the fake's gateway is.
func (v *visit) gateway() string { return "ws" + strings.TrimPrefix(v.fake.URL, "http") + "/gw" }

// look examines, and expects these parts of what is fine, and exactly these problems.
func (v *visit) look(fine, problems []string) {
	v.Helper()
	doctortest.Expect(v.T, examine.Examine(v.Context(), v.o), []string{v.fake.Token, v.o.Token}, fine, problems)
}

func TestAllIsWell(t *testing.T) {
	v := newVisit(t, discordfake.Options{})
	triage := "triage channel #triage in the server Acme (" + v.main.GuildID + "): the bot has all permissions"
	all := []string{
		"DISCORD_TOKEN is the bot balie's (" + v.fake.BotID + "), of the application " + v.fake.ApplicationID,
		"interactions come over HTTP: " + v.url + "/hooks/discord/interaction refuses what is not signed", "Server Members Intent: it is on",
		"Message Content Intent: it is on", "the bot is in 1 server: Acme (" + v.main.GuildID + ")", triage,
		"request channel #help in the server Acme", "triage channel #desk in the server Acme", "; each status has its tag",
		"the commands are registered as this version has them: /ticket", "the gateway may be connected to", "the clock agrees with Discord's",
		"a WebSocket to the gateway at " + v.gateway() + " can be opened", strings.TrimPrefix(v.fake.URL, "http://") + ", where files that people attach are, can be asked",
	}
	v.look(all, nil)
	for _, call := range v.fake.Log() {
		if !strings.HasPrefix(call.Route, "GET ") && call.Route != "PUT /applications/{application}/commands" {
			t.Errorf("Discord is asked to change something: %s", call.Route)
		}
	}
	if v.fake.CommandWrites() != 1 {
		t.Error("the commands were written")
	}
	if n := v.fake.Identified(); n != 0 {
		t.Errorf("%d sessions were begun", n)
	}
	v.o.Running, v.o.Channels = false, []examine.Channel{}
	v.look([]string{"can be seen when Balie is running", "names no channel on Discord"}, nil)
	// Without the fake's help: the real answer.
	v.fake.FailNext("GET /applications/@me", 0, discordfake.Fault{})
	v.o.PublicKey, v.o.Channels = "", nil
	v.look([]string{"interactions come over the gateway", "it is on, so that what people write"}, nil)
}

func TestTheToken(t *testing.T) {
	v := newVisit(t, discordfake.Options{})
	v.application(map[string]any{"id": "111111111111111111", "bot_require_code_grant": true})
	v.answer("GET /applications/{application}/commands", []any{})
	v.o.Running = false
	v.look([]string{"the commands are not registered yet"}, []string{
		"DISCORD_APPLICATION_ID is " + v.fake.ApplicationID + " and DISCORD_TOKEN of the application 111111111111111111",
		"switch off Requires OAuth2 Code Grant",
	})
	v.answer("GET /applications/@me", map[string]any{"hello": "world"})
	v.look(nil, []string{"what answers at DISCORD_API_URL is not Discord"})
	v.fake.FailNext("GET /applications/@me", 0, discordfake.Fault{})
	v.fake.FailNext("GET /applications/@me", 1, discordfake.Fault{Status: http.StatusForbidden, Code: 40333})
	v.look(nil, []string{"which application the bot is of can't be asked: Discord says status 403"})
	v.fake.RevokeToken()
	v.look(nil, []string{"DISCORD_TOKEN does not work: make a new one with Bot > Reset Token"})
	v.fake.Down(true)
	v.look(nil, []string{"Discord can't be asked: "})
	v.o.APIURL = "discord"
	v.look(nil, []string{"DISCORD_API_URL must be an address"})
}

func TestTheEndpoint(t *testing.T) {
	v := newVisit(t, discordfake.Options{})
	ours := v.url + discord.InteractionPath
	key := v.o.PublicKey
	v.o.PublicKey = ""
	v.look(nil, []string{"no interaction arrives, as Discord sends them to " + ours + ", which Balie does not take without DISCORD_PUBLIC_KEY"})
	v.o.PublicKey = strings.Repeat("ab", 32)
	v.look(nil, []string{"DISCORD_PUBLIC_KEY is not the application's"})
	v.o.PublicKey = key
	v.application(map[string]any{"interactions_endpoint_url": "https://old.example.org/hooks/discord/interaction"})
	v.look(nil, []string{"no interaction arrives, as Discord sends them to https://old.example.org/hooks/discord/interaction: set the " +
		"Interactions Endpoint URL under General Information in the application's settings to " + ours})
	v.application(map[string]any{"interactions_endpoint_url": nil})
	v.look([]string{"interactions come over the gateway, although DISCORD_PUBLIC_KEY is set"}, nil)

	v.application(nil)
	for status, problem := range map[int]string{
		http.StatusNotFound:            "does not take interactions (Not Found): start Balie again with DISCORD_PUBLIC_KEY",
		http.StatusMethodNotAllowed:    "does not take interactions (Method Not Allowed)",
		http.StatusOK:                  "takes what nobody signed",
		http.StatusBadGateway:          "answers with HTTP status 502",
		http.StatusTemporaryRedirect:   "sends on to https://elsewhere.example.org/",
		http.StatusInternalServerError: "answers with HTTP status 500",
	} {
		v.us = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example.org/")
			w.WriteHeader(status)
		}
		v.look(nil, []string{problem})
	}
	v.us = func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	v.look(nil, []string{"at " + v.url + " Balie does not answer, not even from here"})
	v.o.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	v.look(nil, []string{"has a certificate that is not trusted"})
}

func TestIntentsAndServers(t *testing.T) {
	v := newVisit(t, discordfake.Options{NoContent: true, NoMembers: true})
	v.fake.FailNext("GET /applications/@me", 0, discordfake.Fault{})
	v.look([]string{"Message Content Intent: it is off, so that what people write in tickets' threads is not read, and they answer with the buttons Reply and Add"},
		[]string{"Server Members Intent: it is off"})
	v.application(map[string]any{"flags": 1<<14 | 1<<18})
	v.look([]string{"Server Members Intent: it is on", "Message Content Intent: it is on"}, nil)
	for i := range 6 {
		v.fake.AddGuild(discordfake.Guild{Name: fmt.Sprintf("Branch\n%d", i)})
	}
	v.look([]string{"the bot is in 7 servers: Acme", "Branch 3 (", ", and 2 others"}, nil)
	v.main.RemoveBot()
	v.o.Channels = v.o.Channels[:1]
	v.look(nil, []string{"triage channel " + v.o.Channels[0].ID + ": "})

	v = newVisit(t, discordfake.Options{})
	v.main.RemoveBot()
	v.look(nil, []string{"the bot is in no server: open https://discord.com/oauth2/authorize?client_id=" + v.fake.ApplicationID})
}

func TestChannels(t *testing.T) {
	v := newVisit(t, discordfake.Options{Guilds: []discordfake.Guild{
		{Name: "Acme", Channels: []discordfake.Channel{
			{Name: "good"}, {Name: "hidden", NoBot: true}, {Name: "forum", Kind: discordfake.Forum, Tags: []string{"bug"}},
			{Name: "choosy", Kind: discordfake.Forum, RequireTag: true},
		}},
		{Name: "Other", BotPermissions: discordfake.DefaultPermissions &^ discordfake.ManageThreads, Channels: []discordfake.Channel{{Name: "theirs"}}},
	}})
	acme, other := v.main, v.fake.Guild("Other")
	in := func(c examine.Channel, fine, problem string) {
		t.Helper()
		v.o.Channels = []examine.Channel{c}
		if problem == "" {
			v.look([]string{fine}, nil)
		} else {
			v.look(nil, []string{problem})
		}
	}
	good := acme.ChannelID("good")
	in(examine.Channel{ID: "#good"}, "", `triage channel "#good" is no channel's id`)
	in(examine.Channel{ID: "123456789012345678"}, "", "triage channel 123456789012345678: there is none with this id")
	in(examine.Channel{ID: acme.ChannelID("hidden"), Requests: true}, "",
		"request channel "+acme.ChannelID("hidden")+": the bot does not see it; add balie, with View Channel")
	in(examine.Channel{ID: good, Workspace: "123456789012345678"}, "",
		"triage channel #good is in the server Acme ("+acme.GuildID+"), and the policy says the server 123456789012345678")
	in(examine.Channel{ID: acme.ChannelID("forum"), Requests: true}, "", "request channel #forum is a forum: conversations with requesters are private threads")
	in(examine.Channel{ID: acme.ChannelID("forum"), Statuses: statuses},
		"it has none called Open, Waiting for the req…, Closed", "")
	in(examine.Channel{ID: acme.ChannelID("choosy"), Statuses: statuses}, "", "triage channel #choosy: its posts need a tag, and it has none called Open, ")
	in(examine.Channel{ID: other.GuildID, Statuses: statuses}, "", "there is none with this id")
	theirs := acme.AddChannel(discordfake.Channel{Name: "talk"})
	for kind, called := range map[int]string{2: "a voice channel", 4: "a category", 5: "an announcement channel", 11: "a thread", 16: "a media channel", 99: "of an unknown kind"} {
		v.answer("GET /channels/{channel}", map[string]any{"id": theirs, "guild_id": acme.GuildID, "name": "talk", "type": kind})
		in(examine.Channel{ID: theirs}, "", "triage channel #talk is "+called+": name a text channel or a forum")
	}
	v.fake.FailNext("GET /channels/{channel}", 0, discordfake.Fault{})
	v.fake.FailNext("GET /channels/{channel}", 1, discordfake.Fault{Wait: 50 * time.Millisecond})
	in(examine.Channel{ID: good}, "triage channel #good", "")
	v.fake.FailNext("GET /channels/{channel}", 1, discordfake.Fault{Status: http.StatusInternalServerError})
	in(examine.Channel{ID: good}, "", "triage channel "+good+" can't be looked at: ")
}

func TestPermissionsOneByOne(t *testing.T) {
	v := newVisit(t, discordfake.Options{})
	for _, requests := range []bool{false, true} {
		for _, p := range discord.Permissions() {
			if discord.Needs(requests)&p.Bit == 0 {
				continue
			}
			id := v.main.AddChannel(discordfake.Channel{Name: "room", DenyBot: p.Bit})
			v.o.Channels = []examine.Channel{{ID: id, Requests: requests}}
			problem := "#room in the server Acme (" + v.main.GuildID + "): the bot lacks " + p.Name + "; allow that"
			if p.Bit == discordfake.ViewChannel {
				problem = "the bot does not see it"
			}
			v.look(nil, []string{problem})
		}
	}
	// The server's owner, an administrator and a role that is allowed may all.
	id := v.main.AddChannel(discordfake.Channel{Name: "room", DenyBot: discordfake.SendMessages | discordfake.EmbedLinks})
	v.o.Channels = []examine.Channel{{ID: id}}
	v.look(nil, []string{"the bot lacks Send Messages and Create Posts, Embed Links; allow"})
	v.main.SetRole("balie", discordfake.Administrator)
	v.look([]string{"triage channel #room"}, nil)
	// A forum has no such permission as that for threads.
	forum := v.main.AddChannel(discordfake.Channel{Name: "desk", Kind: discordfake.Forum, DenyBot: discordfake.CreatePublicThreads})
	v.main.SetRole("balie", discordfake.DefaultPermissions)
	v.o.Channels = []examine.Channel{{ID: forum}}
	v.look([]string{"triage channel #desk"}, nil)
}

func TestCommandsGatewayAndClock(t *testing.T) {
	v := newVisit(t, discordfake.Options{})
	v.o.Commands.About = chat.Words{"en": "Another version"}
	v.look(nil, []string{"a Balie is running, but Discord does not have the commands as this version has them"})
	v.o.Running = false
	v.look([]string{"the commands that are registered (/ticket) are not this version's"}, nil)
	v.fake.FailNext("GET /applications/{application}/commands", 1, discordfake.Fault{Status: http.StatusForbidden, Code: 20012})
	v.look(nil, []string{"which commands are registered can't be asked: status 403"})
	left := func(sessions int) {
		t.Helper()
		v.answer("GET /gateway/bot", map[string]any{"url": v.gateway(), "shards": 1,
			"session_start_limit": map[string]any{"total": 1000, "remaining": sessions, "reset_after": 3_600_000, "max_concurrency": 1}})
	}
	for sessions, want := range map[int]string{0: "has begun all 1000 sessions", 99: "may begin only 99 of 1000 sessions until "} {
		left(sessions)
		v.look(nil, []string{want})
	}
	left(500)
	v.look([]string{"the gateway may be connected to 500 times until "}, nil)
	for _, f := range examine.Examine(t.Context(), v.o) {
		if _, until, ok := strings.Cut(f.Fine, "500 times until "); ok {
			at, err := time.Parse("2006-01-02 15:04 UTC", until)
			if off := time.Until(at) - time.Hour; err != nil || off > time.Minute || off < -3*time.Minute {
				t.Errorf("in an hour is %q: %v", until, err)
			}
		}
	}
	v.fake.FailNext("GET /gateway/bot", 0, discordfake.Fault{})
	v.fake.FailNext("GET /gateway/bot", 1, discordfake.Fault{Status: http.StatusServiceUnavailable})
	v.look(nil, []string{"where the gateway is can't be asked"})
	v.fake.FailNext("GET /users/@me/guilds", 1, discordfake.Fault{Status: http.StatusServiceUnavailable})
	v.look([]string{"triage channel #triage in the server " + v.main.GuildID}, []string{"which servers the bot is in can't be asked"})

	for ahead, problem := range map[time.Duration]string{time.Hour: "behind Discord's: set", -2 * time.Hour: "ahead of Discord's: set"} {
		through := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := v.pass(w, r, ahead); err != nil {
				t.Error(err)
			}
		}))
		v.o.APIURL = through.URL + "/api/v9"
		v.look(nil, []string{problem})
		through.Close()
	}
}

// pass hands a request on to Discord, whose clock is ahead.
func (v *visit) pass(w http.ResponseWriter, r *http.Request, ahead time.Duration) error {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, v.fake.URL+r.URL.String(), nil)
	if err != nil {
		return err
	}
	req.Header = r.Header.Clone()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	w.WriteHeader(resp.StatusCode)
	_, err = io.Copy(w, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

func TestTheWayToDiscord(t *testing.T) {
	v := newVisit(t, discordfake.Options{})
	closed := "a WebSocket to the gateway at " + v.gateway() + " can't be opened, so the bot hears nothing: "
	v.fake.GatewayDown(true)
	v.look([]string{"the gateway may be connected to"}, []string{closed})
	for _, f := range examine.Examine(t.Context(), v.o) {
		if strings.HasPrefix(f.Problem, closed) && !strings.Contains(f.Problem, "(status 503); see that this machine may open it (firewall, proxy, name)") {
			t.Errorf("why it can't is not said: %s", f.Problem)
		}
	}
	v.fake.GatewayDown(false)
	starts := func(address string) {
		v.answer("GET /gateway/bot", map[string]any{"url": address, "shards": 1, "session_start_limit": map[string]any{"total": 1000, "remaining": 1000}})
	}
	starts("https://gateway.example.org")
	v.look(nil, []string{"a WebSocket to the gateway at https://gateway.example.org can't be opened, so the bot hears nothing: the address of the gateway is none"})
	up := websocket.Upgrader{}
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if err := errors.Join(ws.WriteJSON(map[string]any{"op": 11}), ws.Close()); err != nil {
			t.Error(err)
		}
	}))
	defer odd.Close()
	starts("ws" + strings.TrimPrefix(odd.URL, "http"))
	v.look(nil, []string{"can't be opened, so the bot hears nothing: the gateway greets with something that is no greeting"})
	v.fake.FailNext("GET /gateway/bot", 0, discordfake.Fault{})

	const file = "GET /attachments/{channel}/{id}/{name}"
	host := strings.TrimPrefix(v.fake.URL, "http://")
	v.fake.FailNext(file, -1, discordfake.Fault{Drop: true})
	v.look(nil, []string{"files that people attach can't be fetched from " + host + ": "})
	for _, status := range []int{http.StatusFound, http.StatusProxyAuthRequired, http.StatusBadGateway} {
		v.fake.FailNext(file, 0, discordfake.Fault{})
		v.fake.FailNext(file, 1, discordfake.Fault{Status: status})
		v.look(nil, []string{fmt.Sprintf("files that people attach can't be fetched: %s answers with HTTP status %d; see what is between", host, status)})
	}
	v.fake.FailNext(file, 1, discordfake.Fault{Status: http.StatusForbidden})
	v.look([]string{host + ", where files that people attach are, can be asked"}, nil)
}

func TestAgents(t *testing.T) {
	v := newVisit(t, discordfake.Options{
		People: []discordfake.Person{{Name: "ana", Global: "Ana\nSilva"}, {Name: "robot", Bot: true}, {Name: "eva"}},
		Guilds: []discordfake.Guild{{Name: "Acme", Members: []string{"robot"}, Channels: []discordfake.Channel{{Name: "triage"}}},
			{Name: "Other", Members: []string{"ana"}, Roles: []discordfake.Role{{Name: "Help desk"}}}},
	})
	v.o.Channels = v.o.Channels[:1]
	other := v.fake.Guild("Other")
	there := "the server Other (" + other.GuildID + ")"
	const nobody = "123456789012345678"
	for _, c := range []struct {
		agent         examine.Agent
		fine, problem string
	}{
		{agent: examine.Agent{Role: other.RoleID("Help desk")}, fine: "agents: the role Help desk (" + other.RoleID("Help desk") + ") is in " + there},
		{agent: examine.Agent{Role: nobody}, problem: "agents: no server that the bot is in has the role " + nobody + ": under Server Settings > Roles right-click " +
			"the role, choose Copy Role ID, and put that into the policy"},
		{agent: examine.Agent{Role: "@helpdesk"}, problem: `agents: "@helpdesk" is no role's id, which is a long number: switch on Developer Mode`},
		{agent: examine.Agent{Role: other.GuildID}, problem: "agents: " + other.GuildID + " is the role of everybody in " + there + ", by which nobody is found: give the " +
			"agents a role of their own"},
		{agent: examine.Agent{Person: v.fake.UserID("ana")}, fine: "agents: Ana Silva (" + v.fake.UserID("ana") + ") is in " + there},
		{agent: examine.Agent{Person: v.fake.UserID("eva")}, problem: "agents: nobody with the id " + v.fake.UserID("eva") + " is in a server that the bot is in: have them " +
			"join one, or right-click the person, choose Copy User ID"},
		{agent: examine.Agent{Person: nobody}, problem: "agents: nobody with the id " + nobody},
		{agent: examine.Agent{Person: "Ana"}, problem: `agents: "Ana" is no person's id, which is a long number`},
		{agent: examine.Agent{Person: v.fake.UserID("robot")}, problem: "agents: robot (" + v.fake.UserID("robot") + ") is a bot, of which Balie takes nothing"},
	} {
		v.o.Agents = []examine.Agent{c.agent}
		if c.problem == "" {
			v.look([]string{c.fine}, nil)
		} else {
			v.look(nil, []string{c.problem})
		}
	}
	role, person := examine.Agent{Role: other.RoleID("Help desk")}, examine.Agent{Person: v.fake.UserID("ana")}
	v.o.Agents = []examine.Agent{role, {Role: nobody}, person}
	before := v.fake.Calls("GET /guilds/{guild}/roles")
	v.look([]string{"the role Help desk", "Ana Silva"}, []string{nobody})
	if n := v.fake.Calls("GET /guilds/{guild}/roles") - before; n != 2 {
		t.Errorf("two servers' roles were listed %d times", n)
	}
	trouble := discordfake.Fault{Status: http.StatusServiceUnavailable}
	v.o.Agents, v.o.Channels = []examine.Agent{role, person}, nil
	v.fake.FailNext("GET /guilds/{guild}/roles", -1, trouble)
	v.fake.FailNext("GET /guilds/{guild}/members/{user}", -1, trouble)
	v.look(nil, []string{"agents: the role " + role.Role + " can't be looked for in the server Acme", "agents: the person " + person.Person + " can't be looked for in the server Acme"})
	other.RemoveBot()
	v.main.RemoveBot()
	v.look(nil, []string{"the bot is in no server"})
}
