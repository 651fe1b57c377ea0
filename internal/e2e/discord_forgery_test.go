package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
)

// forge presses components that nobody made, as somebody can who has a client of their own and, where the program takes
// requests, sends it those that Discord did not sign.
func (n *discordNetwork) forge(ctx context.Context, as string, m message) (taken []string, err error) {
	raw, u := m.raw.(discordfake.Message), n.guild.As(as)
	id, menu := "", ""
	for _, b := range raw.Buttons() {
		id = b.CustomID
	}
	for _, m := range raw.Menus() {
		menu = m.CustomID
	}
	last := id[len(id)-1:]
	other := strings.ToUpper(last)
	if other == last {
		other = "a"
	}
	for _, c := range []struct {
		id     string
		values []string
	}{
		{"a", nil}, {"b.", nil}, {"b.AAAA", nil}, {"k.AAAA", nil}, {"p.AAAA.0", nil}, {"f.AAAA.0.AAAA", nil}, {"m.AAAA", []string{"x"}},
		{id + "A", nil}, {id[:len(id)-1] + other, nil}, {id[:len(id)-1], nil}, {strings.ToLower(id), nil}, {"m" + id[1:], []string{"x"}},
		{menu, []string{"invented"}}, {menu, []string{""}},
	} {
		told, err := u.Forge(ctx, raw, c.id, c.values...)
		if err != nil {
			return nil, err
		}
		if n.done(told) {
			taken = append(taken, fmt.Sprint(c.id, c.values))
		}
	}
	if n.by == overGateway {
		return taken, nil
	}
	unsigned, err := n.unsigned(ctx)
	return append(taken, unsigned...), err
}

// done says whether anything but a refusal came of pressing something.
func (n *discordNetwork) done(told discordfake.Answer) bool {
	for _, m := range everythingTold(told) {
		if !strings.Contains(m.Content, "does not work any more") {
			return true
		}
	}
	return told.Form != nil || told.Refused == "" && len(everythingTold(told)) == 0
}

// unsigned sends the program what it was sent before, as anybody could.
func (n *discordNetwork) unsigned(ctx context.Context) (taken []string, err error) {
	all := n.fake.Delivered()
	body, now := all[len(all)-1].Payload, time.Now()
	for name, header := range map[string]http.Header{
		"unsigned":        {},
		"badly signed":    n.fake.Sign(bytes.Repeat([]byte("0"), len(body)), now),
		"signed long ago": n.fake.Sign(body, now.Add(-time.Hour)),
		"another's":       n.fake.SignOther(body, now),
	} {
		status, _, err := n.fake.Post(ctx, header, body)
		if err != nil {
			return nil, err
		}
		if status/100 == 2 {
			taken = append(taken, name)
		}
	}
	return taken, nil
}

// TestDiscordRepeated delivers what people did again: at once, later, and after a restart. Nothing is done twice.
func TestDiscordRepeated(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The lock is jammed")
		mine := w.mine(ana, key)
		u := w.user(carla)
		claimed := w.presses(carla, w.raw(card), "Claim")
		w.says(claimed, "is yours")
		carla.watches(card, "Assignee: Carla Jansen")
		w.presses(carla, w.raw(card), "Reply")
		told := w.sendsPage(carla, "text", "Which key?")
		again := func() {
			t.Helper()
			for _, sent := range []discordfake.Answer{told, claimed, told} {
				if _, err := u.Repeat(w.Context(), sent); err != nil {
					t.Fatal(err)
				}
			}
			w.settled()
		}
		again()
		ana.sees(direct, mine.ID, "Which key?")
		carla.sees("ict-triage", card.ID, "Which key?")
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
		again()
		w.restart()
		again()
		w.once(ana, direct, mine.ID, "Which key?")
		w.once(carla, "ict-triage", card.ID, "Which key?")
		w.once(ana, direct, mine.ID, "took this ticket")
		carla.reads(carla.types("general", "/ticket queue"), key)
	})
}

// TestDiscordLate leaves messages and forms open for longer than Discord lets anything follow an answer.
func TestDiscordLate(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		w.longForm(ana, "The printer eats paper")
		w.fake.Advance(16 * time.Minute)
		kept := w.says(w.sendsPage(ana, "location", "3.14"), "Page 1 of 2 is kept")
		w.fake.Advance(16 * time.Minute)
		w.presses(ana, kept, "Continue (2/2)")
		w.fake.Advance(16 * time.Minute)
		made := w.says(w.sendsPage(ana), "Your ticket is", "HD-00001")
		ana.sees(direct, "", "HD-00001")
		card := carla.sees("ict-triage", "", "HD-00001")
		w.fake.Advance(16 * time.Minute)
		w.says(w.presses(ana, made, "Show"), "The printer eats paper")
		w.fake.Advance(24 * time.Hour)
		carla.clicks(card, "Claim")
		carla.watches(card, "Assignee: Carla Jansen")
		ana.sees(direct, w.mine(ana, "HD-00001").ID, "took this ticket")
	})
}

// TestDiscordOddRequests sends signed requests that make no sense: none is an error, and none does anything.
func TestDiscordOddRequests(t *testing.T) {
	w := onDiscordBy(t, overHTTP, discordfake.Options{}, nil)
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The lock is jammed")
	reply := carla.clicks(card, "Reply").Form
	carla.fills(reply, "text", "Which key?")
	ana.sees(direct, w.mine(ana, key).ID, "Which key?")
	carla.sees("ict-triage", card.ID, "Which key?")
	w.settled()
	before := w.deliveries()
	for name, body := range w.oddities() {
		status, answer, err := w.fake.Post(w.Context(), w.fake.Sign(body, time.Now()), body)
		if err != nil || status >= http.StatusInternalServerError {
			t.Errorf("%s: %d %s, %v", name, status, answer, err)
		}
	}
	w.settled()
	if n := w.deliveries(); n != before {
		t.Errorf("%d posts came of it", n-before)
	}
	carla.reads(carla.types("general", "/ticket queue"), key)
}

// oddities are bodies that are no interactions, and ones like those that were sent, but for something in them.
func (w *discordWorld) oddities() map[string][]byte {
	w.Helper()
	out := map[string][]byte{"nothing": {}, "null": []byte("null"), "a list": []byte("[1]"), "a text": []byte(`"x"`), "no JSON": []byte("{"),
		"empty": []byte("{}"), "a type": []byte(`{"type":99,"id":"1","token":"x"}`), "a long one": bytes.Repeat([]byte(" "), 2<<20)}
	strange := []any{nil, -1, 1e300, "x", "", true, []any{}, map[string]any{}, []any{map[string]any{"type": 99, "custom_id": "text", "value": 7}}}
	for i, r := range w.fake.Delivered() {
		for _, field := range []string{"data", "type", "member", "channel", "channel_id", "guild_id", "message", "token", "id", "locale",
			"data.custom_id", "data.components", "data.values", "data.options", "data.resolved", "data.component_type", "data.name", "data.type"} {
			for j, value := range strange {
				var body map[string]any
				if err := json.Unmarshal(r.Payload, &body); err != nil {
					w.Fatal(err)
				}
				body["id"] = fmt.Sprint(1_000_000_000_000_000_000 + 1000*i + j)
				at, last, deep := body, field, false
				if _, last, deep = strings.Cut(field, "."); deep {
					at, _ = body["data"].(map[string]any)
				} else {
					last = field
				}
				if at == nil || at[last] == nil {
					continue
				}
				// What is done once more is told by its own id, or by the form's: here it is changed.
				if field == "locale" || field == "channel" || field == "message" || field == "token" || field == "channel_id" || field == "guild_id" {
					body["type"] = 99
				}
				at[last] = value
				raw, err := json.Marshal(body)
				if err != nil {
					w.Fatal(err)
				}
				out[fmt.Sprintf("%d, %s, %d", i, field, j)] = raw
			}
		}
	}
	return out
}

// TestDiscordLongTexts says and asks for as much as goes: what Discord does not show is in a file, whole.
func TestDiscordLongTexts(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		f := ana.starts("general", "/ticket "+strings.Repeat("s", 150), "type", "incident", "category", "software", "application", "mail")
		long := strings.Repeat("All of *it* is _very_ long.\n", 140) + "The end."
		ana.reads(ana.fills(f, "message", long, "description", long, "part", "calendar"), "HD-00001")
		mine := ana.sees(direct, "", "HD-00001")
		card := carla.sees("ict-triage", "", "HD-00001", "is _very_ long.")
		carla.sees("ict-triage", card.ID, "Ana Silva: All of *it*", "…\nfile ") // what the card has no room for
		carla.fills(carla.clicks(card, "Reply").Form, "text", long)
		for _, at := range []struct {
			p                   person
			channel, root, head string
		}{{ana, direct, mine.ID, "Carla Jansen: "}, {carla, "ict-triage", card.ID, "Reply to the requester*\n"}} {
			m := at.p.sees(at.channel, at.root, at.head+"All of *it* is *very* long.", "…\nfile ")
			if got := at.p.downloads(m, m.Files[len(m.Files)-1]); !strings.Contains(got, "The end.") {
				t.Errorf("%s reads %d bytes, ending in %q", at.p.id, len(got), got[max(0, len(got)-20):])
			}
		}
		// What is typed has 2 000 characters at most. With who said it that is too much again.
		ana.says(direct, mine.ID, strings.Repeat("é", 1999)+".")
		m := carla.sees("ict-triage", card.ID, "Ana Silva: éé", "…\nfile ")
		if got := carla.downloads(m, m.Files[0]); got != strings.Repeat("é", 1999)+".\n" {
			t.Errorf("Carla reads %d bytes", len(got))
		}
	})
}

// TestDiscordAnswerTooLate has Discord wait for no answer any more when the program gives it: what was to be done is done,
// once, and nobody reads of an error.
func TestDiscordAnswerTooLate(t *testing.T) {
	for _, by := range discordTransports {
		t.Run(string(by), func(t *testing.T) {
			var late atomic.Bool
			var fake *discordfake.Server
			o := discordfake.Options{Watch: func(discordfake.Request) func() {
				if late.Load() {
					fake.Advance(16 * time.Minute)
				}
				return nil
			}}
			w := onDiscordBy(t, by, o, func(n *discordNetwork) { fake = n.fake })
			ana, carla := w.as("ana"), w.as("carla")
			key, card := ana.opens("The lock is jammed")
			reply := carla.clicks(card, "Reply").Form
			late.Store(true)
			if a := carla.works(carla.trySend(reply, reply.with("text", "Which key?"))); a.Refused == "" {
				t.Errorf("Carla reads %+v", a)
			}
			if a := carla.works(carla.net.command(w.Context(), "carla", "general", "", "/ticket queue")); a.Refused == "" {
				t.Errorf("Carla reads %+v", a)
			}
			late.Store(false)
			ana.sees(direct, w.mine(ana, key).ID, "Which key?")
			carla.sees("ict-triage", card.ID, "Which key?")
			carla.fills(reply, "text", "Which key?")
			w.settled()
			w.once(ana, direct, w.mine(ana, key).ID, "Which key?")
			w.fake.Problems() // that answers over HTTP were refused
		})
	}
}
