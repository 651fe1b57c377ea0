package main

import (
	"slices"
	"testing"
	"time"
)

// A tally that finds nothing wrong is worth nothing unless it finds what is.
func TestTally(t *testing.T) {
	one, two := tagOf(0, 1), tagOf(0, 2)
	say := func(tag, n string) string { return tag + markSay + n + "z" }
	ask := func(tag, n string) string { return tag + markReply + n + "z" }
	direct := func(user, id, root, text string) *message {
		return &message{id: id, root: root, by: user, posted: user == "bot", said: text, all: text}
	}
	card := func(id, root, text string) *message { return direct("bot", id, root, text) }
	triage := []*message{
		card("c1", "", "Printer jammed, "+one), card("c2", "", "Printer jammed, "+two), card("c3", "", "Printer jammed, "+two),
		card("", "c1", say(one, "0002")), card("", "c1", say(one, "0001")), card("", "c2", say(one, "0003")),
	}
	conversation := []*message{
		direct("bot", "d1", "", one), direct("bot", "d2", "", two),
		direct("ana", "", "d1", say(one, "0001")), direct("ana", "", "d1", say(one, "0002")), direct("ana", "", "d1", say(one, "0003")),
		direct("ana", "", "d1", say(one, "0004")),
		direct("bot", "", "d1", ask(one, "0006")), direct("bot", "", "d1", ask(one, "0005")), direct("bot", "", "d1", ask(one, "0005")),
	}
	r := &reading{talk: &talk{acknowledged: map[string]time.Time{
		one: {}, two: {}, say(one, "0001"): {}, say(one, "0007"): {}, ask(one, "0005"): {}, ask(two, "0001"): {},
	}}, copies: map[string]int{}, tickets: map[string]string{}, lines: map[string][]string{}, said: map[string]bool{}}
	r.read(shelf{triage: true, list: triage})
	r.read(shelf{owner: "ana", list: conversation})
	r.compare()
	for _, c := range []struct {
		what      string
		got, want []string
	}{
		{"lost", r.lost, []string{say(one, "0004") + onCard, say(one, "0007") + " from the server itself", say(one, "0007") + onCard, ask(two, "0001") + onDirect}},
		{"doubled", r.doubled, []string{ask(one, "0005") + onDirect, two + onCard}},
		{"out of order", r.jumbled, []string{one + onCard, one + onDirect}},
		{"in a wrong thread", r.elsewhere, []string{say(one, "0003") + onCard}},
	} {
		slices.Sort(c.got)
		slices.Sort(c.want)
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q\nnot %q", c.what, c.got, c.want)
		}
	}
	if r.tally.tickets != 2 || r.messages != 7 || r.posts != len(triage)+len(conversation) {
		t.Errorf("%d tickets, %d messages, %d posts", r.tally.tickets, r.messages, r.posts)
	}
}

func TestOwnPart(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"all;dur=12.300, own;dur=1.250": 1250 * time.Microsecond, "own;dur=-0.1": 0,
	} {
		if got, ok := ownPart(header); !ok || got != want {
			t.Errorf("%q: %s, %t", header, got, ok)
		}
	}
	if _, ok := ownPart("all;dur=12"); ok {
		t.Error("a header without our own part has one")
	}
}
