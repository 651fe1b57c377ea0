package e2e

import (
	"slices"
	"strings"
	"testing"
)

// offers is what somebody is offered while they type an option of /ticket.
func (w *discordWorld) offers(p person, channel, word, option, typed string) (names, values []string) {
	w.Helper()
	choices, told, err := w.user(p).Complete(w.Context(), w.channel(p.id, channel), "ticket", word, option, typed, nil)
	if err != nil || told.Refused != "" {
		w.Fatalf("%s types %q: %v %s", p.id, typed, err, told.Refused)
	}
	for _, c := range choices {
		names, values = append(names, c.Name), append(values, c.Value)
	}
	return names, values
}

// TestDiscordComplete types categories and tickets: categories are found by their names in the person's language, and of
// tickets those are offered that the person may see.
func TestDiscordComplete(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, bram, carla, david, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("david"), w.as("eva")
		first, card := ana.opens("The roof leaks")
		second, _ := eva.opens("The lift is stuck")
		carla.fills(carla.clicks(card, "More …", "Add follower").Form, "person", "david")
		ana.sees(direct, w.mine(ana, first).ID, "added David Bakker as a follower")
		his := david.sees(direct, "", "Je volgt", first)
		david.sees(direct, his.ID, "Er is nog niets gezegd")

		for _, c := range []struct {
			p     person
			in    string
			typed string
			keys  []string
		}{
			{ana, "general", "", []string{first}},
			{ana, direct, "", []string{first}},
			{ana, "general", "roof", []string{first}},
			{ana, "general", "lift", nil},
			{ana, "general", second, nil},
			{eva, "general", "", []string{second}},
			{eva, "general", strings.ToLower(second), []string{second}},
			{eva, "general", first, nil},
			{david, "general", "roof", []string{first}},
			{david, "general", "lift", nil},
			{bram, "general", "", []string{first, second}},
			{carla, "ict-triage", "lift", []string{second}},
		} {
			names, keys := w.offers(c.p, c.in, "show", "ticket", c.typed)
			if slices.Sort(keys); !slices.Equal(keys, c.keys) {
				t.Errorf("%s types %q in %s and is offered %q, not %q", c.p.id, c.typed, c.in, keys, c.keys)
			}
			for _, name := range names {
				if !strings.Contains(name, " · The ") {
					t.Errorf("%s is offered %q", c.p.id, name)
				}
			}
		}
		// What is offered is what the command takes.
		_, keys := w.offers(eva, "general", "show", "ticket", "lif")
		if len(keys) != 1 {
			t.Fatalf("Eva is offered %q", keys)
		}
		told := w.told(w.user(eva).Command(w.Context(), w.channel("eva", "general"), "ticket", "show",
			map[string]string{"ticket": keys[0]}))
		w.says(told, "The lift is stuck")

		names, all := w.offers(ana, "general", "new", "category", "")
		if !slices.Contains(all, "hardware") || !slices.Contains(all, "other") || !slices.Contains(names, "Hardware") {
			t.Errorf("Ana is offered the categories %q: %q", names, all)
		}
		if _, found := w.offers(ana, "general", "new", "category", "har"); !slices.Equal(found, []string{"hardware"}) {
			t.Errorf("for har, Ana is offered %q", found)
		}
		if names, found := w.offers(bram, "general", "new", "category", "net"); len(found) != 1 || names[0] != "Netwerk en wifi" {
			t.Errorf("for net, Bram is offered %q", names)
		}
		// The category that was chosen so is not asked for again.
		told = w.told(w.user(ana).Command(w.Context(), w.channel("ana", "general"), "ticket", "new",
			map[string]string{"summary": "My mouse squeaks", "category": "hardware"}))
		var asked []string
		for told.Form == nil && len(asked) < 5 {
			for _, m := range everythingTold(told) {
				for _, menu := range m.Menus() {
					asked = append(asked, w.discord.asks(menu))
					a, err := w.user(ana).Choose(w.Context(), m, menu.CustomID, menu.Options[0].Value)
					told = w.told(a, err)
				}
			}
		}
		if page := told.Form; !slices.Equal(asked, []string{"type", "device"}) || page == nil || page.Field("problem") == nil {
			t.Errorf("after the category Ana is asked %q, and then %+v", asked, page)
		}
	})
}

// TestDiscordTicketReaction puts a ticket on somebody's message, in a channel and in a thread of people's own: who did it is
// offered a form with what the message says, nobody else is, and it becomes a ticket once.
func TestDiscordTicketReaction(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla, eva := w.as("ana"), w.as("carla"), w.as("eva")
		said := eva.says("general", "", "The fridge leaks\nsince this morning")
		ana.must(w.net.react(w.Context(), "ana", said, "eyes")) // means nothing
		ana.must(w.net.react(w.Context(), "ana", said, "ticket"))
		offer := ana.sees(direct, "", "Shall I make a ticket of this?")
		f := ana.clicks(offer, "New ticket").Form
		if got := w.field(f, "description").Value; len(got) == 0 || got[0] != "The fridge leaks\nsince this morning" {
			t.Errorf("the description starts as %q", got)
		}
		ana.fills(f, "type", "question", "category", "other")
		ana.sees(direct, "", "Your ticket is", "HD-00001")
		ana.sees(direct, "", "Here you follow", "HD-00001")
		carla.sees("ict-triage", "", "HD-00001 · The fridge leaks", "by Ana Silva")
		if all := eva.lists(direct, ""); len(all) > 0 {
			t.Errorf("Eva is told %+v", all)
		}
		w.settled()
	})
}
