package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/internal/app"
)

// TestMattermostPeopleChange renames the requester, sees an agent off, and lets somebody new into the team's channel.
func TestMattermostPeopleChange(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		w.adjust = func(o *app.Options) { o.Pace.Roster = 100 * time.Millisecond }
		w.restart()
		ana, bram, carla, david := w.as("ana"), w.as("bram"), w.as("carla"), w.as("david")
		key, card := ana.opens("The roof leaks")
		mine := w.mine(ana, key)
		bram.clicks(card, "Claim")
		ana.sees(direct, mine.ID, "Bram de Wit took this ticket")

		// Ana marries: what she says from now on, she says by her new name.
		renamed := "Ferreira"
		w.has(func(ctx context.Context, c *model.Client4) error {
			_, _, err := c.PatchUser(ctx, w.town.UserID("ana"), &model.UserPatch{LastName: &renamed})
			return err
		})
		w.eventually(func() error { // until the server has told the bot
			ana.types("general", "/ticket mine")
			_, err := carla.reading(carla.types("general", "/ticket show "+key), "by Ana Ferreira")
			return err
		})
		ana.says(direct, mine.ID, "It drips on my desk")
		w.notifies(carla.sees("ict-triage", card.ID, "Ana Ferreira: It drips on my desk"), "bram")

		// Bram leaves the company, and David joins the team: who they are is asked at the roster's pace.
		active := func(on bool) {
			w.has(func(ctx context.Context, c *model.Client4) error {
				_, err := c.UpdateUserActive(ctx, w.town.UserID("bram"), on)
				return err
			})
		}
		active(false)
		if a := david.types("general", "/ticket wachtrij"); len(a.titles()) > 0 {
			t.Errorf("David was an agent before: %+v", a.Private)
		}
		w.has(func(ctx context.Context, c *model.Client4) error {
			_, _, err := c.AddChannelMember(ctx, w.town.ChannelID("ict-triage"), w.town.UserID("david"))
			return err
		})
		w.eventually(func() error {
			_, err := david.reading(david.types("general", "/ticket wachtrij"), key)
			return err
		})
		david.fills(david.clicks(card, "Reply").Form, "text", "Ik kom eraan")
		ana.sees(direct, mine.ID, "David Bakker: Ik kom eraan")
		carla.sees("ict-triage", card.ID, "Ik kom eraan")
		assign := carla.clicks(card, "More …", "Assign").Form
		carla.fills(assign, "assignee", "david")
		ana.sees(direct, mine.ID, "assigned this ticket to David Bakker")
		w.notifies(carla.sees("ict-triage", card.ID, "assigned this ticket to David Bakker"), "david")
		assign = carla.clicks(card, "More …", "Assign").Form
		a := carla.works(carla.trySend(assign, assign.with("assignee", "bram")))
		if !strings.Contains(a.Errors["assignee"], "Bram de Wit does not handle") {
			t.Errorf("a ticket for somebody who left: %+v", a)
		}
		ana.says(direct, mine.ID, "Thanks")
		w.notifies(carla.sees("ict-triage", card.ID, "Ana Ferreira: Thanks"), "david")
		carla.watches(card, "by Ana Ferreira", "Assignee: David Bakker")
		active(true) // so that he can be looked over the shoulder
	})
}
