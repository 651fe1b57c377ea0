package setup_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/setup"
)

// ownSettings stands before a real server, whose settings and roles belong to everybody, and has those of its own.
type ownSettings struct {
	mu       sync.Mutex
	bots     bool
	commands bool
	allowed  string
	stubborn bool // says that it changed and does not, as with settings from the server's environment
	role     model.Role
	roles    map[string]string // of users, as given here
}

func (o *ownSettings) config() *model.Config {
	c := &model.Config{}
	c.ServiceSettings.EnableBotAccountCreation, c.ServiceSettings.EnableCommands = &o.bots, &o.commands
	c.ServiceSettings.AllowedUntrustedInternalConnections = &o.allowed
	c.LocalizationSettings.DefaultServerLocale = new("nl")
	return c
}

func (o *ownSettings) patch(c model.Config) {
	s := c.ServiceSettings
	if s.EnableBotAccountCreation != nil {
		o.bots = *s.EnableBotAccountCreation
	}
	if s.EnableCommands != nil {
		o.commands = *s.EnableCommands
	}
	if s.AllowedUntrustedInternalConnections != nil {
		o.allowed = *s.AllowedUntrustedInternalConnections
	}
}

// before starts the stand-in for the server.
func (o *ownSettings) before(t *testing.T, server string) string {
	t.Helper()
	o.role = model.Role{Id: model.NewId(), Name: model.SystemPostAllRoleId, Permissions: []string{"create_post"}}
	o.roles = map[string]string{}
	at, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	rest := httputil.NewSingleHostReverseProxy(at)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		answer := func(v any) {
			if err := json.NewEncoder(w).Encode(v); err != nil {
				t.Error(err)
			}
		}
		read := func(to any) {
			if err := json.NewDecoder(r.Body).Decode(to); err != nil {
				t.Error(err)
			}
		}
		path := strings.TrimPrefix(r.URL.Path, "/api/v4")
		user, isRoles := strings.CutSuffix(strings.TrimPrefix(path, "/users/"), "/roles")
		switch {
		case r.Method == http.MethodGet && path == "/config":
			answer(o.config())
		case path == "/config/patch":
			var patch model.Config
			if read(&patch); !o.stubborn {
				o.patch(patch)
			}
			answer(o.config())
		case path == "/roles/name/"+o.role.Name:
			answer(&o.role)
		case path == "/roles/"+o.role.Id+"/patch":
			var patch model.RolePatch
			read(&patch)
			o.role.Permissions = *patch.Permissions
			answer(&o.role)
		case path == "/roles/names":
			var names []string
			if read(&names); slices.Contains(names, o.role.Name) {
				answer([]*model.Role{&o.role})
			} else {
				answer([]*model.Role{})
			}
		case isRoles && r.Method == http.MethodPut:
			var given map[string]string
			read(&given)
			o.roles[user] = given["roles"]
			answer(map[string]string{"status": "OK"})
		case path == "/bots" && !o.bots:
			w.WriteHeader(http.StatusForbidden)
			answer(model.NewAppError("createBot", "api.bot.create_disabled", nil, "", http.StatusForbidden))
		default:
			rest.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestSettingsAreChangedOnlyIfAsked(t *testing.T) {
	n := newTown(t)
	own := &ownSettings{allowed: "chat.lan"}
	n.o.URL = own.before(t, n.URL)
	r, steps := n.run()
	n.expect(steps, setup.ToDo, "setting", "EnableBotAccountCreation is off: turn it on at System Console > Integrations > Bot Accounts")
	n.expect(steps, setup.ToDo, "setting", "EnableCommands is off: turn it on at System Console > Integrations > Integration Management")
	n.expect(steps, setup.ToDo, "callback", "AllowedUntrustedInternalConnections to “chat.lan 127.0.0.1”")
	n.expect(steps, setup.ToDo, "bot", "bots can't be made")
	if own.bots || own.commands || own.allowed != "chat.lan" {
		t.Error("settings were changed")
	}
	n.o.ChangeSettings, own.stubborn = true, true
	_, steps = n.again(r)
	n.expect(steps, setup.ToDo, "setting", "EnableCommands keeps its value: change it where the server is started")
	own.stubborn = false
	r, steps = n.again(r)
	n.expect(steps, setup.Changed, "setting", "EnableBotAccountCreation is on now")
	n.expect(steps, setup.Changed, "setting", "EnableCommands is on now")
	n.expect(steps, setup.Changed, "callback", "is “chat.lan 127.0.0.1” now")
	n.expect(steps, setup.Created, "bot", n.o.Bot)
	if !own.bots || !own.commands || own.allowed != "chat.lan 127.0.0.1" {
		t.Errorf("the settings are %v, %v, %q", own.bots, own.commands, own.allowed)
	}
	if c := n.commands(); len(c) != 1 || !strings.Contains(c[0].AutoCompleteDesc, "Vraag het de helpdesk") {
		t.Error("the command does not speak the server's language")
	}
	_, steps = n.again(r)
	n.only(steps, 0)
}

func TestPrivateReplies(t *testing.T) {
	n := newTown(t)
	own := &ownSettings{bots: true, commands: true, allowed: "127.0.0.1"}
	n.o.URL = own.before(t, n.URL)
	r, steps := n.run()
	n.expect(steps, setup.Found, "private", "comes as a direct message")
	n.o.PrivateReplies = true
	r, steps = n.again(r)
	n.expect(steps, setup.Changed, "private", "the role system_post_all has the permission create_post_ephemeral now")
	n.expect(steps, setup.Changed, "private", "has the role system_post_all now")
	if !slices.Equal(own.role.Permissions, []string{"create_post", "create_post_ephemeral"}) {
		t.Errorf("the role's permissions are %q", own.role.Permissions)
	}
	bot, _, err := n.Admin.GetUserByUsername(t.Context(), n.o.Bot, "")
	n.must(err)
	if own.roles[bot.Id] != "system_user system_post_all" {
		t.Errorf("the bot's roles are %q", own.roles[bot.Id])
	}
	_, err = n.Admin.UpdateUserRoles(t.Context(), bot.Id, own.roles[bot.Id]) // what the stand-in only noted
	n.must(err)
	_, steps = n.again(r)
	n.expect(steps, setup.Found, "private", "may show people lines that nobody else sees")
	n.only(steps, 0)
}

func TestAnAddressThatIsNotAllowed(t *testing.T) {
	n := newTown(t)
	n.o.Callback = "http://192.0.2.7:8080"
	_, steps := n.run()
	n.expect(steps, setup.ToDo, "callback", "Mattermost may not call http://192.0.2.7:8080 (192.0.2.7)")
}
