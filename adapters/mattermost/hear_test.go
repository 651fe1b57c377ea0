package mattermost

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/sirupsen/logrus"

	"balie/internal/chat"
)

func TestWhatPeopleDoIsTold(t *testing.T) {
	onBoth(t, func(p *place) {
		b := p.listen()
		open, ana := p.town.ChannelID("open"), p.town.As("ana")
		root := p.say("ana", "open", "", "The printer @"+p.town.Bot.Username+" is broken")
		reply := p.say("bram", "open", root.Id, "which one?")
		file, err := ana.Upload(p.Context(), open, "photo.png", []byte("a picture"))
		p.must(err)
		_, err = ana.Say(p.Context(), open, root.Id, "this one", "", file)
		p.must(err)
		p.edit("ana", root, "The printer is on fire")
		p.must(p.town.As("bram").React(p.Context(), root.Id, "eyes"))
		p.must(p.town.As("bram").Unreact(p.Context(), root.Id, "eyes"))
		p.must(p.town.As("bram").React(p.Context(), reply.Id, "ticket"))
		b.tells(7) // it reads what the ticket was put on
		p.must(p.town.As("bram").Delete(p.Context(), reply.Id))
		direct, err := ana.Direct(p.Context(), p.town.BotID)
		p.must(err)
		b.tells(8)
		p.sayIn("ana", direct, "", "hello @"+p.town.Bot.Username)
		b.tells(9, "ana: The printer is broken", "bram: which one?", "ana: this one", "ana edits: The printer is on fire",
			"bram puts eyes", "bram takes away eyes", "bram puts ticket", "bram deletes", "ana: hello @"+p.town.Bot.Username)
		b.unique()
		b.calm()
		e := b.Stored()
		for _, e := range e {
			if e.Platform != Name || e.Workspace != "" || e.Person.ID == "" || e.Person.Name == "" || e.Person.Handle == "" {
				p.Errorf("told %+v", e)
			}
			if age := time.Since(e.At); age > time.Minute || age < -time.Minute || e.At.Location() != time.UTC {
				p.Errorf("%s happened at %s", e.ID, e.At)
			}
		}
		first := e[0]
		if first.ID != root.Id || first.Channel != open || first.Thread != "" || first.Direct || !first.Message.ToBot ||
			first.Message.Author != first.Person || first.Message.ID != root.Id || first.At.UnixMilli() != root.CreateAt {
			p.Errorf("a message is %+v %+v", first, first.Message)
		}
		if e[1].Thread != root.Id || e[1].OwnThread || e[1].Message.ToBot {
			p.Errorf("a reply is %+v", e[1])
		}
		want := chat.File{ID: file, Name: "photo.png", Type: "image/png", Size: int64(len("a picture"))}
		if f := e[2].Message.Files; len(f) != 1 || f[0] != want {
			p.Errorf("files are %+v", f)
		}
		if e[3].Message.ID != root.Id || !strings.HasPrefix(e[3].ID, root.Id+"|") {
			p.Errorf("an edit is %+v", e[3])
		}
		if r := e[4].Reaction; r.Message.Message != root.Id || r.Said != nil {
			p.Errorf("a reaction is %+v", r)
		}
		if r := e[6].Reaction; r.Said == nil || r.Said.Text != "which one?" || r.Said.Author.ID != p.town.UserID("bram") ||
			r.Message.Thread != root.Id || e[6].Thread != root.Id {
			p.Errorf("a ticket is %+v", r)
		}
		if e[7].ID != reply.Id+"|deleted" || e[7].Message.Text != "" || e[7].Thread != root.Id {
			p.Errorf("a deletion is %+v", e[7])
		}
		if !e[8].Direct || e[8].Message.ToBot {
			p.Errorf("in the direct conversation: %+v", e[8])
		}
	})
}

func TestWhatNobodySaidIsNotTold(t *testing.T) {
	onBoth(t, func(p *place) {
		b := p.listen()
		self := p.town.BotClient()
		own, _, err := self.CreatePost(p.Context(), &model.Post{ChannelId: p.town.ChannelID("open"), Message: "I am the bot"})
		p.must(err)
		_, _, err = self.PatchPost(p.Context(), own.Id, &model.PostPatch{Message: model.NewPointer("I am the one bot")})
		p.must(err)
		other, _, err := p.town.Admin.CreateBot(p.Context(), &model.Bot{Username: "other-" + p.town.Bot.Username})
		p.must(err)
		_, _, err = p.town.Admin.AddTeamMember(p.Context(), p.town.Team.Id, other.UserId)
		p.must(err)
		_, _, err = p.town.Admin.AddChannelMember(p.Context(), p.town.ChannelID("open"), other.UserId) // the server says so in the channel
		p.must(err)
		token, _, err := p.town.Admin.CreateUserAccessToken(p.Context(), other.UserId, "test", 0)
		p.must(err)
		others := model.NewAPIv4Client(p.town.URL)
		others.SetToken(token.Token)
		others.HTTPClient = p.town.Admin.HTTPClient
		_, _, err = others.CreatePost(p.Context(), &model.Post{ChannelId: p.town.ChannelID("open"), Message: "I am another bot"})
		p.must(err)
		_, _, err = others.CreatePost(p.Context(), &model.Post{ChannelId: p.town.ChannelID("open"), RootId: own.Id, Message: "me too"})
		p.must(err)
		reply := p.say("ana", "open", own.Id, "are you there?")
		p.must(p.town.As("ana").React(p.Context(), own.Id, "ticket"))
		_, err = p.town.Admin.PinPost(p.Context(), reply.Id)
		p.must(err)
		p.say("ana", "open", "", "the end")
		b.tells(3, "ana: are you there?", "ana puts ticket", "ana: the end")
		if e := b.Stored(); !e[0].OwnThread || e[1].Reaction.Said != nil || e[2].OwnThread {
			p.Errorf("told %+v", e)
		}
		b.calm()
	})
}

func TestABrokenConnectionIsTakenUpAgain(t *testing.T) {
	onBoth(t, func(p *place) {
		b := p.listen()
		var want []string
		for i := range 10 {
			p.say("ana", "open", "", fmt.Sprint("number ", i))
			want = append(want, fmt.Sprint("ana: number ", i))
			if i%3 == 0 {
				p.way.cut(false)
			}
		}
		b.tells(10, want...)
		b.until("it hears again", b.hears)
		b.logs.Reset()
		b.isAway()
		want = append(want, p.fleeting()...)
		p.way.cut(false)
		b.tells(13, want...)
		b.until("it says so", func() bool { return b.logged(logrus.InfoLevel, "hears again") })
		if n := b.loggedTimes(logrus.WarnLevel, "cannot be reached"); n != 1 {
			p.Errorf("warned %d times of one outage", n)
		}
		b.calm("cannot be reached")
		b.unique()
	})
}

// TestWhatHappensWhileAConnectionIsTakenUpAgainIsHeard: real servers take the old connection away before the new one stands,
// and what happens in between goes to neither. What the old one kept comes as it was all the same.
func TestWhatHappensWhileAConnectionIsTakenUpAgainIsHeard(t *testing.T) {
	onFake(t, func(p *place) {
		b := p.listen()
		b.isAway()
		want := p.fleeting()
		p.fake.ForgetEvents(1)
		root := p.say("bram", "open", "", "to neither")
		p.way.cut(false)
		want = append(want, "bram: to neither")
		b.tells(4, want...)
		b.until("it hears again", b.hears)
		p.say("ana", "open", root.Id, "a reply")
		b.tells(5, append(want, "ana: a reply")...)
		b.unique()
		b.calm("cannot be reached")
	})
}

// TestALongGapIsCaughtUp is longer than what the server keeps for who comes back, and than what it lists at once.
func TestALongGapIsCaughtUp(t *testing.T) {
	onBoth(t, func(p *place) {
		b := p.listen()
		old := p.say("ana", "closed", "", "long ago")
		gone := p.say("ana", "closed", "", "a mistake")
		root := p.say("ana", "open", "", "the beginning")
		b.tells(3)
		b.isAway()
		many := 1500
		if p.fake == nil {
			many = 450 // more than it keeps for a connection, and quicker
		}
		var want []string
		for i := range many {
			thread := ""
			if i%4 == 0 {
				thread = root.Id
			}
			text := fmt.Sprint("number ", i)
			p.say("bram", "open", thread, text)
			want = append(want, "bram: "+text)
		}
		p.edit("ana", old, "not that long ago")
		p.must(p.town.As("ana").Delete(p.Context(), gone.Id))
		p.must(p.town.As("ana").React(p.Context(), old.Id, "ticket"))
		p.way.cut(false)
		last := p.say("ana", "open", "", "the end")
		b.until("all is told", func() bool { return len(b.Stored()) >= 3+many+4 })
		var open, closed []string
		for i, e := range b.Stored()[3:] {
			if e.Channel == last.ChannelId {
				open = append(open, b.story()[3+i])
			} else {
				closed = append(closed, b.story()[3+i])
			}
		}
		if want = append(want, "ana: the end"); !slices.Equal(open, want) {
			p.Errorf("told %d things, want %d in order; the first are %q", len(open), len(want), open[:min(10, len(open))])
		}
		if want := []string{"ana edits: not that long ago", "ana deletes", "ana puts ticket"}; !slices.Equal(closed, want) {
			p.Errorf("told %q, want %q", closed, want)
		}
		b.unique()
		b.calm("cannot be reached")
	})
}

func TestARestartOfTheBotLosesNothing(t *testing.T) {
	onBoth(t, func(p *place) {
		p.say("ana", "open", "", "before it was ever there")
		b := p.listen()
		root := p.say("ana", "open", "", "first")
		p.must(p.town.As("ana").React(p.Context(), root.Id, "eyes"))
		b.until("it is told", func() bool { return len(b.Stored()) >= 2 })
		b.Says(chat.Reply{}, errors.New("the store is away"))
		p.say("ana", "open", "", "not stored")
		b.until("it is refused", func() bool { return b.logged(logrus.WarnLevel, "could not be told") })
		b.stop()
		p.say("ana", "open", root.Id, "a reply")
		p.edit("ana", root, "first of all")
		wrong := p.say("ana", "open", "", "wrong")
		p.must(p.town.As("ana").Delete(p.Context(), wrong.Id))
		again := p.listen()
		p.say("ana", "open", "", "live")
		again.until("all is told", func() bool {
			return slices.Contains(again.story(), "ana: live")
		})
		got := again.story()
		from := slices.Index(got, "ana: not stored")
		want := []string{"ana: not stored", "ana: a reply", "ana edits: first of all", "ana deletes", "ana: live"}
		if from < 0 || !slices.Equal(got[from:], want) {
			p.Errorf("told %q, want %q at the end", got, want)
		}
		again.unique()
		again.calm()
		again.stop()
		if p.mem.Kept()[cursorName] == nil {
			p.Error("nothing was kept")
		}
	})
}

func TestAHandlerThatFailsIsToldAgain(t *testing.T) {
	onFake(t, func(p *place) {
		b := p.listen()
		b.Says(chat.Reply{}, errors.New("the store is away"))
		var want []string
		for i := range 20 {
			p.say("ana", "open", "", fmt.Sprint("number ", i))
			want = append(want, fmt.Sprint("ana: number ", i))
		}
		b.until("it fails", func() bool { return b.m.ears.queue.Floor() != 0 })
		b.Answer(nil)
		b.tells(20)
		got := b.story()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			p.Errorf("told %q", got)
		}
		b.unique()
		b.until("nothing waits", func() bool { return b.m.ears.queue.Floor() == 0 })
		b.calm("could not be told")
	})
}

func TestAServerThatWasRestarted(t *testing.T) {
	onFake(t, func(p *place) {
		b := p.listen()
		root := p.say("ana", "open", "", "zero")
		b.tells(1)
		var want []string
		for i := range 5 {
			p.fake.Down()
			p.fake.Restart()
			b.until("it is away", func() bool { return !b.m.ears.live.Load() })
			p.fake.Up()
			text := fmt.Sprint("number ", i)
			said := p.say("bram", "open", root.Id, text)
			p.edit("bram", said, text+" again")
			want = append(want, "bram: "+text, "bram edits: "+text+" again")
			b.tells(1 + len(want))
		}
		// What was said and edited in a gap is told with the words that it has by now.
		for i, s := range b.story()[1:] {
			if s != want[i] && s != strings.Replace(want[i+1-i%2], " edits", "", 1) {
				p.Errorf("told %q, want %q", s, want[i])
			}
		}
		b.unique()
		b.calm("cannot be reached", "could not be read yet")
	})
}

func TestATokenThatIsRefused(t *testing.T) {
	onFake(t, func(p *place) {
		b := p.begin(func(e *ears) { e.check = 10 * time.Millisecond })
		b.until("it hears", b.hears)
		p.fake.RevokeToken(p.town.BotToken) // which leaves the websocket open
		b.until("an admin is told", func() bool { return b.logged(logrus.ErrorLevel, "hears nothing") })
		calls := p.fake.Calls("GET /users/{user}")
		b.until("it goes on trying", func() bool { return p.fake.Calls("GET /users/{user}") > calls+3 })
		if n := b.loggedTimes(logrus.ErrorLevel, "hears nothing"); n != 1 {
			p.Errorf("said %d times", n)
		}
		b.calm("hears nothing")
	})
}

// TestMoreThanFits has the bot away from its store for longer than what is said meanwhile can wait.
func TestMoreThanFits(t *testing.T) {
	onFake(t, func(p *place) {
		b := p.listen()
		b.m.ears.queue.Limit(10)
		root := p.say("ana", "open", "", "the beginning")
		b.tells(1)
		b.Says(chat.Reply{}, errors.New("the store is away"))
		want := []string{"ana: the beginning"}
		for i := range 60 {
			text := fmt.Sprint("number ", i)
			p.say("bram", "open", root.Id, text)
			want = append(want, "bram: "+text)
		}
		b.until("there is no room", func() bool { return b.logged(logrus.WarnLevel, "too much waits") })
		b.Answer(nil)
		b.tells(61, want...)
		p.say("ana", "open", "", "the end")
		b.tells(62, append(want, "ana: the end")...)
		b.unique()
		b.calm("too much waits", "could not be told")
	})
}

func TestAServerThatLimits(t *testing.T) {
	onFake(t, func(p *place) {
		b := p.listen()
		root := p.say("ana", "open", "", "the beginning")
		b.tells(1)
		p.fake.Limit(5, 2, p.town.BotID)
		p.fake.Restart()
		want := []string{"ana: the beginning"}
		for i := range 5 {
			p.say("ana", "open", root.Id, fmt.Sprint("number ", i))
			want = append(want, fmt.Sprint("ana: number ", i))
		}
		b.tells(6, want...)
		b.unique()
	})
}

func TestAMemoryThatIsAway(t *testing.T) {
	onFake(t, func(p *place) {
		p.mem.Fail(errors.New("the store is away"))
		b := p.begin()
		b.until("it says so", func() bool { return b.logged(logrus.WarnLevel, "cannot be read") })
		p.mem.Fail(nil)
		b.until("it hears", b.hears)
		p.say("ana", "open", "", "hello")
		b.tells(1)
		p.mem.Fail(errors.New("the store is away"))
		b.stop()
		b.calm("cannot be read", "could not be kept")
	})
}

// TestWhatWasSaidWithoutTheBotIsHeardOnceItIsBack in the channel that it was taken out of, even by the next process.
func TestWhatWasSaidWithoutTheBotIsHeardOnceItIsBack(t *testing.T) {
	onBoth(t, func(p *place) {
		b := p.listen()
		closed := p.town.ChannelID("closed")
		p.say("bram", "closed", "", "before")
		b.tells(1)
		_, err := p.town.Admin.RemoveUserFromChannel(p.Context(), closed, p.town.BotID)
		p.must(err)
		b.until("it says so", func() bool { return b.logged(logrus.WarnLevel, `removed from the channel "closed"`) })
		p.say("bram", "closed", "", "without you")
		_, _, err = p.town.Admin.AddChannelMember(p.Context(), closed, p.town.BotID)
		p.must(err)
		b.tells(2, "bram: before", "bram: without you")

		_, err = p.town.Admin.RemoveUserFromChannel(p.Context(), closed, p.town.BotID)
		p.must(err)
		p.say("bram", "closed", "", "again without you")
		b.until("it is known", func() bool { return len(b.m.ears.catchup.away()) == 1 })
		b.stop()
		_, _, err = p.town.Admin.AddChannelMember(p.Context(), closed, p.town.BotID)
		p.must(err)
		b.calm("removed from")
		next := p.listen()
		next.tells(1, "bram: again without you")
		next.unique()
	})
}

func TestTheBotSaysWhenItIsRemoved(t *testing.T) {
	onBoth(t, func(p *place) {
		b := p.listen()
		_, err := p.town.Admin.RemoveUserFromChannel(p.Context(), p.town.ChannelID("closed"), p.town.BotID)
		p.must(err)
		b.until("it says so", func() bool { return b.logged(logrus.WarnLevel, `removed from the channel "closed"`) })
		_, err = p.town.Admin.RemoveTeamMember(p.Context(), p.town.Team.Id, p.town.BotID)
		p.must(err)
		b.until("it says so", func() bool { return b.logged(logrus.WarnLevel, "removed from the team") })
		b.calm("removed from")
	})
}
