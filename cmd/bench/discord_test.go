package main

import (
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/policy"
)

// Everybody's tickets go to the channel of their own team, and the conversations of every second team are private threads.
func TestDiscordTown(t *testing.T) {
	town, err := settleDiscord(10, discordfake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer town.Close()
	for _, typed := range []bool{false, true} {
		p, err := policy.Parse("helpdesk.yaml", []byte(town.policy(typed)))
		if err != nil {
			t.Fatal(err)
		}
		channels, private := map[string]string{}, map[string]string{}
		for _, team := range p.Teams {
			channels[team.ID] = team.Triage[0].ID
			for _, c := range team.Requests {
				private[team.ID] = c.ID
			}
			if replies := team.Thread == "reply"; replies != typed {
				t.Errorf("what is typed under a card of %s: %q", team.ID, team.Thread)
			}
		}
		for i := range 10 {
			c, ok := p.Category(town.category(i))
			if got, want := channels[c.Team], town.Main().ChannelID(teamName(i/eachTeam)); !ok || got != want {
				t.Errorf("the tickets of %d go to the channel %q, want %q", i, got, want)
			}
			if got, want := private[c.Team], town.private[i/eachTeam]; got != want || (want == "") != (i/eachTeam%2 == 1) {
				t.Errorf("the conversations of %d are in the channel %q, want %q", i, got, want)
			}
		}
	}
}

// A message belongs to the thread that it stands in, or to the one that it answers.
func TestDiscordRooms(t *testing.T) {
	town, err := settleDiscord(1, discordfake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer town.Close()
	private := room{channel: town.private[0], thread: "7", first: "8", owner: "1"}
	for name, c := range map[string]struct {
		in       room
		m        discordfake.Message
		id, root string
	}{
		"a card":           {room{channel: "5"}, discordfake.Message{ID: "6"}, "6", ""},
		"under it":         {room{channel: "5", thread: "6"}, discordfake.Message{ID: "9"}, "9", "6"},
		"a private thread": {private, discordfake.Message{ID: "8"}, "7", ""},
		"in it":            {private, discordfake.Message{ID: "9"}, "9", "7"},
		"a direct message": {room{channel: "5", owner: "1"}, discordfake.Message{ID: "6"}, "6", ""},
		"an answer to it":  {room{channel: "5", owner: "1"}, discordfake.Message{ID: "9", Reply: "6"}, "9", "6"},
	} {
		if got := c.in.message(c.m); got.id != c.id || got.root != c.root || got.channel != c.in.channel {
			t.Errorf("%s: %+v", name, got)
		}
	}
	team, person := town.triage[0], town.As(requester(0))
	town.begins("1", team)
	town.begins("2", town.private[0])
	town.invites("2", person.ID)
	if r := town.room("1"); r.owner != "" || r.channel != team || r.reader.Name != ownAgent(0) {
		t.Errorf("under a card: %+v", r)
	}
	if r := town.room("2"); r.owner != person.ID || r.channel != town.private[0] || r.reader.ID != person.ID {
		t.Errorf("a private thread: %+v", r)
	}
}

func TestDeed(t *testing.T) {
	for raw, want := range map[string]string{
		`{"type":2,"member":{"user":{"id":"1"}}}`: kindCommand, `{"type":3,"data":{"component_type":2}}`: kindClick,
		`{"type":3,"data":{"component_type":3}}`: kindChange, `{"type":4}`: kindLookUp, `{"type":5,"user":{"id":"1"}}`: kindSubmit, `{"type":1}`: "",
	} {
		if d, err := deedOf([]byte(raw)); err != nil || d.kind() != want {
			t.Errorf("%s: %q, want %q: %v", raw, d.kind(), want, err)
		}
	}
}

func TestPaper(t *testing.T) {
	for title, last := range map[string]bool{"New ticket": true, "New ticket (1/2)": false, "New ticket (2/2)": true, "New (1/2) ticket": true} {
		if p := (&paper{form: &discordfake.Form{Title: title}}); p.last() != last {
			t.Errorf("%q is the last page: %t", title, !last)
		}
	}
	p := &paper{form: &discordfake.Form{Fields: []discordfake.Field{{ID: "location"}}}}
	if got := p.answers(map[string]string{"location": "here", "device": "printer"}); len(got) != 1 || got["location"][0] != "here" {
		t.Errorf("the answers are %v", got)
	}
	if (&paper{}).last() {
		t.Error("no page is the last one")
	}
}

func TestOwnTimes(t *testing.T) {
	line := func(kind, part, end string) string {
		return `balie_answer_duration_seconds_bucket{kind="` + kind + `",part="` + part + `",platform="discord",le="` + end + `"}`
	}
	before := map[string]float64{line("click", "own", "0.001"): 10}
	after := map[string]float64{
		line("click", "own", "0.001"): 60, line("click", "own", "0.005"): 98, line("click", "own", "+Inf"): 100,
		line("click", "all", "0.001"): 1, line("form", "own", "0.001"): 1, "go_goroutines": 3,
	}
	list := ownTimes(before, after, "discord", "click")
	if len(list) != 3 || list[0] != (bucket{.001, 50}) {
		t.Fatalf("the times are %v", list)
	}
	for q, want := range map[float64]string{.5: "≤ " + ms(time.Millisecond), .95: "≤ " + ms(5*time.Millisecond), .99: "longer"} {
		if got := quantile(list, q); got != want {
			t.Errorf("%v of them: %s, want %s", q, got, want)
		}
	}
}

// What agents type is apart from what they send by forms, and both are counted while nobody hears them.
func TestTyped(t *testing.T) {
	talk, tag := newTalk(time.Minute), tagOf(0, 1)
	began := time.Now()
	for _, what := range []string{tag, tag + markSay + "0001z", tag + markTyped + "0002z", tag + markReply + "0003z", tag + markTyped + "0004z"} {
		talk.acknowledge(what)
	}
	if n := talk.written(began, time.Now().Add(time.Second)); n != 3 {
		t.Errorf("%d messages were written", n)
	}
	post := func(root, text string) *message {
		return &message{id: "d" + text, root: root, posted: true, said: text, all: text}
	}
	direct := shelf{owner: "ana", list: []*message{post("", tag), post("d"+tag, tag+markReply+"0003z"), post("d"+tag, tag+markTyped+"0002z"), post("d"+tag, tag+markTyped+"0004z")}}
	triage := shelf{triage: true, list: []*message{post("", tag), post("d"+tag, tag+markSay+"0001z")}}
	written := shelf{owner: "ana", list: []*message{{root: "d" + tag, by: "ana", said: tag + markSay + "0001z"}}}
	if found := talk.tally([]shelf{direct, written, triage}); found.wrong() != 0 {
		t.Errorf("%+v", found)
	}
	direct.list[2], direct.list[3] = direct.list[3], direct.list[2]
	if found := talk.tally([]shelf{direct, written, triage}); len(found.jumbled) != 1 || found.wrong() != 1 {
		t.Errorf("out of order: %+v", found)
	}
	for _, side := range []bool{true, false} {
		talk.saw(news{time.Now(), post("", tag)}, side)
	}
	if n := talk.opened(); n != 1 {
		t.Errorf("%d tickets are where they belong", n)
	}
}
