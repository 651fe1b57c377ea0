package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermostfake"
	"balie/adapters/mattermost/mattermosttest"
)

// privately is where somebody may be told something alone.
type privately struct {
	name  string
	grant bool // the server lets the bot show people lines that nobody else sees
}

// TestMattermostPrivateReplies goes through lists, cards and forms where the bot may show people private lines, and where it
// may not: they stay where they were asked for if that is possible, and nobody else reads them in any case.
func TestMattermostPrivateReplies(t *testing.T) {
	for _, p := range []privately{{"with the right", true}, {"without it", false}} {
		t.Run(p.name, func(t *testing.T) {
			w := onFake(t, mattermostfake.Options{})
			if p.grant {
				w.mayWhisper()
			}
			ana, carla, eva := w.as("ana"), w.as("carla"), w.as("eva")
			w.done(w.town.As("eva").Online(t.Context()))
			// At a click the bot can only answer with a text by itself.
			clicked, inTriage := "general", "ict-triage"
			if !p.grant {
				clicked, inTriage = direct, direct
			}

			// The answer to a form has the command's own way back.
			f := ana.types("general", "/ticket ticket 0").Form
			m := ana.reads(ana.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-00001")
			w.shownIn(ana, m, "general", "")
			first := carla.sees("ict-triage", "", "HD-00001")
			w.mine(ana, "HD-00001")
			for i := range 11 {
				ana.ticket(fmt.Sprintf("ticket %d", i+1))
			}
			w.settled()
			for i := range 12 {
				w.seen[w.mine(ana, fmt.Sprintf("HD-%05d", i+1)).ID] = true
				carla.find("ict-triage", "", []string{fmt.Sprintf("HD-%05d", i+1)}, func(message) bool { return true })
			}

			// A list, its next page, a card out of it, and what can be done there.
			a := ana.types("general", "/ticket mine")
			last := a.Private[slices.IndexFunc(a.Private, func(m message) bool { return m.has("Next") })]
			w.shownIn(ana, last, "general", "")
			a = ana.clicks(last, "Next")
			w.shownIn(ana, ana.reads(a, "HD-00001"), clicked, "")
			a = ana.clicks(ana.reads(a, "HD-00001"), "Show")
			shown := ana.reads(a, "HD-00001", "Waiting for triage")
			w.shownIn(ana, shown, clicked, "")
			ana.fills(ana.clicks(shown, "Close").Form, "text", "Never mind")
			ana.sees(direct, w.mine(ana, "HD-00001").ID, "Ana Silva closed this ticket")
			carla.sees("ict-triage", first.ID, "Ana Silva closed this ticket")

			// In the thread where it was asked for.
			root := ana.says("general", "", "Lunch?")
			a = ana.must(ana.net.command(t.Context(), "ana", "general", root.ID, "/ticket mine"))
			last = a.Private[slices.IndexFunc(a.Private, func(m message) bool { return m.has("Next") })]
			w.shownIn(ana, last, "general", root.ID)
			thread := root.ID
			if !p.grant {
				thread = ""
			}
			a = ana.clicks(last, "Next")
			w.shownIn(ana, ana.reads(a, "HD-00002"), clicked, thread)

			// A text is answered on the spot, whatever the bot may do.
			w.shownIn(carla, carla.reads(carla.clicks(first, "Show"), "HD-00001"), inTriage, "")
			fifth := carla.find("ict-triage", "", []string{"HD-00005"}, any1)
			w.shownIn(carla, carla.reads(carla.clicks(fifth, "Claim"), "HD-00005", "is yours"), "ict-triage", fifth.ID)
			ana.sees(direct, w.mine(ana, "HD-00005").ID, "Carla Jansen took this ticket")

			// Nobody asked for an offer, and only who said it gets one.
			ana.says("general", "", "@"+w.town.Bot.Username+" my chair squeaks")
			if p.grant {
				late, err := w.town.As("ana").Late(t.Context(), func(a mattermosttest.Answer) bool { return len(a.Private) > 0 })
				a, err = w.mm.answer("ana", nil)(late, err)
				m = ana.reads(ana.must(a, err), "Shall I make a ticket of this?")
				w.shownIn(ana, m, "general", "")
			} else {
				m = ana.sees(direct, "", "Shall I make a ticket of this?")
			}
			if got := w.field(ana.clicks(m, "New ticket").Form, "summary").Value; got[0] != "my chair squeaks" {
				t.Errorf("the summary starts as %q", got)
			}

			// Eva, who was there all the time, has read nothing.
			none, err := w.town.As("eva").Late(t.Context(), func(mattermosttest.Answer) bool { return true })
			if err != nil || len(none.Private) > 0 {
				t.Errorf("Eva reads %+v, %v", none, err)
			}
			eva.neverSees("HD-0000")
			if p.grant {
				w.neverWhispersAgain(ana)
			}
		})
	}
}

// neverWhispersAgain takes the right away under the running program, which goes another way.
func (w *mattermostWorld) neverWhispersAgain(p person) {
	w.Helper()
	_, err := w.admin().UpdateUserRoles(w.Context(), w.town.BotID, "system_user")
	w.done(err)
	a := p.types("general", "/ticket mine")
	for range 2 {
		next := a.Private[slices.IndexFunc(a.Private, func(m message) bool { return m.has("Show") })]
		w.shownIn(p, p.reads(p.clicks(next, "Show"), next.Title), direct, "")
	}
}

// shownIn says where a private message is shown. In the direct conversation it is an ordinary one.
func (w *mattermostWorld) shownIn(p person, m message, channel, thread string) {
	w.Helper()
	post := m.raw.(*model.Post)
	if post.ChannelId != w.channel(p.id, channel) || post.RootId != thread {
		w.Errorf("%s reads %.60q in %s (thread %q), not in %s (%q)", p.id, m.Text, m.Channel, post.RootId, channel, thread)
	}
	if private := post.Type == model.PostTypeEphemeral; private != (channel != direct) {
		w.Errorf("%.60q is of the kind %q", m.Text, post.Type)
	}
}

// mayWhisper gives the bot the right to show people private lines, as the setup does.
func (w *mattermostWorld) mayWhisper() {
	w.Helper()
	role, _, err := w.admin().GetRoleByName(w.Context(), model.SystemPostAllRoleId)
	w.done(err)
	permissions := append(slices.Clone(role.Permissions), model.PermissionCreatePostEphemeral.Id)
	_, _, err = w.admin().PatchRole(w.Context(), role.Id, &model.RolePatch{Permissions: &permissions})
	w.done(err)
	_, err = w.admin().UpdateUserRoles(w.Context(), w.town.BotID, strings.Join([]string{"system_user", role.Name}, " "))
	w.done(err)
}
