package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/app"
	"balie/internal/ticket"
)

// TestDiscordAnotherChannel deletes the team's channel while people ask: an admin is told, and what was to be posted waits. Once
// the policy names another channel everything goes on there, about the tickets from before too.
func TestDiscordAnotherChannel(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, _ := ana.opens("The door is stuck")
		mine := w.mine(ana, key)
		w.settled()
		w.fake.DeleteChannel(w.channel("", "ict-triage"))
		ana.says(direct, mine.ID, "It is cold here")
		second := ana.ticket("The window, too")
		other := ana.sees(direct, "", "Here you follow", second)
		w.warns("posts wait for an admin", "name another one in the policy")

		w.discord.guild.AddChannel(discordfake.Channel{Name: "front-desk", Private: true, Members: []string{"bram", "carla"}})
		w.discord.channels = func(team *ticket.Team) {
			team.Triage = []ticket.Channel{{Platform: "discord", ID: w.discord.guild.ChannelID("front-desk")}}
		}
		w.restart()
		w.eventually(func() error {
			queue := carla.types("general", "/ticket queue")
			if _, err := carla.reading(queue, key); err != nil {
				return err
			}
			_, err := carla.reading(queue, second)
			return err
		})
		w.settled()
		moved := carla.sees("front-desk", "", key, "The door is stuck")
		carla.sees("front-desk", moved.ID, "Ana Silva: It is cold here")
		ana.says(direct, mine.ID, "And it rains")
		carla.sees("front-desk", moved.ID, "Ana Silva: And it rains")
		carla.clicks(moved, "Claim")
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
		carla.watches(moved, "Assignee: Carla Jansen")
		late := carla.sees("front-desk", "", second, "The window, too")
		carla.fills(carla.clicks(late, "Reply").Form, "text", "Which window?")
		ana.sees(direct, other.ID, "Carla Jansen: Which window?")
		carla.sees("front-desk", late.ID, "Which window?")
		w.settled()

		third := ana.ticket("And the lock")
		ana.sees(direct, "", "Here you follow", third)
		card := carla.sees("front-desk", "", third, "And the lock")
		ana.says(direct, w.mine(ana, third).ID, "It is new")
		carla.sees("front-desk", card.ID, "Ana Silva: It is new")
		w.settled()
	})
}

// TestDiscordClosedWithoutManageThreads closes a ticket where the bot may not put threads away: the ticket is closed all the
// same, admins read once what is missing, and with the next change after it was given the thread is put away.
func TestDiscordClosedWithoutManageThreads(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		put := func(th discordfake.Thread) bool { return th.Archived && th.Locked }
		w.fake.Deny(w.channel("", "ict-triage"), discordfake.ManageThreads)
		closes := func(summary string) (card, mine message) {
			t.Helper()
			key, card := ana.opens(summary)
			mine = w.mine(ana, key)
			ana.says(direct, mine.ID, "Please")
			carla.sees("ict-triage", card.ID, "Please") // so that there is a thread
			ana.fills(ana.clicks(mine, "Close").Form)
			ana.sees(direct, mine.ID, "Ana Silva closed this ticket")
			carla.sees("ict-triage", card.ID, "Ana Silva closed this ticket")
			carla.watches(card, "Status: Closed")
			w.settled()
			if th := w.thread(card.ID); put(th) {
				t.Errorf("the thread was put away without the permission: %+v", th)
			}
			return card, mine
		}
		card, mine := closes("The door is stuck")
		other, _ := closes("The window, too")
		w.warnedOnce("can't be kept up to date")
		w.warnedOnce("Manage Threads", "ict-triage")

		w.fake.Allow(w.channel("", "ict-triage"), discordfake.ManageThreads)
		carla.clicks(card, "Reopen")
		ana.sees(direct, mine.ID, "Carla Jansen reopened this ticket")
		carla.sees("ict-triage", card.ID, "Carla Jansen reopened this ticket")
		ana.fills(ana.clicks(mine, "Close").Form)
		ana.sees(direct, mine.ID, "Ana Silva closed this ticket")
		carla.sees("ict-triage", card.ID, "Ana Silva closed this ticket")
		w.becomes(card.ID, "put away", put)
		w.settled()
		if th := w.thread(other.ID); put(th) {
			t.Errorf("nothing has happened to the other ticket, and its thread is %+v", th)
		}
		w.warnedOnce("can't be kept up to date")
	})
}

// TestDiscordOldCards has more cards change that are older than an hour than Discord lets the bot edit in an hour, which it
// says with or without a time to wait: the bot does not try them all the time, other channels go on, and all cards are right
// in the end.
func TestDiscordOldCards(t *testing.T) {
	const edit = "PATCH /channels/{}/messages/{}"
	for name, how := range map[string]*discordfake.Fault{
		"with a time": nil,
		"without a time": {Status: http.StatusTooManyRequests, Body: `{"message": "Maximum number of edits to messages older ` +
			`than 1 hour reached. Try again later", "code": 30046}`},
	} {
		for _, by := range discordTransports {
			t.Run(name+"/"+string(by), func(t *testing.T) {
				t.Parallel()
				w := onDiscordBy(t, by, discordfake.Options{}, nil)
				w.paced(func(o *app.Options) { o.Pace.Lease = 1000 * time.Hour }) // however fast time passes here
				ana, carla := w.as("ana"), w.as("carla")
				var cards []message
				const many = 8
				for i := range many {
					_, card := ana.opens(fmt.Sprintf("Old ticket %d.", i))
					cards = append(cards, card)
				}
				w.settled()
				w.fake.Advance(2 * time.Hour)
				w.clock.forward(2 * time.Hour)
				if how != nil {
					w.fake.FailNext(edit, -1, *how)
				}
				before := w.fake.Calls(edit)
				for i, card := range cards {
					carla.reads(carla.clicks(card, "Claim"), "is yours")
					ana.sees(direct, w.mine(ana, fmt.Sprintf("HD-%05d", i+1)).ID, "Carla Jansen took this ticket")
				}
				for range 240 { // four minutes, of which each is far more than one look of the program's
					w.clock.forward(time.Second)
					time.Sleep(5 * time.Millisecond)
				}
				// All cards and conversations were tried at the beginning, perhaps at once, and none again so soon.
				if tried, most := w.fake.Calls(edit)-before, 2*2*many; tried > most {
					t.Errorf("within minutes it was tried %d times to edit, more than %d", tried, most)
				}
				w.fake.FailNext(edit, 0, discordfake.Fault{})
				w.eventually(func() error { // hour after hour, as many as Discord takes in one
					w.fake.Advance(5 * time.Minute)
					w.clock.forward(5 * time.Minute)
					return w.delivered()
				})
				for i, card := range cards {
					carla.watches(card, "Assignee: Carla Jansen", "Status: In progress")
					ana.watches(w.mine(ana, fmt.Sprintf("HD-%05d", i+1)), "In progress")
				}
				w.settled()
			})
		}
	}
}
