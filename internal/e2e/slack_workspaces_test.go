package e2e

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"balie/adapters/slack/slackfake"
	"balie/internal/app"
	"balie/internal/config"
	"balie/internal/ticket"
)

// nextDoor is a workspace beside the one of the token.
func nextDoor(n *slackNetwork) *slackfake.Workspace {
	second := n.fake.AddWorkspace(slackfake.Options{Team: "Next door",
		People: []slackfake.Person{{Name: "yan", Real: "Yan Li"}, {Name: "zoe", Real: "Zoë Martin"}},
		Channels: []slackfake.Channel{{Name: "lobby", Bot: true},
			{Name: "desk", Private: true, Members: []string{"yan"}, Bot: true}}})
	n.settings = func(c *config.Slack) {
		c.ClientID, c.ClientSecret = n.fake.ClientID, config.NewSecret(n.fake.ClientSecret)
		c.Workspaces = second.ID
	}
	n.channels = func(team *ticket.Team) {
		team.Triage = []ticket.Channel{
			{Platform: "slack", Workspace: n.fake.TeamID, ID: n.fake.ChannelID("ict-triage")},
			{Platform: "slack", Workspace: second.ID, ID: second.ChannelID("desk")},
		}
	}
	return second
}

// in is the same world as people of another workspace see it.
func (w *slackWorld) in(team *slackfake.Workspace) *slackWorld {
	n := &slackNetwork{fake: w.fake, team: team, by: w.slack.by, base: w.slack.base, sent: map[string]slackfake.Answer{}}
	there := *w.world
	there.net = n
	return &slackWorld{world: &there, slack: n, fake: w.fake}
}

// installs goes through the pages as an admin of the workspace does, and gives what the last one says.
func (w *slackWorld) installs(team *slackfake.Workspace) (status int, page string) {
	w.Helper()
	browser := w.browser()
	_, to, page := w.surfs(browser, w.app.URL()+"/slack/install")
	if to == "" {
		w.Fatalf("the page does not lead to Slack: %s", page)
	}
	back, err := team.Authorize(to)
	if err != nil {
		w.Fatalf("Slack says: %v", err)
	}
	for back != "" {
		status, back, page = w.surfs(browser, back)
	}
	return status, page
}

// browser is one that was never used before, and goes nowhere by itself.
func (w *slackWorld) browser() *http.Client {
	w.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	b := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true}}
	return b
}

// surfs opens a page, and says where it leads.
func (w *slackWorld) surfs(browser *http.Client, address string) (status int, to, page string) {
	w.Helper()
	resp, err := browser.Get(address)
	if err != nil {
		w.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		w.Fatal(err)
	}
	if at, err := resp.Location(); err == nil {
		to = at.String()
	}
	return resp.StatusCode, to, string(body)
}

// TestSlackSecondWorkspace has an admin of another workspace install the app on the web pages: both have tickets of their
// own, with agents and channels apart, also after a restart; and one goes on when the other takes the app away.
func TestSlackSecondWorkspace(t *testing.T) {
	for _, by := range transports {
		t.Run(string(by), func(t *testing.T) {
			n := newSlack(t, by, slackfake.Options{})
			second := nextDoor(n)
			w := &slackWorld{world: start(t, embedded(t), n), slack: n, fake: n.fake}
			w.adjust = func(o *app.Options) { o.Pace.Roster = 200 * time.Millisecond }
			w.restart()
			if status, page := w.installs(second); status != http.StatusOK {
				t.Fatalf("installed: %d %s", status, page)
			}
			there := w.in(second)
			key, card, its, other := w.beside(there.world)

			// The store has the installation, and nobody reads the token there.
			w.restart()
			there = w.in(second)
			ana, carla, yan, zoe := w.as("ana"), w.as("carla"), there.as("yan"), there.as("zoe")
			yan.fills(yan.clicks(other, "Reply").Form, "text", "On my way")
			zoe.sees(direct, its.ID, "Yan Li: On my way")
			yan.sees("desk", other.ID, "On my way")

			// One takes the app away; the other does not notice.
			second.Uninstall()
			w.eventually(func() error { return times(1, w.log.take("was removed from the Slack workspace")) })
			mine := w.mine(ana, key)
			ana.says(direct, mine.ID, "It still leaks")
			carla.sees("ict-triage", card.ID, "Ana Silva: It still leaks")
			if status, page := w.installs(second); status != http.StatusOK {
				t.Fatalf("installed again: %d %s", status, page)
			}
			f := zoe.types(direct, "/ticket It is out").Form
			zoe.fills(f, "type", "question", "category", "other")
			zoe.later(direct, "", "HD-00003 · It is out")
			w.warns("posts wait for an admin", "/invite") // nobody has brought the bot back to the desk
		})
	}
}

// TestSlackInstallPages goes wrong on the web pages in every way: nobody gets in who may not.
func TestSlackInstallPages(t *testing.T) {
	n := newSlack(t, overHTTP, slackfake.Options{})
	second := nextDoor(n)
	third := n.fake.AddWorkspace(slackfake.Options{Team: "Strangers", People: []slackfake.Person{{Name: "mallory"}}})
	w := &slackWorld{world: start(t, embedded(t), n), slack: n, fake: n.fake}
	if status, page := w.installs(third); status == http.StatusOK {
		t.Errorf("a workspace that nobody named was installed: %s", page)
	}
	browser, stranger := w.browser(), w.browser()
	_, to, _ := w.surfs(browser, w.app.URL()+"/slack/install")
	back, err := second.Authorize(to)
	if err != nil {
		t.Fatal(err)
	}
	for what, try := range map[string]struct {
		browser *http.Client
		address string
	}{
		"another browser": {stranger, back},
		"another state":   {browser, strings.Replace(back, "state=", "state=x", 1)},
		"no state":        {browser, strings.Replace(back, "state=", "other=", 1)},
		"a made-up code":  {browser, strings.Replace(back, "code=", "code=1", 1)},
		"no":              {browser, strings.Replace(back, "code=", "error=access_denied&other=", 1)},
		"nothing":         {browser, w.app.URL() + "/slack/oauth"},
	} {
		if status, to, page := w.surfs(try.browser, try.address); status/100 == 2 || to != "" {
			t.Errorf("%s: %d to %q: %s", what, status, to, page)
		}
	}
	yan := w.in(second).as("yan")
	if a, err := yan.net.command(t.Context(), "yan", "lobby", "", "/ticket"); err == nil && a.Form != nil {
		t.Errorf("Yan sees %+v", a)
	}
}
