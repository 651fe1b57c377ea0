package main

import (
	"fmt"
	"testing"
	"time"

	"balie/internal/policy"
)

// Everybody's tickets go to the channel of their own team.
func TestSlackTown(t *testing.T) {
	town, err := settleSlack(10, 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer town.Close()
	p, err := policy.Parse("helpdesk.yaml", []byte(town.policy()))
	if err != nil {
		t.Fatal(err)
	}
	channels := map[string]string{}
	for _, team := range p.Teams {
		channels[team.ID] = team.Triage[0].ID
	}
	for i := range 10 {
		found := false
		for _, c := range p.Categories {
			if c.ID == town.category(i) {
				found = true
				if got, want := channels[c.Team], town.ChannelID(teamName(i/4)); got != want {
					t.Errorf("the tickets of %d go to the channel %q, want %q", i, got, want)
				}
			}
		}
		if !found {
			t.Errorf("there is no category %q", town.category(i))
		}
	}
}

func TestSlackKind(t *testing.T) {
	for _, c := range []struct{ path, body, want string }{
		{"/hooks/slack/commands", "command=%2Fticket", kindCommand},
		{"/hooks/slack/events", `{"event":{"client_msg_id":"1"}}`, kindSay},
		{"/hooks/slack/events", `{"event":{"bot_id":"B1"}}`, ""},
		{"/hooks/slack/interactions", "payload=%7B%22type%22%3A%22view_submission%22%7D", kindSubmit},
		{"/hooks/slack/interactions", "payload=%7B%22type%22%3A%22view_closed%22%7D", ""},
		{"/hooks/slack/interactions", "payload=%7B%22type%22%3A%22block_suggestion%22%7D", kindLookUp},
		{"/hooks/slack/interactions", "payload=%7B%22container%22%3A%7B%22view_id%22%3A%22V1%22%7D%2C%22type%22%3A%22block_actions%22%7D", kindChange},
		{"/hooks/slack/interactions", "payload=%7B%22type%22%3A%22block_actions%22%7D", kindClick},
		{"commands", `{"command":"/ticket"}`, kindCommand},
		{"events", `{"event":{"client_msg_id":"1"}}`, kindSay},
		{"interactions", `{"type":"view_submission"}`, kindSubmit},
		{"interactions", `{"container":{"view_id":"V1"},"type":"block_actions"}`, kindChange},
	} {
		if got := slackKind(c.path, []byte(c.body)); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.path, c.body, got, c.want)
		}
	}
}

func TestPaceOf(t *testing.T) {
	post := func(second, millisecond int) *message {
		return &message{id: fmt.Sprintf("17000000%02d.%03d000", second, millisecond), posted: true}
	}
	person := post(0, 500)
	person.posted = false
	all := []shelf{
		{list: []*message{post(0, 0), post(2, 0), post(1, 0), person, post(2, 900), post(3, 899)}},
		{list: []*message{post(0, 1), post(7, 0), post(8, 0), post(9, 0)}},
	}
	if got := paceOf(all, time.Unix(1700000000, 0), 7*time.Second); got != (pace{broken: 1, busiest: 4}) {
		t.Errorf("%+v", got)
	}
}

// While people do not reach a network they wait, and what was acknowledged and not seen is counted by ticket.
func TestCutOff(t *testing.T) {
	talk := newTalk(time.Minute)
	back := talk.cutOff()
	reached := make(chan error, 1)
	go func() { reached <- talk.reach(t.Context()) }()
	select {
	case err := <-reached:
		t.Fatalf("somebody reached it: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	back()
	back()
	if err := <-reached; err != nil {
		t.Error(err)
	}
	one, two := tagOf(0, 1), tagOf(1, 1)
	for _, what := range []string{one, two, one + markReply + "0001z"} {
		talk.acknowledge(what)
	}
	if n := talk.waiting(); n != 2 {
		t.Errorf("%d tickets wait", n)
	}
	talk.saw(news{time.Now(), &message{posted: true, all: two}}, true)
	talk.saw(news{time.Now(), &message{posted: true, all: two}}, false)
	if n := talk.waiting(); n != 1 {
		t.Errorf("%d tickets wait after one was shown", n)
	}
}
