package examine

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"balie/adapters/discord"
	"balie/internal/chat"
)

var idPattern = regexp.MustCompile(`^[0-9]{15,20}$`)

// lookAtChannels says whether the bot can do its work in the policy's channels.
func (v *visit) lookAtChannels(ctx context.Context) {
	switch {
	case v.Channels == nil:
		return
	case len(v.Channels) == 0:
		v.Fine("the policy names no channel on Discord: the cards go where it says")
		return
	case v.guilds != nil && len(v.guilds) == 0:
		return // that is said already
	}
	for _, c := range v.Channels {
		v.lookAtChannel(ctx, c)
	}
}

func (v *visit) lookAtChannel(ctx context.Context, c Channel) {
	use := "triage channel"
	if c.Requests {
		use = "request channel"
	}
	if !idPattern.MatchString(c.ID) {
		v.Problem("%s %q is no channel's id, which is a long number: switch on Developer Mode under Advanced in Discord's own settings, then "+
			"right-click the channel and choose Copy Channel ID", use, c.ID)
		return
	}
	room, err := v.client.Channel(ctx, c.ID, c.Requests)
	status, _ := discord.Refused(err)
	named := fmt.Sprintf("%s #%s", use, room.Name)
	if room.Name == "" {
		named = use + " " + c.ID
	}
	switch {
	case status == http.StatusNotFound:
		v.Problem("%s: there is none with this id; right-click the channel, choose Copy Channel ID, and put that into the policy", named)
	case status == http.StatusForbidden:
		v.Problem("%s: the bot does not see it; add %s, with View Channel, under Edit Channel > Permissions", named, v.app.Bot)
	case err != nil:
		v.Problem("%s can't be looked at: %s", named, discord.Why(err))
	case c.Workspace != "" && room.Guild != c.Workspace:
		v.Problem("%s is in %s, and the policy says %s: put the right server's id into the policy", named, v.server(room.Guild), v.server(c.Workspace))
	case c.Requests && !room.Text:
		v.Problem("%s is %s: conversations with requesters are private threads, which only a text channel has; name one in the policy", named, room.Kind)
	case !room.Text && !room.Forum:
		v.Problem("%s is %s: name a text channel or a forum in the policy", named, room.Kind)
	case len(room.Lacks) > 0:
		v.Problem("%s in %s: the bot lacks %s; allow that under Edit Channel > Permissions for %s, or add it to the server anew by %s",
			named, v.server(room.Guild), strings.Join(room.Lacks, ", "), v.app.Bot, discord.Invite(v.app.ID))
	case room.Forum:
		v.lookAtTags(named, c, room)
	default:
		v.Fine("%s in %s: the bot has all permissions that it needs there", named, v.server(room.Guild))
	}
}

// tagMax is how many characters a forum's tag has.
const tagMax = 20

// lookAtTags says for which statuses a forum has no tag, which it need not have.
func (v *visit) lookAtTags(named string, c Channel, room discord.Channel) {
	var without []string
	for _, s := range c.Statuses {
		s = chat.Cut(s, tagMax)
		if !slices.ContainsFunc(room.Tags, func(t string) bool { return strings.EqualFold(t, s) }) {
			without = append(without, line(s))
		}
	}
	if room.TagNeeded && len(without) > 0 {
		v.Problem("%s: its posts need a tag, and it has none called %s: add tags of these names under Edit Channel, or switch off "+
			"Require people to select tags when posting", named, strings.Join(without, ", "))
		return
	}
	tags := "each status has its tag"
	if len(without) > 0 {
		tags = "tickets' posts show their status as a tag where the forum has one of that name: it has none called " + strings.Join(without, ", ")
	}
	v.Fine("%s in %s: the bot has all permissions that it needs there; %s", named, v.server(room.Guild), tags)
}

// server is what a server is called.
func (v *visit) server(id string) string {
	switch name, ok := v.guilds[id]; {
	case id == "":
		return "no server"
	case ok:
		return fmt.Sprintf("the server %s (%s)", line(name), id)
	}
	return "the server " + id
}

// line is a name in one line.
func line(s string) string { return strings.Join(strings.Fields(chat.Clean(s)), " ") }

// count is a number of things.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
